"""Intake's actions on a real database, without a process around them."""

import asyncio
import inspect
import pkgutil
from dataclasses import fields, replace
from datetime import timedelta
from functools import partial
from importlib import import_module

import pytest

from services.intake import actions, store
from services.intake.actions import Ask
from services.intake.domain.answering import Supplement
from services.intake.domain.following import evolve, opened
from services.intake.domain.submitting import Taken
from services.intake.policies import Policies
from services.intake.store.applications import find_applications
from shared.batching import Batcher
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.submissions import Material
from shared.errors import Unavailable
from shared.nonces import Nonces
from tests.support.intake import (
    CHANNEL,
    NOON,
    PANZHIHUA,
    a_material,
    a_policy,
    a_rule,
    calls,
    offer,
    publish,
    said,
    submit,
)
from tests.support.loops import running
from tests.support.private import as_read
from tests.unit.test_intake_following import accepted, decided, forwarded, requested, resumed

OLD_PAPERS = [a_material("test_report", issued_on="2025-01-01")]


async def submitted(desk, **changes):
    (taken,) = await submit(desk, [offer(**changes)])
    return taken.receipt


@pytest.fixture
async def nonces(servers):
    nonces = Nonces(servers.stack.redis_url, patience=5)
    yield nonces
    await nonces.close()


def batching(desk, nonces):
    return running(Batcher(partial(actions.submit_applications, desk, nonces.first_uses)))


async def test_every_statement_fits_the_schema(desk):
    modules = [import_module(f"{store.__name__}.{m.name}") for m in pkgutil.iter_modules(store.__path__)]
    statements = [
        value
        for module in modules
        for name, value in inspect.getmembers(module)
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    ]
    assert len(statements) > 12
    async with desk.database.transaction() as tx:
        for statement in statements:
            await tx.prepare(statement)


