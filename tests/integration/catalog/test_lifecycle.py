"""A policy changes without a release: drafted, checked, published by a second person, in force on its day."""

from datetime import UTC, datetime

import pytest

from services.catalog.app import read_documents
from shared.postgres import Database
from tests.support.policy_office import NATIONAL, NOW, PANZHIHUA, SHIPPED, PolicyOffice, an_office, from_day

EDITOR, PUBLISHER = "policy_editor-1", "policy_publisher-1"
LIMIT = "sla_working_days: {v: 15"
WINDOW = "intake_windows: [{id: w, opens: 02-30, closes: 03-31, effective: {unknown: true}}]\n"
TEN_DAYS = from_day(PANZHIHUA, "2026-12-01").replace(LIMIT, "sla_working_days: {v: 10")


async def limit(office: PolicyOffice, **asked: object) -> int:
    found = await office.get("/regions/panzhihua/deadlines", **asked)
    days: int = found["deadlines"]["sla_working_days"]
    return days


async def test_a_draft_is_published_by_a_second_person_and_holds_from_its_day(office: PolicyOffice) -> None:
    (stated,) = await office.publish(TEN_DAYS)
    assert stated == {
        "topic": "catalog.policies",
        "key": "panzhihua",
        "version": 2,
        "effective_from": "2026-12-01",
    }
    assert await limit(office) == 15
    assert await limit(office, at="2026-12-01") == 10
    office.now = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    assert await limit(office) == 10
    assert await limit(office, version=1) == 15


async def test_who_wrote_a_draft_does_not_publish_it(office: PolicyOffice) -> None:
    written = await office.draft(TEN_DAYS, by="policy_publisher-1")
    assert written.status_code == 403
    both = await office.draft(TEN_DAYS, by="policy_editor-1")
    where = f"/drafts/{both.json()['draft_id']}"
    await office.post(EDITOR, f"{where}/check")
    assert (await office.post(EDITOR, f"{where}/publication")).status_code == 403


async def test_an_editor_who_is_a_publisher_too_still_needs_another(database: Database) -> None:
    from services.catalog import actions
    from services.catalog.domain.places import File
    from shared.errors import Refused

    async with an_office(database):
        writing = actions.Writing(File("file.yaml", TEN_DAYS), "a reason", "one-person")
        draft = await actions.write_draft(database, writing, NOW)
        assert (await actions.check_draft(database, draft.draft_id, "one-person", NOW)).passed
        with pytest.raises(Refused, match="four-eyes"):
            await actions.publish_draft(database, draft.draft_id, "one-person", NOW)
        assert await actions.publish_draft(database, draft.draft_id, "another", NOW)


async def test_a_draft_that_was_not_checked_is_not_published(office: PolicyOffice) -> None:
    written = await office.draft(TEN_DAYS)
    answer = await office.post(PUBLISHER, f"/drafts/{written.json()['draft_id']}/publication")
    assert (answer.status_code, answer.json()["code"]) == (409, "draft-unchecked")


async def test_a_draft_whose_base_has_moved_on_is_not_published(office: PolicyOffice) -> None:
    late = (await office.draft(TEN_DAYS.replace("{v: 10", "{v: 12"))).json()
    await office.post(EDITOR, f"/drafts/{late['draft_id']}/check")
    await office.publish(TEN_DAYS)
    answer = await office.post(PUBLISHER, f"/drafts/{late['draft_id']}/publication")
    assert (answer.status_code, answer.json()["code"]) == (409, "draft-outdated")
    assert await limit(office, at="2026-12-01") == 10


async def test_an_edit_of_an_older_version_does_not_undo_a_newer_one(office: PolicyOffice) -> None:
    await office.publish(TEN_DAYS)
    late = TEN_DAYS.replace("0812-3323000", "0812-0000000")
    body = {"name": "late.yaml", "text": late, "note": "a new hotline", "based_on": 1}
    draft = (await office.post(EDITOR, "/drafts", **body)).json()
    await office.post(EDITOR, f"/drafts/{draft['draft_id']}/check")
    answer = await office.post(PUBLISHER, f"/drafts/{draft['draft_id']}/publication")
    assert (answer.status_code, answer.json()["code"]) == (409, "draft-outdated")


async def test_a_withdrawn_draft_goes_no_further(office: PolicyOffice) -> None:
    where = f"/drafts/{(await office.draft(TEN_DAYS)).json()['draft_id']}"
    assert (await office.post(EDITOR, f"{where}/withdrawal")).json()["standing"] == "withdrawn"
    assert (await office.post(EDITOR, f"{where}/check")).json()["code"] == "draft-withdrawn"


async def test_a_published_draft_is_not_published_twice(office: PolicyOffice) -> None:
    where = f"/drafts/{(await office.draft(TEN_DAYS)).json()['draft_id']}"
    await office.post(EDITOR, f"{where}/check")
    assert (await office.post(PUBLISHER, f"{where}/publication")).status_code == 201
    assert (await office.post(PUBLISHER, f"{where}/publication")).json()["code"] == "draft-published"


async def test_a_national_change_reaches_every_region_and_keeps_their_own_values(
    office: PolicyOffice,
) -> None:
    assert "supplement_answer_working_days: {v: 10" in NATIONAL
    text = from_day(NATIONAL, "2027-01-01").replace(
        "supplement_answer_working_days: {v: 10", "supplement_answer_working_days: {v: 12"
    )
    stated = await office.publish(text)
    assert [(one["key"], one["version"]) for one in stated] == [("panzhihua", 2), ("shangrao", 2)]
    found = await office.get("/regions/panzhihua/deadlines", at="2027-01-01", sources="true")
    assert found["deadlines"]["supplement_answer_working_days"]["v"] == 12
    assert found["deadlines"]["sla_working_days"]["v"] == 15
    versions = await office.get("/regions/panzhihua/versions")
    assert [one["layers"][0] for one in versions] == [
        {"layer": "national", "version": 1},
        {"layer": "national", "version": 2},
    ]
    assert "written_by" not in versions[-1]
    badge = {"authorization": f"Bearer {EDITOR}"}
    files = (await office.client.get("/api/catalog/files", headers=badge)).json()
    (newest,) = [one for one in files if (one["key"], one["version"]) == ("national", 2)]
    assert (newest["written_by"], newest["published_by"]) == (EDITOR, PUBLISHER)


