"""By which version of a region's policy persons are told: the newest whose day has come."""

import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta

import asyncpg

from services.notify import app
from services.notify.actions import delivering, reading
from services.notify.actions.reading import InboxAsk
from services.notify.store.announcing import read_versions
from services.notify.store.reading import rules_by_region
from services.notify.templates import Language
from shared.clock import SHANGHAI
from shared.contracts.policies import PolicyPublished
from shared.postgres import migrate
from tests.support.intake import a_policy
from tests.support.notify_desk import PANZHIHUA
from tests.support.notify_events import a_recipient, a_request, a_submission

FIRST_DAY = date(2030, 1, 1)
BEFORE = datetime(2029, 12, 31, 23, 59, tzinfo=SHANGHAI)
AFTER = datetime(2030, 1, 1, 0, 0, tzinfo=SHANGHAI)
LEASE = timedelta(hours=1)
ANNOUNCED = replace(
    PANZHIHUA,
    version=2,
    signature="攀枝花新署名",
    neutral=True,
    material_names={"test_report": "化验单"},
    effective_from=FIRST_DAY,
)
MAKE_DUE = "UPDATE messages SET due_at = $2, useful_until = $3 WHERE application_id = $1"
SILENT = replace(ANNOUNCED, ways={"application-submitted": ["in_app"]})


async def in_force(desk, now):
    return (await rules_by_region(desk.database, ["panzhihua"], now))["panzhihua"]


async def a_text_at(desk, now):
    """A submission of that minute, and the text that goes out for it."""
    recipient = a_recipient()
    await desk.learn(recipient)
    await desk.hear(a_submission(recipient))
    await desk.database.execute(MAKE_DUE, recipient.application_id, now, now + timedelta(days=1))
    return [claim.text for claim in await delivering.claim_texts(desk.vault, now, 10, LEASE)]


async def test_a_text_is_signed_and_worded_by_the_announced_version_from_its_day_on(desk):
    await desk.know(ANNOUNCED)
    (before,) = await a_text_at(desk, BEFORE)
    assert before.startswith("【攀枝花医保】")
    assert "门诊慢特病" in before
    (after,) = await a_text_at(desk, AFTER)
    assert after.startswith("【攀枝花新署名】")
    assert "门诊慢特病" not in after


async def test_a_way_is_switched_off_from_the_day_of_the_version_on(desk):
    await desk.know(SILENT)
    assert len(await a_text_at(desk, BEFORE)) == 1
    assert await a_text_at(desk, AFTER) == []
    assert await desk.texts("state", "reason") == [("sending", None), ("suppressed", "switched_off")]


async def test_the_inbox_names_papers_by_the_version_of_the_day(desk):
    await desk.know(ANNOUNCED)
    recipient = a_recipient()
    await desk.learn(recipient)
    await desk.hear(a_submission(recipient), a_request(recipient, "近六个月内的。"))
    await delivering.show_inbox_messages(desk.database, app.now(), 10)
    ask = InboxAsk(recipient.person_id, Language.ZH, None, 10)
    shown = {}
    for now in (BEFORE, AFTER):
        page = await reading.read_inbox(desk.vault, ask, now)
        (shown[now],) = [m.text.body for m in page.messages if m.row.template == "material_requested"]
    assert "检查报告" in shown[BEFORE]
    assert "化验单" not in shown[BEFORE]
    assert "化验单" in shown[AFTER]


async def test_a_policy_that_is_published_is_kept_with_its_day(desk):
    for version, day in ((3, "2030-01-01"), (2, "2026-01-01")):
        document = a_policy(region="panzhihua", version=version, effective_from=day)
        await desk.hear(
            PolicyPublished(
                region="panzhihua",
                policy_version=version,
                content_hash="a" * 64,
                document=document,
                occurred_at=app.now(),
            )
        )
    assert [(await in_force(desk, now)).version for now in (BEFORE, AFTER)] == [2, 3]
    assert await read_versions(desk.database) == {"panzhihua": 3}


async def test_an_older_version_that_comes_into_force_later_does_not_displace_a_newer_one(desk):
    await desk.know(replace(ANNOUNCED, version=3, effective_from=date(2029, 1, 1)))
    await desk.know(ANNOUNCED)
    assert (await in_force(desk, AFTER)).version == 3


async def test_where_only_versions_to_come_are_here_the_first_of_them_counts(desk):
    await desk.database.execute("TRUNCATE regions")
    await desk.know(replace(ANNOUNCED, version=3, effective_from=date(2031, 1, 1)))
    await desk.know(ANNOUNCED)
    assert (await in_force(desk, BEFORE)).version == 2


async def test_what_was_kept_before_days_were_goes_on(servers, tmp_path):
    url = await servers.fresh_database("notify")
    shared, own = app.MIGRATIONS
    older = tmp_path / "notify" / "migrations"
    older.mkdir(parents=True)
    shutil.copy(own / "0001_messages.sql", older)
    await migrate(url, (shared, older))
    connection = await asyncpg.connect(url)
    await connection.execute(
        "INSERT INTO regions (region, version, signature, division, neutral, ways, material_names)"
        " VALUES ('panzhihua', 4, '攀枝花医保', '510400', false, '{}', '{}')"
    )
    assert "0002_effective_days" in await migrate(url, app.MIGRATIONS)
    (row,) = await connection.fetch("SELECT version, signature, effective_from FROM regions")
    assert tuple(row) == (4, "攀枝花医保", date.min)
    await connection.close()