async def test_a_poisoned_row_fails_alone(desk, nonces):
    """A NUL that got past every check breaks the statement for all; the batch is halved down to it.

    Whoever is tried again in a half is not taken for a replay of themselves.
    """
    offers = [offer(f"key-{place}") for place in range(9)]
    offers[4] = replace(offers[4], key="key-\x00")
    async with batching(desk, nonces) as batcher:
        asked = [batcher.submit(call) for call in calls(offers)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    failed = [place for place, answer in enumerate(answers) if isinstance(answer, Exception)]
    assert failed == [4]
    assert await desk.database.fetchval("SELECT count(*) FROM applications") == 8
    assert (
        await desk.database.fetchval("SELECT count(*) FROM outbox WHERE type = 'application-submitted'") == 8
    )


async def test_a_replayed_call_is_refused_and_its_neighbour_is_not(desk, nonces):
    first, other = calls([offer("first"), offer("other")])
    assert isinstance((await actions.submit_applications(desk, nonces.first_uses, [first]))[0], Taken)
    again = actions.Call(offer("again"), first.nonce)
    refused, taken = await actions.submit_applications(desk, nonces.first_uses, [again, other])
    assert (refused.code, refused.status) == ("nonce-replayed", 401)
    assert isinstance(taken, Taken)
    assert await desk.database.fetchval("SELECT count(*) FROM applications") == 2


async def test_a_refused_submission_leaves_no_trace(desk):
    (answer,) = await submit(desk, [offer(declared_true=False)])
    assert answer.code == "submission-invalid"
    assert await desk.database.fetchval("SELECT count(*) FROM applications") == 0
    assert await desk.database.fetchval("SELECT count(*) FROM outbox") == 0


async def test_repeats_inside_one_batch_share_one_application(desk):
    same = offer("same")
    answers = await submit(desk, [same, offer("other"), same, same])
    assert [answer.replay for answer in answers] == [False, False, True, True]
    assert answers[0].receipt == answers[3].receipt


async def test_a_warning_is_told_with_the_receipt_and_with_its_repeat(desk):
    await publish(desk, a_policy(version=2, materials=[a_rule("test_report", max_age_months=said(6))]))
    one = offer("warned", materials=OLD_PAPERS)
    (first,), (again,) = [await submit(desk, [one]) for _ in range(2)]
    assert [warning.code for warning in first.receipt.warnings] == ["material-too-old"]
    assert (again.receipt, again.replay) == (first.receipt, True)


async def test_a_repeat_after_the_rules_changed_gets_its_receipt(desk):
    one = offer("before")
    (first,) = await submit(desk, [one])
    await publish(desk, a_policy(version=2, materials=[a_rule("portrait_photo")]))
    (again,) = await submit(desk, [one])
    assert again.receipt == first.receipt


async def test_a_policy_counts_from_its_day_on(desk):
    tomorrow = (NOON + timedelta(days=1)).date().isoformat()
    await publish(desk, a_policy(version=2, effective_from=tomorrow, materials=[a_rule("portrait_photo")]))
    today, later = offer("today"), replace(offer("later"), received_at=NOON + timedelta(days=1))
    first, second = await submit(desk, [today, later])
    assert first.receipt
    assert [d["field"] for d in second.extra["defects"]] == ["materials.portrait_photo"]


async def test_before_any_policy_submissions_are_put_off_and_not_refused(desk):
    empty = replace(desk, policies=Policies(desk.database))
    (answer,) = await submit(empty, [offer()])
    assert isinstance(answer, Unavailable)
    assert answer.code == "policies-missing"


async def test_a_region_whose_policy_has_not_arrived_puts_off_its_submissions_alone(desk):
    serves = frozenset({"panzhihua", "shangrao"})
    asked = [replace(offer("now"), serves=serves), replace(offer("soon", region="shangrao"), serves=serves)]
    taken, put_off = await submit(desk, asked)
    assert isinstance(taken, Taken)
    assert isinstance(put_off, Unavailable)
    assert put_off.code == "policies-missing"

    await publish(desk, a_policy(region="shangrao"))
    _, soon = await submit(desk, asked)
    assert isinstance(soon, Taken)


async def test_a_case_that_came_too_early_waits(desk):
    with pytest.raises(Unavailable, match="application-unknown"):
        async with desk.database.transaction() as tx:
            await actions.follow_cases(tx, [(accepted(), 1)])


async def test_the_row_of_an_application_is_the_fold_of_its_events(desk):
    one = offer()
    (taken,) = await submit(desk, [one])
    receipt = taken.receipt
    base = {"application_id": receipt.application_id, "acceptance_no": receipt.acceptance_no}
    events = [e.model_copy(update=base) for e in (accepted(), requested())]
    later = [e.model_copy(update=base) for e in (resumed(), forwarded(), decided())]
    for place, event in enumerate(events, 1):
        async with desk.database.transaction() as tx:
            await actions.follow_cases(tx, [(event, place)])
    paper = Material.model_validate(a_material("test_report"))
    ask = Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no)
    await actions.supply_material(desk, ask, Supplement((paper,)), NOON)
    for place, event in enumerate(later, 3):
        async with desk.database.transaction() as tx:
            await actions.follow_cases(tx, [(event, place)])

    row = (await find_applications(desk.database, [receipt.acceptance_no]))[receipt.acceptance_no]
    written = await desk.database.fetch("SELECT type, sequence FROM outbox ORDER BY id")
    assert [tuple(r) for r in written] == [
        *(("person-key-made", 1), ("application-submitted", 1), ("material-supplied", 2))
    ]
    begun, supplied = await stated(desk, ApplicationSubmitted), await stated(desk, MaterialSupplied)
    expected = evolve(opened(begun), [*map(as_read, events), supplied, *map(as_read, later)])
    expected = replace(expected, followed=2 + len(later))
    for field in fields(row):
        assert getattr(row, field.name) == getattr(expected, field.name), field.name


async def stated(desk, kind):
    """The event of a type as it was published."""
    return kind.read(await desk.database.fetchval("SELECT body FROM outbox WHERE type = $1", kind.type))