async def test_a_change_before_an_announced_one_does_not_swallow_it(office: PolicyOffice) -> None:
    text = from_day(NATIONAL, "2027-01-01").replace(
        "supplement_answer_working_days: {v: 10", "supplement_answer_working_days: {v: 12"
    )
    await office.publish(text)
    stated = await office.publish(TEN_DAYS)
    assert [(one["version"], one["effective_from"]) for one in stated] == [
        (3, "2026-12-01"),
        (4, "2027-01-01"),
    ]
    for day, days, answer_days in (("2026-11-30", 15, 10), ("2026-12-01", 10, 10), ("2027-01-01", 10, 12)):
        found = (await office.get("/regions/panzhihua/deadlines", at=day))["deadlines"]
        assert (found["sla_working_days"], found["supplement_answer_working_days"]) == (days, answer_days)


async def test_versions_say_for_which_days_they_hold(office: PolicyOffice) -> None:
    await office.publish(TEN_DAYS)
    await office.publish(TEN_DAYS.replace("{v: 10", "{v: 12"))
    versions = await office.get("/regions/panzhihua/versions")
    assert [(one["effective_to"], one["never_in_force"]) for one in versions] == [
        ("2026-11-30", False),
        (None, True),
        (None, False),
    ]


async def test_a_change_is_told_value_by_value(office: PolicyOffice) -> None:
    draft = (await office.draft(TEN_DAYS)).json()
    badge = {"authorization": f"Bearer {PUBLISHER}"}
    where = f"/api/catalog/drafts/{draft['draft_id']}/changes"
    (changed,) = (await office.client.get(where, headers=badge)).json()
    assert changed["path"] == "deadlines.sla_working_days"
    assert (changed["before"]["v"], changed["after"]["v"]) == (15, 10)


async def test_published_files_are_kept_as_they_were_written(office: PolicyOffice) -> None:
    await office.publish(TEN_DAYS)
    badge = {"authorization": f"Bearer {EDITOR}"}
    for version, text in ((1, SHIPPED), (2, TEN_DAYS)):
        where = f"/api/catalog/files/region:panzhihua/versions/{version}"
        assert (await office.client.get(where, headers=badge)).text == text
    listed = (await office.client.get("/api/catalog/files", headers=badge)).json()
    ours = [(one["version"], one["standing"]) for one in listed if one["key"] == "region:panzhihua"]
    assert ours == [(1, "effective"), (2, "published")]
    office.now = datetime(2026, 12, 2, tzinfo=UTC)
    listed = (await office.client.get("/api/catalog/files", headers=badge)).json()
    ours = [(one["version"], one["standing"]) for one in listed if one["key"] == "region:panzhihua"]
    assert ours == [(1, "superseded"), (2, "effective")]


async def test_a_calendar_is_published_like_a_policy(office: PolicyOffice) -> None:
    text = """
year: 2027
source: 国务院办公厅关于2027年部分节假日安排的通知（示例）
grade: R
announced_on: "2026-11-20"
days_off:
  - {name: 元旦, first: "2027-01-01", last: "2027-01-03"}
vectors:
  - {accepted: "2026-12-31", working_days: 1, due: "2027-01-04", why: New Year}
"""
    (stated,) = await office.publish(text)
    assert (stated["topic"], stated["key"], stated["version"]) == ("catalog.calendars", "2027", 1)
    found = await office.get("/regions/panzhihua/deadlines")
    assert [calendar["year"] for calendar in found["calendars"]] == [2025, 2026, 2027]


async def test_what_is_shown_alone_says_what_nobody_verified_and_what_others_dispute(
    office: PolicyOffice,
) -> None:
    found = (await office.get("/regions/panzhihua/deadlines"))["deadlines"]
    assert "on_supplement" in found["unverified"]
    assert "sla_working_days" not in found["unverified"]
    assert "sla_working_days" in found["disputed"]


def test_every_unverified_value_is_marked_wherever_it_is_shown_alone() -> None:
    from services.catalog.domain.showing import plain, with_sources

    def unmarked(sourced: object, shown: object, path: str) -> list[str]:
        if isinstance(sourced, list) and isinstance(shown, list):
            pairs = zip(sourced, shown, strict=True)
            return [told for n, (one, two) in enumerate(pairs) for told in unmarked(one, two, f"{path}[{n}]")]
        if not isinstance(sourced, dict) or not isinstance(shown, dict) or "src" in sourced:
            return []
        if "src" in sourced and "grade" in sourced:
            return unmarked(sourced.get("v"), shown, path)
        marks = shown.get("unverified", [])
        here = [
            f"{path}.{name}" for name, value in sourced.items() if is_a_guess(value) and name not in marks
        ]
        below = [told for name in sourced for told in unmarked(sourced[name], shown[name], f"{path}.{name}")]
        return [*here, *below]

    def is_a_guess(value: object) -> bool:
        return isinstance(value, dict) and value.get("grade") == "R" and "src" in value and "v" in value

    for document in read_documents():
        sourced = with_sources(document)
        assert unmarked(sourced, plain(sourced), "") == []
