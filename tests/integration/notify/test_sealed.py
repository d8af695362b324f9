"""What is sealed stays sealed: opened only to send and to show, and never again once a person is erased."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from services.notify import app
from services.notify.actions import delivering
from services.notify.actions.delivering import Report
from services.notify.domain.announcing import Template
from services.notify.domain.delivering import Taken
from shared.contracts.base import ERASED
from shared.contracts.persons import PersonErased
from tests.support.notify_desk import QUICK, a_citizen, an_announcement, sending
from tests.support.notify_events import a_recipient, a_rejection, a_request, a_submission

LEASE = timedelta(seconds=30)
ASKED, OPINION, MEANT = "canary-asked 请补交血压记录", "canary-opinion 材料不足", "canary-meant 出院小结过期"

TABLES = """
SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"""


async def everything(database):
    """Every column of every row of every table, bytes as hex."""
    names = [row["name"] for row in await database.fetch(TABLES)]
    assert {"messages", "recipients", "attempts", "receipts", "outbox", "parked"} <= set(names)
    tables = [await database.fetch(f"SELECT t::text AS line FROM {name} t") for name in names]
    return "\n".join(row["line"] for rows in tables for row in rows)


async def claimed(desk, at=None):
    return await delivering.claim_texts(desk.vault, at or app.now(), 10, LEASE)


async def shown(desk):
    await delivering.show_inbox_messages(desk.database, app.now(), 500)


async def erase(desk, recipient):
    await desk.hear(PersonErased(person_id=recipient.person_id, occurred_at=app.now()))


async def inbox(desk, recipient):
    page = (await desk.get(a_citizen(recipient.person_id), "/inbox")).json()
    return {message["template"]: message["text"] for message in page["messages"]}


async def ledger(desk, recipient):
    return (await desk.get("pzh-auditor", "/messages", application_id=recipient.application_id)).json()


async def test_a_text_waits_until_its_key_arrives_and_goes_out_then(desk, gateway):
    waiting, other = a_recipient(), a_recipient()
    await desk.hear(a_submission(waiting))
    await desk.learn(other)
    await desk.hear(a_submission(other))
    async with gateway.provider() as provider, sending(desk, provider):
        await desk.reached("sent", 1)
        await desk.reached("sent", 2, channel="in_app")
        assert await gateway.calls([waiting, other]) == [1]
        assert await desk.texts("state") == [("queued",), ("sent",)]
        await desk.learn(waiting)
        await desk.reached("sent", 2)
    assert await gateway.calls([waiting, other]) == [1, 1]


async def test_texts_that_wait_for_their_keys_leave_room_for_others(desk):
    await desk.hear(*(a_submission(a_recipient()) for _ in range(5)))
    (other,) = await desk.submit()
    claims = await delivering.claim_texts(desk.vault, app.now(), 1, LEASE)
    assert [claim.phone for claim in claims] == [other.phone]


async def test_a_text_whose_key_never_arrives_expires(desk):
    waiting = a_recipient()
    await desk.hear(a_submission(waiting))
    assert await claimed(desk) == []
    assert await claimed(desk, app.now() + timedelta(days=4)) == []
    assert await desk.texts("state", "reason") == [("expired", "too_late")]


async def test_a_number_that_does_not_open_holds_nobody_up(desk):
    broken, other = a_recipient(), a_recipient()
    await desk.submitted(
        {
            replace(broken, sealed=other.sealed): an_announcement(broken.application_id),
            other: an_announcement(other.application_id),
        }
    )
    assert [claim.phone for claim in await claimed(desk)] == [other.phone]
    assert await desk.texts("state") == [("failed",), ("sending",)]


async def test_no_table_holds_a_number_or_what_was_written_about_a_person(desk):
    recipient = a_recipient()
    await desk.learn(recipient)
    events = [a_submission(recipient), a_request(recipient, ASKED), a_rejection(recipient, OPINION, MEANT)]
    await desk.hear(*events)
    for _ in events:
        (claim,) = await claimed(desk)
        assert claim.phone == recipient.phone
        reports = [Report(claim.message_id, claim.attempt, Taken("P-1"), 0.5)]
        await delivering.record_attempts(desk.database, reports, app.now(), QUICK)
        assert (await desk.receipt(claim.message_id)).status_code == 202
    await shown(desk)
    worded = await inbox(desk, recipient)
    assert ASKED in worded["material_requested"]
    assert MEANT in worded["rejected"]
    assert "病历资料超过规定期限" in worded["rejected"]
    kept = await everything(desk.database)
    assert recipient.acceptance_no in kept
    for canary in (recipient.phone, ASKED, OPINION, MEANT, "测试员", "990101199001010012"):
        assert canary not in kept
        assert canary.encode().hex() not in kept


async def test_an_erased_person_is_told_nothing_more_and_their_words_are_gone(desk):
    recipient, other = a_recipient(), a_recipient()
    await desk.learn(recipient, other)
    for one in (recipient, other):
        await desk.hear(a_submission(one), a_request(one, ASKED))
    await shown(desk)
    assert ASKED in (await inbox(desk, recipient))["material_requested"]
    await desk.hear(a_rejection(recipient, OPINION, MEANT))
    await erase(desk, recipient)
    await desk.announce(an_announcement(recipient.application_id, Template.APPROVED))
    await shown(desk)
    assert [claim.phone for claim in await claimed(desk)] == [other.phone]
    page = await ledger(desk, recipient)
    assert page["phone"] == ERASED
    became = {(one["template"], one["channel"]): (one["state"], one["reason"]) for one in page["messages"]}
    settled = ("suppressed", "person-erased")
    assert became == {
        ("submitted", "sms"): settled,
        ("submitted", "in_app"): ("sent", None),
        ("material_requested", "sms"): settled,
        ("material_requested", "in_app"): ("sent", None),
        ("rejected", "sms"): settled,
        ("rejected", "in_app"): settled,
        ("approved", "sms"): settled,
        ("approved", "in_app"): settled,
    }
    worded = await inbox(desk, recipient)
    assert set(worded) == {"submitted", "material_requested"}
    assert worded["material_requested"].endswith(f"1. 检查报告：{ERASED}")
    assert ASKED not in str(page)
    assert ASKED in (await inbox(desk, other))["material_requested"]
    kept = await desk.database.fetchrow(
        "SELECT key_id, sealed FROM recipients WHERE person_id = $1", recipient.person_id
    )
    assert tuple(kept) == (recipient.key.key_id, None)


async def test_a_text_on_its_way_while_its_person_is_erased_is_not_tried_again(desk):
    (recipient,) = await desk.submit()
    (claim,) = await claimed(desk)
    await erase(desk, recipient)
    assert await claimed(desk, app.now() + LEASE) == []
    reports = [Report(claim.message_id, claim.attempt, Taken("P-1"), 0.5)]
    await delivering.record_attempts(desk.database, reports, app.now(), QUICK)
    assert await desk.texts("state", "reason") == [("suppressed", "person-erased")]
    assert (await desk.receipt(claim.message_id)).status_code == 202
    assert await desk.texts("state") == [("delivered",)]


async def test_the_erasure_of_somebody_unknown_changes_nothing(desk):
    (recipient,) = await desk.submit()
    await erase(desk, replace(recipient, person_id=uuid4()))
    assert [claim.phone for claim in await claimed(desk)] == [recipient.phone]


async def test_a_person_who_comes_back_after_the_erasure_is_told_again(desk):
    (gone,) = await desk.submit()
    await erase(desk, gone)
    (back,) = await desk.submit(person_id=gone.person_id)
    assert [claim.phone for claim in await claimed(desk)] == [back.phone]
