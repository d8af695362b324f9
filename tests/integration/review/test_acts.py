"""Review on real PostgreSQL: one officer at a time, one decision per case, every act in one transaction."""

import asyncio
from datetime import date

import pytest

from services.catalog.domain.publishing import state
from services.review import actions, domain, store
from services.review.domain import LEASE
from services.review.store import cases, catalog, claims, queue
from shared.contracts.applications import ApplicationWithdrawn
from shared.contracts.calendars import CalendarDocument, HolidaySpan
from shared.contracts.sourced import Grade
from shared.errors import Refused, Unavailable
from tests.support.cases import an_opinion
from tests.support.private import told
from tests.support.review_desk import in_shangrao, refused
from tests.support.samples import NOON, an_application_submitted

REJECTION = {
    "outcome": "rejected",
    "opinion": "不符合规定。",
    "reasons": [{"code": "RECORD_TOO_OLD", "detail": "出院记录为2025年1月，已超过六个月。"}],
}
APPROVAL = {"outcome": "approved", "opinion": "符合认定标准。"}


async def withdraw(desk, case):
    withdrawn = told(ApplicationWithdrawn, application_id=case, occurred_at=desk.now)
    async with desk.database.transaction() as tx:
        await actions.close_cases(tx, [withdrawn], desk.now)


async def test_of_fifty_claims_at_once_one_wins(desk):
    case = await desk.receive(an_application_submitted())
    answers = await asyncio.gather(*(desk.post(f"pzh-officer-{n}", case, "claim") for n in range(50)))
    won = [answer for answer in answers if answer.status_code == 200]
    lost = [refused(answer) for answer in answers if answer.status_code != 200]
    assert len(won) == 1
    assert lost == [(409, "case-claimed")] * 49
    assert won[0].json()["claim_token"] == 1


async def test_a_stale_token_does_not_act_after_another_took_the_case(desk):
    case = await desk.receive(an_application_submitted())
    former = await desk.claim("pzh-officer-1", case)
    desk.later(seconds=LEASE.total_seconds())
    taken = await desk.claim("pzh-officer-2", case)
    late = await desk.post("pzh-officer-1", case, "accept", claim=former)
    assert refused(late) == (409, "claim-lost")
    assert (await desk.post("pzh-officer-2", case, "accept", claim=taken)).status_code == 200


async def test_a_released_case_is_free_for_the_next(desk):
    case = await desk.receive(an_application_submitted())
    token = await desk.claim("pzh-officer-1", case)
    assert refused(await desk.post("pzh-officer-2", case, "release", claim=token)) == (409, "claim-lost")
    assert (await desk.post("pzh-officer-1", case, "release", claim=token)).status_code == 204
    assert await desk.claim("pzh-officer-2", case) == token + 1


async def test_claiming_again_lengthens_the_lease(desk):
    case = await desk.receive(an_application_submitted())
    token = await desk.claim("pzh-officer-1", case)
    desk.later(minutes=10)
    again = (await desk.post("pzh-officer-1", case, "claim")).json()
    assert again["claim_token"] == token
    assert again["expires_at"].startswith((desk.now + LEASE).isoformat()[:19])


async def test_an_application_of_shangrao_goes_through_the_experts_to_approval(desk):
    case = await desk.receive(in_shangrao())
    accepted = await desk.done("srg-officer-1", case, "accept")
    assert (accepted["stage"], accepted["due_on"]) == ("first", "2026-10-22")
    asked = {"items": [{"kind": "physician_opinion", "detail": "请由副主任医师以上医师填写认定意见。"}]}
    requested = await desk.done("srg-first-1", case, "material-requests", asked)
    assert (requested["status"], requested["due_on"]) == ("asked", None)
    desk.later(days=5)
    await desk.supply(case, physician_opinion=an_opinion())
    await desk.done("srg-first-1", case, "forward", {"to_stage": "expert", "opinion": "请专家评审。"})
    advice = {"recommendation": "approve", "opinion": "同意认定。"}
    await desk.done("srg-expert-1", case, "opinions", advice)
    too_few = await desk.act("srg-expert-1", case, "forward", {"to_stage": "final", "opinion": "一致。"})
    assert refused(too_few) == (409, "quorum-missing")
    desk.later(minutes=16)
    await desk.done("srg-expert-2", case, "opinions", advice)
    await desk.done("srg-expert-2", case, "forward", {"to_stage": "final", "opinion": "一致同意。"})
    decided = await desk.done("srg-final-1", case, "decision", APPROVAL)
    assert (decided["status"], decided["outcome"]) == ("decided", "approved")
    assert [kind for _, kind in await desk.stated(case)] == [
        "case-opened",
        "application-accepted",
        "material-requested",
        "review-resumed",
        "review-forwarded",
        "expert-opinion-given",
        "expert-opinion-given",
        "review-forwarded",
        "decision-made",
    ]
    assert [number for number, _ in await desk.stated(case)] == list(range(1, 10))


