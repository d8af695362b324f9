"""Review when the days change: whose clock is corrected, what is stated of it, and what staff are told."""

from datetime import date

import httpx
from prometheus_client import REGISTRY

from services.catalog.domain.publishing import state
from services.review import actions, domain, store
from services.review.actions import CatalogWatch, Follower, Shelf
from services.review.store import cases
from shared.contracts.calendars import CalendarDocument, CalendarYear, HolidaySpan
from shared.contracts.cases import DueDateCorrected
from shared.contracts.deadlines import Follows, InFlightRule, PolicyPart
from shared.contracts.policies import PolicyPublished
from shared.contracts.sourced import Grade, Sourced
from tests.support.review_desk import PUBLISHED, in_shangrao
from tests.support.samples import NOON, an_application_submitted

MOVED = HolidaySpan(name="调休", first=date(2026, 9, 21), last=date(2026, 9, 25))
FAIR = CalendarYear(year=2026, source="made up for tests", days_off=(MOVED,))
TRACE = "SELECT * FROM due_corrections ORDER BY id"


def a_calendar(year: int, version: int, *spans: HolidaySpan) -> CalendarDocument:
    """The published calendar of a year with other days off."""
    known = [e.document for e in PUBLISHED if e.key == str(year)]
    before = known[0].days_off if known else ()
    return CalendarDocument(
        year=year,
        version=version,
        source="made up for tests",
        grade=Grade.UNVERIFIED,
        announced_on=NOON.date(),
        days_off=(*before, *spans),
        make_up_working_days=known[0].make_up_working_days if known else (),
    )


async def publish(desk, *calendars: CalendarDocument) -> None:
    async with desk.database.transaction() as tx:
        await actions.keep_calendars(tx, [state(one, NOON) for one in calendars], desk.now)


async def publish_policy(desk, region: str = "panzhihua", **changes) -> None:
    """A second version of a region's policy that follows the newest calendar unless it says otherwise."""
    (before,) = [e for e in PUBLISHED if isinstance(e, PolicyPublished) and e.region == region]
    document = before.document.model_copy(
        update={"version": 2, "in_flight": follow(PolicyPart.CALENDAR), **changes}
    )
    async with desk.database.transaction() as tx:
        await actions.keep_policies(tx, [state(document, NOON)], desk.now)


def follow(*parts: PolicyPart) -> tuple[InFlightRule, ...]:
    newest = Sourced(v=Follows.NEWEST, src="made up for tests", grade=Grade.UNVERIFIED)
    return tuple(InFlightRule(part=part, follows=newest) for part in parts)


async def corrections(desk, case) -> list[DueDateCorrected]:
    events = await store.read_events(desk.database, case)
    saved = await desk.database.fetchrow("SELECT state, due_on FROM cases WHERE application_id = $1", case)
    assert cases.STATE.validate_python(saved["state"]) == domain.fold(events)
    assert saved["due_on"] == domain.fold(events).due_on
    return [event for event in events if isinstance(event, DueDateCorrected)]


async def test_a_holiday_that_moves_within_the_year_corrects_acceptance_and_decision(desk):
    waiting = await desk.receive(an_application_submitted())
    accepted = await desk.receive(in_shangrao(acceptance_no="S2"))
    await desk.done("srg-officer-1", accepted, "accept")
    await publish(desk, a_calendar(2026, 2, MOVED))
    for case in (waiting, accepted):
        (event,) = await corrections(desk, case)
        assert (event.calendar_year, event.calendar_version, event.policy_version) == (2026, 2, None)
        assert event.due_before < event.due_on
        shown = (
            await desk.get("srg-first-1" if case == accepted else "pzh-first-1", f"/cases/{case}")
        ).json()
        assert shown["deadline"]["due_on"] == event.due_on.isoformat()
        assert (await desk.stated(case))[-1][1] == "due-date-corrected"
    rows = await desk.database.fetch(TRACE)
    assert [(r["calendar_year"], r["calendar_version"], r["due_provisional"]) for r in rows] == [
        (2026, 2, False)
    ] * 2


