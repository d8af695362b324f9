"""What persons, staff and the provider see and may do over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.notify import app
from services.notify.actions import delivering
from services.notify.actions.delivering import Report
from services.notify.domain.announcing import Template
from services.notify.domain.delivering import Taken
from services.notify.store import announcing, reading
from services.notify.store import delivering as on_the_way
from tests.support.notify_desk import QUICK, a_citizen, an_announcement
from tests.support.notify_events import a_recipient, a_request

NOW = app.now()


async def shown(desk):
    """Put what is due into the inboxes."""
    await delivering.show_inbox_messages(desk.database, app.now(), 500)


async def a_text_on_its_way(desk):
    """One text that a worker is handing over."""
    (recipient,) = await desk.submit()
    (claim,) = await delivering.claim_texts(desk.vault, app.now(), 1, timedelta(seconds=30))
    return recipient, claim


async def answered(desk, claim):
    reports = [Report(claim.message_id, claim.attempt, Taken("P-1"), 0.5)]
    await delivering.record_attempts(desk.database, reports, app.now(), QUICK)


async def test_every_statement_is_understood_by_the_database(desk):
    statements = {
        name: value
        for module in (announcing, on_the_way, reading)
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    assert len(statements) >= 20
    async with desk.database.transaction() as tx:
        for statement in statements.values():
            await tx.prepare(statement)


async def test_a_receipt_before_the_send_is_recorded_counts(desk):
    recipient, claim = await a_text_on_its_way(desk)
    assert (await desk.receipt(claim.message_id)).status_code == 202
    assert await desk.texts("state") == [("delivered",)]
    await answered(desk, claim)
    assert await desk.texts("state", "provider_id") == [("delivered", "P-1")]
    assert await desk.stated(recipient.application_id) == [
        (1, "message-sent", "sms"),
        (2, "message-delivered", "sms"),
    ]


async def test_receipts_doubled_and_out_of_order_count_once_and_delivered_wins(desk):
    recipient, claim = await a_text_on_its_way(desk)
    await answered(desk, claim)
    for state in ("undelivered", "delivered", "delivered", "undelivered"):
        assert (await desk.receipt(claim.message_id, state)).status_code == 202
    assert await desk.texts("state") == [("delivered",)]
    kinds = [kind for _, kind, _ in await desk.stated(recipient.application_id)]
    assert kinds == ["message-sent", "message-failed", "message-delivered"]
    assert await desk.database.fetchval("SELECT count(*) FROM receipts") == 2


@pytest.mark.parametrize("reference", [uuid4(), "not-one-of-ours"])
async def test_a_receipt_for_an_unknown_reference_is_kept(desk, reference):
    assert (await desk.receipt(reference)).status_code == 202
    kept = await desk.database.fetch("SELECT reference, state FROM receipts")
    assert [tuple(row) for row in kept] == [(str(reference), "delivered")]


async def test_a_receipt_for_a_message_whose_person_is_not_known_yet_is_kept_and_moves_nothing(desk):
    await desk.announce(an_announcement(uuid4()))
    ((message_id,),) = await desk.texts("message_id")
    assert (await desk.receipt(message_id)).status_code == 202
    assert await desk.texts("state") == [("queued",)]


async def test_only_the_provider_reports(desk):
    body = b'{"reference": "x", "state": "delivered", "at": "2026-11-22T01:02:03Z"}'
    for headers in ({}, {"x-sms-signature": "0" * 64}, {"x-sms-signature": "é".encode()}):
        answer = await desk.client.post("/sms/receipts", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "signature-invalid")
    assert await desk.database.fetchval("SELECT count(*) FROM receipts") == 0


@pytest.mark.parametrize(
    "changes", [{"state": "lost"}, {"at": "yesterday"}, {"reference": ""}, {"reference": "a\u0000"}]
)
async def test_a_receipt_that_cannot_be_understood_is_refused(desk, changes):
    answer = await desk.receipt(**{"reference": "x" * 8, **changes})
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")


async def test_an_inbox_is_newest_first_in_pages_and_counts_the_unread(desk):
    recipient = a_recipient()
    await desk.register(recipient)
    for days, template in enumerate((Template.APPROVED, Template.ACCEPTED, Template.SUBMITTED)):
        told = an_announcement(recipient.application_id, template, NOW - timedelta(days=days))
        await desk.announce(told)
    await shown(desk)
    token = a_citizen(recipient.person_id)
    page = (await desk.get(token, "/inbox", limit=2)).json()
    assert page["unread"] == 3
    assert [one["template"] for one in page["messages"]] == ["approved", "accepted"]
    rest = (await desk.get(token, "/inbox", limit=2, before=page["next"])).json()
    assert [one["template"] for one in rest["messages"]] == ["submitted"]
    assert rest["next"] is None


async def test_a_message_is_in_words_of_the_language_that_is_asked_for(desk):
    recipient = a_recipient()
    await desk.register(recipient)
    await desk.hear(a_request(recipient, "请补交近六个月的血压记录"))
    await shown(desk)
    token = a_citizen(recipient.person_id)
    (message,) = (await desk.get(token, "/inbox")).json()["messages"]
    assert message["title"] == "请补充材料"
    assert message["text"].endswith("1. 检查报告：请补交近六个月的血压记录")
    assert message["acceptance_no"] == recipient.acceptance_no
    (message,) = (await desk.get(token, "/inbox", language="en")).json()["messages"]
    assert message["title"] == "More material is needed"


async def test_a_message_is_not_in_the_inbox_before_it_is_shown_nor_ever_as_a_text(desk):
    (recipient,) = await desk.submit()
    token = a_citizen(recipient.person_id)
    assert (await desk.get(token, "/inbox")).json() == {"unread": 0, "messages": [], "next": None}
    await shown(desk)
    ((sms,),) = await desk.texts("message_id")
    (message,) = (await desk.get(token, "/inbox")).json()["messages"]
    assert message["message_id"] != str(sms)
    assert (await desk.post(token, f"/inbox/{sms}/read")).status_code == 404


async def test_a_read_mark_is_set_once_and_for_one_message(desk):
    (recipient,) = await desk.submit()
    await desk.announce(an_announcement(recipient.application_id, Template.APPROVED))
    await shown(desk)
    token = a_citizen(recipient.person_id)
    newest = (await desk.get(token, "/inbox")).json()["messages"][0]["message_id"]
    first = await desk.post(token, f"/inbox/{newest}/read")
    again = await desk.post(token, f"/inbox/{newest}/read")
    assert first.status_code == 200
    assert first.json() == again.json()
    page = (await desk.get(token, "/inbox")).json()
    assert page["unread"] == 1
    assert [bool(one["read_at"]) for one in page["messages"]] == [True, False]


async def test_the_inbox_of_another_person_is_closed(desk):
    (recipient,) = await desk.submit()
    await shown(desk)
    stranger = a_citizen(uuid4())
    assert (await desk.get(stranger, "/inbox")).json()["messages"] == []
    ((message_id,),) = await desk.texts("message_id", channel="in_app")
    answer = await desk.post(stranger, f"/inbox/{message_id}/read")
    assert (answer.status_code, answer.json()["code"]) == (404, "message-unknown")
    unknown = await desk.post(stranger, f"/inbox/{uuid4()}/read")
    assert unknown.json()["code"] == answer.json()["code"]
    assert (await desk.get(a_citizen(recipient.person_id), "/inbox")).json()["unread"] == 1


@pytest.mark.parametrize("token", ["", "nonsense", "pzh-auditor"])
async def test_an_inbox_needs_a_citizens_token(desk, token):
    assert (await desk.get(token, "/inbox")).status_code == 401
    assert (await desk.post(token, f"/inbox/{uuid4()}/read")).status_code == 401


@pytest.mark.parametrize("role", ["operator", "auditor", "supervisor"])
async def test_the_ledger_shows_every_message_and_what_became_of_it(desk, role):
    recipient, claim = await a_text_on_its_way(desk)
    await answered(desk, claim)
    await desk.receipt(claim.message_id)
    await shown(desk)
    page = (await desk.get(f"pzh-{role}", "/messages", application_id=recipient.application_id)).json()
    assert page["phone"] == f"{recipient.phone[:3]}****{recipient.phone[-4:]}"
    sms, in_app = page["messages"]
    assert (sms["channel"], sms["template"], sms["template_version"]) == ("sms", "submitted", 1)
    assert (sms["state"], sms["segments"], sms["attempts"]) == ("delivered", 1, 1)
    assert sms["text"].startswith("【攀枝花医保】")
    assert [(one["answer"], one["detail"]) for one in sms["tries"]] == [("taken", "sent")]
    assert [one["state"] for one in sms["receipts"]] == ["delivered"]
    assert (in_app["state"], in_app["tries"]) == ("sent", [])
    assert "等待受理" in in_app["text"]
    assert recipient.phone not in str(page)


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("pzh-expert", 403, "scope-missing"),
        ("pzh-acceptance_officer", 403, "scope-missing"),
        ("srg-auditor", 403, "region-outside-scope"),
    ],
)
async def test_the_ledger_is_closed_to_others(desk, who, status, code):
    (recipient,) = await desk.submit()
    answer = await desk.get(who, "/messages", application_id=recipient.application_id)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_ledger_does_not_know_every_application(desk):
    answer = await desk.get("pzh-auditor", "/messages", application_id=uuid4())
    assert (answer.status_code, answer.json()["code"]) == (404, "application-unknown")
    assert (await desk.client.get("/messages", params={"application_id": str(uuid4())})).status_code == 401


async def looks(desk):
    """Who looked at what, oldest first: actor, roles, act, code, applications, person."""
    rows = await desk.database.fetch(
        "SELECT actor, roles, act, code, applications, person_id FROM looks ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def test_who_reads_an_inbox_is_on_record_under_the_channel_that_vouches(desk):
    (recipient,) = await desk.submit()
    await shown(desk)
    assert (await desk.get(a_citizen(recipient.person_id), "/inbox")).status_code == 200
    seen = [recipient.application_id]
    assert await looks(desk) == [("app", ["citizen"], "get_inbox", None, seen, recipient.person_id)]


async def test_who_reads_the_ledger_or_may_not_is_on_record(desk):
    (recipient,) = await desk.submit()
    asked = recipient.application_id
    unknown = uuid4()
    for who, wanted in (
        ("pzh-operator", asked),
        ("pzh-expert", asked),
        ("srg-supervisor", asked),
        ("pzh-supervisor", unknown),
    ):
        await desk.get(who, "/messages", application_id=wanted)
    await desk.get("pzh-operator", "/messages", application_id="not an id")
    assert [(actor, code, named) for actor, _, _, code, named, _ in await looks(desk)] == [
        ("operator", None, [asked]),
        ("expert", "scope-missing", [asked]),
        ("supervisor", "region-outside-scope", [asked]),
        ("supervisor", "application-unknown", [unknown]),
        ("operator", "request-invalid", []),
    ]


async def test_an_auditor_reads_who_looked_by_person_and_by_application(desk):
    (recipient,) = await desk.submit()
    await shown(desk)
    await desk.get(a_citizen(recipient.person_id), "/inbox")
    for asked in ({"application_id": recipient.application_id}, {"person_id": recipient.person_id}):
        page = (await desk.get("pzh-auditor", "/looks", **asked, actor="app")).json()
        assert [(one["actor"], one["act"]) for one in page["looks"]] == [("app", "get_inbox")]
    assert (await desk.get("pzh-operator", "/looks")).json()["code"] == "scope-missing"


async def test_what_cannot_be_recorded_is_not_shown(desk):
    (recipient,) = await desk.submit()
    await shown(desk)
    await desk.database.execute("ALTER TABLE looks RENAME TO looks_away")
    try:
        for answer in (
            await desk.get(a_citizen(recipient.person_id), "/inbox"),
            await desk.get("pzh-operator", "/messages", application_id=recipient.application_id),
        ):
            assert (answer.status_code, answer.json()["code"]) == (503, "look-not-recorded")
            assert recipient.acceptance_no not in answer.text
    finally:
        await desk.database.execute("ALTER TABLE looks_away RENAME TO looks")