async def test_an_application_of_panzhihua_is_rejected_with_reason_and_remedy(desk):
    case = await desk.at_final()
    decided = await desk.done("pzh-final-1", case, "decision", REJECTION)
    assert decided["outcome"] == "rejected"
    history = (await desk.get("pzh-final-1", f"/cases/{case}")).json()["history"]
    facts = history[-1]["facts"]
    assert facts["reasons"][0]["text"] == "病历资料超过规定期限"
    assert "60日" in facts["remedy"]
    assert (facts["decided_by"], facts["first_reviewer"]) == ("pzh-final-1", "pzh-first-1")


async def test_of_two_decisions_at_once_one_is_taken_and_the_other_leaves_no_trace(desk):
    case = await desk.at_final()
    token = await desk.claim("pzh-final-1", case)
    answers = await asyncio.gather(
        *(desk.post("pzh-final-1", case, "decision", one, token) for one in (APPROVAL, REJECTION) * 10)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {refused(answer) for answer in answers if answer.status_code == 409} == {(409, "case-decided")}
    assert [kind for _, kind in await desk.stated(case)].count("decision-made") == 1
    assert await desk.database.fetchval("SELECT count(*) FROM decisions") == 1


async def test_the_database_takes_one_decision_and_one_voice_whatever_the_program_does(desk):
    case = await desk.at_final()
    await desk.done("pzh-final-1", case, "decision", APPROVAL)
    decision = (await store.read_events(desk.database, case))[-1]
    with pytest.raises(Refused, match="case-decided"):
        async with desk.database.transaction() as tx:
            await store.add_decision(tx, decision)


async def test_who_accepted_does_not_decide(desk):
    case = await desk.receive(an_application_submitted())
    await desk.done("pzh-officer-1", case, "accept")
    await desk.done("pzh-first-1", case, "forward", {"to_stage": "final", "opinion": "齐全。"})
    both = domain.Officer("pzh-first-1", frozenset({"final_reviewer"}), frozenset({"510400"}))
    with pytest.raises(Refused, match="four-eyes"):
        await actions.claim_case(desk.desk, case, both, desk.now)


async def test_a_case_that_came_twice_is_one_case_with_one_event(desk):
    application = an_application_submitted()
    await desk.receive(application, an_application_submitted())
    await desk.receive(application)
    assert await desk.stated(application.application_id) == [(1, "case-opened")]
    assert await desk.database.fetchval("SELECT count(*) FROM cases") == 2


async def test_a_batch_in_which_one_must_wait_leaves_nothing_behind(desk):
    many = [an_application_submitted() for _ in range(200)]
    with pytest.raises(Unavailable, match="policy-unknown"):
        await desk.receive(*many, an_application_submitted(region="nowhere"))
    assert await desk.database.fetchval("SELECT count(*) FROM cases") == 0
    await desk.receive(*many)
    assert await desk.database.fetchval("SELECT count(*) FROM cases") == 200
    assert await desk.database.fetchval("SELECT count(DISTINCT key) FROM outbox") == 200


async def test_a_withdrawn_case_leaves_the_queue_and_ends_the_claim(desk):
    case = await desk.receive(an_application_submitted())
    token = await desk.claim("pzh-officer-1", case)
    await withdraw(desk, case)
    assert refused(await desk.post("pzh-officer-1", case, "accept", claim=token)) == (409, "case-closed")
    assert (await desk.get("pzh-officer-1", "/queue")).json()["cases"] == []
    assert [kind for _, kind in await desk.stated(case)] == ["case-opened", "case-closed"]


async def test_a_late_event_moves_no_decided_case(desk):
    case = await desk.at_final()
    await desk.done("pzh-final-1", case, "decision", APPROVAL)
    before = await desk.database.fetchrow("SELECT * FROM cases")
    await withdraw(desk, case)
    await desk.supply(case)
    after = await desk.database.fetchrow("SELECT * FROM cases")
    moved = {name for name, value in after.items() if value != before[name]}
    assert moved <= {"dossier"}, "what intake told is kept, and nothing else"


async def test_every_row_is_the_fold_of_its_events(desk):
    await desk.at_final(an_application_submitted())
    await desk.done("pzh-final-1", await desk.at_final(), "decision", REJECTION)
    closed = await desk.receive(an_application_submitted())
    await withdraw(desk, closed)
    for row in await desk.database.fetch("SELECT application_id, state FROM cases"):
        events = await store.read_events(desk.database, row["application_id"])
        assert cases.STATE.validate_python(row["state"]) == domain.fold(events)


async def test_a_year_that_arrives_late_corrects_provisional_due_dates_and_leaves_a_trace(desk):
    desk.now = NOON.replace(month=12, day=24)
    case = await desk.receive(an_application_submitted(occurred_at=desk.now))
    provisional = await desk.done("pzh-officer-1", case, "accept")
    assert provisional["due_provisional"]
    published = a_calendar_of_2027()
    async with desk.database.transaction() as tx:
        await actions.keep_calendars(tx, [published], desk.now)
    corrected = (await desk.get("pzh-first-1", f"/cases/{case}/deadline")).json()
    assert (corrected["provisional"], corrected["calendar_sources"]["2027"]) == (False, "made up for tests")
    row = await desk.database.fetchrow("SELECT due_before, due_after FROM due_corrections")
    assert (row["due_before"].isoformat(), row["due_after"].isoformat()) == (
        provisional["due_on"],
        corrected["due_on"],
    )
    assert row["due_after"] > row["due_before"]
    saved = await desk.database.fetchrow("SELECT due_on, due_provisional, sequence, state FROM cases")
    events = await store.read_events(desk.database, case)
    assert events[-1].type == "due-date-corrected"
    assert cases.STATE.validate_python(saved["state"]) == domain.fold(events)
    assert (saved["due_on"], saved["due_provisional"], saved["sequence"]) == (
        row["due_after"],
        False,
        len(events),
    )


async def test_a_corrected_due_date_takes_no_claim_away(desk):
    desk.now = NOON.replace(month=12, day=24)
    case = await desk.receive(an_application_submitted(occurred_at=desk.now))
    await desk.done("pzh-officer-1", case, "accept")
    token = await desk.claim("pzh-first-1", case)
    async with desk.database.transaction() as tx:
        await actions.keep_calendars(tx, [a_calendar_of_2027()], desk.now)
    row = await desk.database.fetchrow("SELECT claim_token, claimed_by FROM cases")
    assert (row["claim_token"], row["claimed_by"]) == (token, "pzh-first-1")


def a_calendar_of_2027():
    document = CalendarDocument(
        year=2027,
        version=1,
        source="made up for tests",
        grade=Grade.UNVERIFIED,
        announced_on=NOON.date(),
        days_off=(HolidaySpan(name="元旦", first=date(2027, 1, 1), last=date(2027, 1, 5)),),
    )
    return state(document, NOON)


STATEMENTS = [
    (name, sql)
    for module in (cases, catalog, claims, queue)
    for name, sql in vars(module).items()
    if name.isupper() and isinstance(sql, str)
]


async def test_every_statement_fits_the_schema(desk):
    async with desk.database.transaction() as tx:
        for name, sql in STATEMENTS:
            assert await tx.prepare(sql), name