async def test_the_same_calendar_again_and_an_older_one_state_nothing(desk):
    case = await desk.receive(an_application_submitted())
    await publish(desk, a_calendar(2026, 3, MOVED))
    await publish(desk, a_calendar(2026, 3, MOVED))
    await publish(desk, a_calendar(2026, 2))
    assert len(await corrections(desk, case)) == 1


async def test_a_calendar_of_a_year_that_a_clock_does_not_touch_corrects_nothing(desk):
    case = await desk.receive(an_application_submitted())
    await publish(desk, a_calendar(2027, 1))
    assert await corrections(desk, case) == []


async def test_a_paused_clock_is_not_corrected_and_then_counts_by_the_new_calendar(desk):
    case = await desk.receive(an_application_submitted())
    await desk.done("pzh-officer-1", case, "accept")
    asked = {"items": [{"kind": "test_report", "detail": "请补充近六个月内的检查报告。"}]}
    await desk.done("pzh-first-1", case, "material-requests", asked)
    told = (await desk.get("pzh-first-1", f"/cases/{case}")).json()["asked"]["answer_due_on"]
    await publish(desk, a_calendar(2026, 2, MOVED))
    assert await corrections(desk, case) == []
    assert (await desk.get("pzh-first-1", f"/cases/{case}")).json()["asked"]["answer_due_on"] == told
    await desk.supply(case)
    resumed = (await store.read_events(desk.database, case))[-1]
    book = await Shelf().rulebook(desk.database)
    row = await store.read_case(desk.database, case)
    rules = book.pinned("panzhihua", 1)
    assert resumed.due_on == domain.due_of(row.case, book.calendar(rules)).on
    assert "made up for tests" in book.calendar(rules).years[2026]


async def test_an_ended_case_is_not_corrected(desk):
    case = await desk.at_final()
    await desk.done("pzh-final-1", case, "decision", {"outcome": "approved", "opinion": "符合认定标准。"})
    await publish(desk, a_calendar(2026, 2, MOVED))
    assert await corrections(desk, case) == []


async def test_more_cases_than_one_chunk_are_all_corrected(desk):
    received = [an_application_submitted(None, acceptance_no=f"N{n}") for n in range(5)]
    await desk.receive(*received)
    kept = store.Document("calendar", "2026", 2, a_calendar(2026, 2, MOVED))
    async with desk.database.transaction() as tx:
        await store.keep_documents(tx, [kept], desk.now)
        book = await Shelf().rulebook(tx)
        await actions.correcting.correct_for_calendar(tx, book, 2026, desk.now, chunk=2)
    assert await desk.database.fetchval("SELECT count(DISTINCT application_id) FROM due_corrections") == 5


async def test_a_regions_own_days_correct_its_open_cases_once_the_version_is_in_force(desk):
    here = await desk.receive(an_application_submitted())
    there = await desk.receive(in_shangrao(acceptance_no="S2"))
    await publish_policy(desk, calendar_additions=(FAIR,), effective_from=date(2026, 9, 19))
    follower = Follower(desk.desk)
    await follower.follow(desk.now)
    assert await corrections(desk, here) == []
    desk.later(days=1)
    await follower.follow(desk.now)
    await Follower(desk.desk).follow(desk.now)
    (event,) = await corrections(desk, here)
    assert (event.policy_version, event.calendar_year, event.calendar_version) == (2, None, None)
    assert await corrections(desk, there) == []
    assert [row["policy_version"] for row in await desk.database.fetch(TRACE)] == [2]


async def test_a_regions_own_days_move_nothing_where_the_calendar_is_pinned(desk):
    case = await desk.receive(an_application_submitted())
    await publish_policy(desk, calendar_additions=(FAIR,), in_flight=())
    await Follower(desk.desk).follow(desk.now)
    assert await corrections(desk, case) == []


async def crossed(desk, *before_it_opens: Follower):
    """A case that was opened by the calendar of before while a new one was kept."""
    book = await Shelf().rulebook(desk.database)
    await publish(desk, a_calendar(2026, 2, MOVED))
    for follower in before_it_opens:
        await follower.follow(desk.now)
    application = an_application_submitted()
    async with desk.database.transaction() as tx:
        await actions.open_cases(tx, [application], book, desk.now)
    return application.application_id


