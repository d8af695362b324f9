"""An application's private parts are opened by two people, with a reason, and on record."""

from uuid import UUID, uuid4

import pytest

from services.intake import actions
from services.intake.actions import Ask, Asked, Wanted
from services.intake.domain.papers import name_of
from shared.errors import Refused
from shared.looks import Look
from tests.support.intake import CHANNEL, LOOKUP_KEY, NOON, PANZHIHUA, PAPER, offer, submit

WHY = "court order 7"


def a_look(who):
    return Look(who, [], "post_export_approval", NOON)


async def taken(desk):
    (answer,) = await submit(desk, [offer("one")])
    return answer.receipt


async def asked(desk, application_id):
    wanted = Wanted(application_id, WHY, "operator")
    return (await actions.ask_to_export(desk, uuid4(), wanted, NOON)).export_id


def refused(code):
    return pytest.raises(Refused, match=code)


async def test_the_keys_of_one_application_are_given_out_once_to_two_people(desk):
    receipt = await taken(desk)
    export_id = await asked(desk, receipt.application_id)
    with refused("four-eyes"):
        await actions.agree_to_export(desk, export_id, a_look("operator"), NOON)
    opening = await actions.agree_to_export(desk, export_id, a_look("supervisor"), NOON)
    with refused("export-done"):
        await actions.agree_to_export(desk, export_id, a_look("supervisor"), NOON)

    keys = await desk.keys.of_persons(desk.database, [receipt.person_id])
    assert opening.key == keys[receipt.person_id]
    (paper,) = opening.papers
    assert paper == name_of(LOOKUP_KEY, PAPER).hex()
    record = "SELECT reason, asked_by, approved_by FROM exports JOIN export_approvals USING (export_id)"
    assert tuple(await desk.database.fetchrow(record)) == (WHY, "operator", "supervisor")


async def test_nothing_of_an_erased_person_is_opened(desk):
    receipt = await taken(desk)
    before = await asked(desk, receipt.application_id)
    await actions.withdraw(desk, Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no), None, NOON)
    erasure = await actions.ask_to_erase(desk, uuid4(), Asked(receipt.person_id, WHY, "operator"), NOON)
    await actions.erase(desk, erasure.erasure_id, a_look("supervisor"), NOON)
    with refused("person-erased"):
        await asked(desk, receipt.application_id)
    with refused("person-erased"):
        await actions.agree_to_export(desk, before, a_look("supervisor"), NOON)


async def test_nobody_opens_what_nobody_knows_or_asked_for(desk):
    with refused("application-unknown"):
        await asked(desk, UUID(int=1))
    with refused("export-unknown"):
        await actions.agree_to_export(desk, UUID(int=1), a_look("supervisor"), NOON)