async def test_a_case_whose_opening_crossed_the_calendar_is_corrected_by_the_next_look(desk):
    follower = Follower(desk.desk)
    await follower.follow(desk.now)
    case = await crossed(desk)
    await follower.follow(desk.now)
    (event,) = await corrections(desk, case)
    assert (event.calendar_year, event.calendar_version) == (2026, 2)


async def test_a_case_whose_opening_ended_after_the_look_is_corrected_by_the_one_after(desk):
    follower = Follower(desk.desk)
    case = await crossed(desk, follower)
    await follower.follow(desk.now)
    assert len(await corrections(desk, case)) == 1


async def test_a_case_that_crossed_the_calendar_is_corrected_by_a_process_that_began_later(desk):
    case = await crossed(desk)
    desk.later(hours=3)
    follower = Follower(desk.desk)
    await follower.follow(desk.now)
    await follower.follow(desk.now)
    await Follower(desk.desk).follow(desk.now)
    assert len(await corrections(desk, case)) == 1


async def test_a_beginning_process_looks_only_at_cases_of_the_time_when_a_calendar_came(desk):
    case = await crossed(desk)
    desk.later(hours=3)
    await desk.receive(an_application_submitted(acceptance_no="N2"))
    around = NOON - actions.correcting.CROSSING, NOON + actions.correcting.CROSSING
    async with desk.database.transaction() as tx:
        assert await store.find_stated(tx, date(2026, 1, 1), *around) == [case]


async def test_an_act_under_a_part_that_follows_names_the_newer_version(desk):
    case = await desk.receive(an_application_submitted())
    (before,) = [e for e in PUBLISHED if isinstance(e, PolicyPublished) and e.region == "panzhihua"]
    limits = before.document.deadlines
    shorter = limits.sla_working_days.model_copy(update={"v": 7})
    await publish_policy(
        desk,
        deadlines=limits.model_copy(update={"sla_working_days": shorter}),
        in_flight=follow(PolicyPart.DEADLINES),
    )
    await desk.done("pzh-officer-1", case, "accept")
    accepted = (await store.read_events(desk.database, case))[-1]
    assert (accepted.policy_version, accepted.budget_working_days) == (1, 7)
    assert (accepted.newer.policy_version, accepted.newer.parts) == (2, (PolicyPart.DEADLINES,))


async def test_staff_are_told_of_a_missing_year_from_october_until_it_comes(desk):
    assert (await desk.get("pzh-first-1", "/notices")).json() == {"notices": []}
    desk.now = NOON.replace(month=12, day=24)
    await desk.receive(an_application_submitted(occurred_at=desk.now))
    (notice,) = (await desk.get("pzh-supervisor-1", "/notices")).json()["notices"]
    assert (notice["code"], notice["year"], notice["since"]) == ("calendar-year-missing", 2027, "2026-10-01")
    await desk.done("pzh-officer-1", (await queue(desk))[0], "accept")
    (notice,) = (await desk.get("pzh-first-1", "/notices")).json()["notices"]
    assert notice["provisional_cases"] == 1
    assert "2027" in notice["text"]
    assert "2027年" in notice["text_zh"]
    assert (await desk.get("pzh-auditor-1", "/notices")).status_code == httpx.codes.FORBIDDEN
    await publish(desk, a_calendar(2027, 1))
    assert (await desk.get("pzh-first-1", "/notices")).json() == {"notices": []}


async def queue(desk) -> list:
    return [case["application_id"] for case in (await desk.get("pzh-officer-1", "/queue")).json()["cases"]]


async def test_a_missing_year_is_measured_always_and_warned_of_once_a_day(desk, capsys):
    watch = CatalogWatch(desk.desk)
    desk.now = NOON.replace(month=10, day=8)
    for _ in range(3):
        await watch.look(desk.now)
    assert capsys.readouterr().out.count("calendar-year-missing") == 1
    desk.later(days=1)
    await watch.look(desk.now)
    assert capsys.readouterr().out.count("calendar-year-missing") == 1
    assert REGISTRY.get_sample_value("review_calendar_years_missing") == 1
    assert REGISTRY.get_sample_value("mente_policy_version", {"region": "panzhihua"}) == 1
    await publish(desk, a_calendar(2027, 1))
    await watch.look(desk.now)
    assert REGISTRY.get_sample_value("review_calendar_years_missing") == 0
