"""What persons are told, once and in order, while provider, workers and topics do what they like."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from services.notify import app
from services.notify.actions import delivering
from services.notify.actions.delivering import Report
from services.notify.delivery import Pace
from services.notify.domain.announcing import Template
from services.notify.domain.delivering import Taken, Unclear
from tests.support.bus import until
from tests.support.notify_desk import PANZHIHUA, QUICK, an_announcement, sending
from tests.support.notify_events import a_phone, a_recipient, a_submission

LEASE = timedelta(seconds=30)


async def claimed(desk, at=None, lease=LEASE):
    return await delivering.claim_texts(desk.vault, at or app.now(), 10, lease)


async def recorded(desk, claim, answer):
    reports = [Report(claim.message_id, claim.attempt, answer, 0.5)]
    await delivering.record_attempts(desk.database, reports, app.now(), QUICK)


def other_number(recipient):
    """The same submission with another phone number."""
    return a_submission(replace(recipient, phone=a_phone())).sealed


async def test_an_event_that_comes_again_makes_no_second_message(desk, gateway):
    recipient = a_recipient()
    await desk.register(recipient)
    told = an_announcement(recipient.application_id)
    async with gateway.provider() as provider, sending(desk, provider):
        await desk.announce(told)
        await desk.reached("sent", 1)
        await desk.register(replace(recipient, sealed=other_number(recipient)))
        await desk.announce(told, told)
        await desk.announce(an_announcement(recipient.application_id, Template.APPROVED))
        await desk.reached("sent", 2)
        assert await desk.texts("template") == [("submitted",), ("approved",)]
        assert await desk.texts("template", channel="in_app") == [("submitted",), ("approved",)]
        assert await gateway.calls([recipient]) == [1, 1]


async def test_what_review_says_before_the_submission_is_read_waits_and_keeps_its_order(desk, gateway):
    recipient, other = a_recipient(), a_recipient()
    first = an_announcement(recipient.application_id)
    await desk.announce(an_announcement(recipient.application_id, Template.ACCEPTED))
    await desk.submitted({other: an_announcement(other.application_id)})
    async with gateway.provider() as provider, sending(desk, provider):
        await desk.reached("sent", 1)
        assert await gateway.sent(recipient.phone) == []
        await desk.submitted({recipient: first})
        await desk.reached("sent", 3)
    texts = [one["template"] for one in await gateway.sent(recipient.phone)]
    assert texts == ["submitted", "accepted"]


async def test_a_message_waits_for_the_policy_of_its_region(desk, gateway):
    (recipient,) = await desk.submit(region="shangrao")
    async with gateway.provider() as provider, sending(desk, provider):
        await asyncio.sleep(0.5)
        assert await desk.texts("state") == [("queued",)]
        await desk.know(replace(PANZHIHUA, region="shangrao", signature="上饶医疗保障", entry=None))
        await desk.reached("sent", 1)
    (text,) = await gateway.sent(recipient.phone)
    assert text["text"].startswith("【上饶医疗保障】您的门诊慢特病认定申请(尾号0123)已于")
    assert text["text"].endswith("提交,可在原渠道查看进度。")


async def test_a_switched_off_way_is_kept_as_suppressed(desk, gateway):
    await desk.know(replace(PANZHIHUA, ways={"application-submitted": ["in_app"]}))
    (recipient,) = await desk.submit()
    async with gateway.provider() as provider, sending(desk, provider):
        await desk.reached("suppressed", 1)
        await desk.reached("sent", 1, channel="in_app")
    assert await desk.texts("reason") == [("switched_off",)]
    assert await gateway.sent(recipient.phone) == []
    told = {(kind, way) for _, kind, way in await desk.stated(recipient.application_id)}
    assert told == {("message-withheld", "sms"), ("message-sent", "in_app")}


async def test_a_later_text_never_overtakes_an_earlier_one_that_is_tried_again(desk, gateway):
    await gateway.behave("error")
    (recipient,) = await desk.submit()
    later = [Template.ACCEPTED, Template.MATERIAL_REQUESTED, Template.APPROVED]
    for template in later:
        await desk.announce(an_announcement(recipient.application_id, template))
    async with gateway.provider() as provider, sending(desk, provider):
        await until(lambda: desk.tried(2))
        await gateway.behave("normal")
        await desk.reached("sent", 4)
    assert [one["template"] for one in await gateway.sent(recipient.phone)] == ["submitted", *later]


async def _narrowed(line):
    return line.pause() > 0


async def test_while_the_provider_refuses_nothing_is_lost_and_nothing_sent_twice(desk, gateway):
    await gateway.behave("error")
    recipients = await desk.submit(40)
    async with gateway.provider() as provider, sending(desk, provider) as delivery:
        await until(lambda: _narrowed(delivery.line))
        assert "status-503" in await delivery.line.ready()
        await gateway.behave("normal")
        await desk.reached("sent", 40)
        assert await delivery.line.ready() is None
    assert await gateway.calls(recipients) == [1] * 40


async def test_a_silent_provider_is_asked_and_gets_no_text_twice(desk, gateway):
    await gateway.behave("silent")
    recipients = await desk.submit(20)
    async with gateway.provider() as provider, sending(desk, provider):
        await desk.reached("delivered", 20)
    assert await gateway.calls(recipients) == [1] * 20
    answers = await desk.database.fetch("SELECT answer FROM attempts ORDER BY attempt, message_id")
    assert [row["answer"] for row in answers] == ["unclear"] * 20 + ["taken"] * 20


async def test_a_provider_slower_than_our_patience_is_asked_and_gets_no_text_twice(desk, gateway):
    await gateway.behave("slow", 1500)
    recipients = await desk.submit(20)
    async with gateway.provider(seconds=0.3) as provider, sending(desk, provider):
        await desk.reached("delivered", 20)
    assert await gateway.calls(recipients) == [1] * 20


async def test_a_provider_that_is_not_there_gets_every_text_once_when_it_is_back(desk, gateway, servers):
    await asyncio.to_thread(servers.kill, "sms")
    recipients = await desk.submit(10)
    async with gateway.provider() as provider, sending(desk, provider):
        await until(lambda: desk.tried(2))
        await asyncio.to_thread(servers.start, "sms")
        await desk.reached("sent", 10)
    assert await gateway.calls(recipients) == [1] * 10


async def test_a_refused_text_fails_stays_and_is_stated(desk, gateway):
    (recipient,) = await desk.submit(phone="0812-3323000")
    async with gateway.provider() as provider, sending(desk, provider):
        await desk.reached("failed", 1)
    assert await desk.texts("reason", "attempts") == [("no_mobile_number", 0)]
    told = {(kind, way) for _, kind, way in await desk.stated(recipient.application_id)}
    assert ("message-failed", "sms") in told


async def test_a_text_is_given_up_after_its_last_try(desk, gateway):
    await gateway.behave("error")
    (recipient,) = await desk.submit()
    pace = Pace(patience=replace(QUICK, tries=3))
    async with gateway.provider() as provider, sending(desk, provider, pace):
        await desk.reached("failed", 1)
    assert await desk.texts("reason", "attempts") == [("status-503", 3)]
    assert await gateway.sent(recipient.phone) == []


async def test_two_workers_hand_each_text_over_once(desk, gateway):
    recipients = await desk.submit(150)
    async with gateway.provider() as provider, sending(desk, provider), sending(desk, provider):
        await desk.reached("sent", 150)
    assert await gateway.calls(recipients) == [1] * 150


async def test_a_worker_that_comes_back_after_its_lease_changes_nothing(desk, gateway):
    (recipient,) = await desk.submit()
    (first,) = await claimed(desk)
    assert await claimed(desk) == []
    (second,) = await claimed(desk, app.now() + LEASE)
    assert (first.ask_first, second.ask_first) == (False, True)
    await recorded(desk, first, Taken("P-late"))
    assert await desk.texts("state", "attempts", "provider_id") == [("sending", 2, None)]
    await recorded(desk, second, Taken("P-1"))
    assert await desk.texts("state", "attempts", "provider_id") == [("sent", 2, "P-1")]
    assert await desk.stated(recipient.application_id) == [(1, "message-sent", "sms")]
    kept = await desk.database.fetch("SELECT attempt, answer FROM attempts ORDER BY attempt")
    assert [tuple(row) for row in kept] == [(1, "taken"), (2, "taken")]


async def test_an_unclear_text_is_asked_for_before_the_next_try(desk):
    await desk.submit()
    (first,) = await claimed(desk)
    await recorded(desk, first, Unclear("read-timeout"))
    assert await claimed(desk) == []
    (second,) = await claimed(desk, app.now() + timedelta(minutes=1))
    assert second.ask_first
    assert second.text == first.text


async def test_a_late_text_that_may_be_there_is_asked_for_but_not_sent(desk):
    await desk.submit()
    (first,) = await claimed(desk)
    await recorded(desk, first, Unclear("read-timeout"))
    (late,) = await claimed(desk, app.now() + timedelta(days=4))
    assert (late.ask_first, late.may_send) == (True, False)


async def test_events_about_messages_are_numbered_without_a_gap_for_each_application(desk, gateway):
    recipients = await desk.submit(20)
    for template in (Template.ACCEPTED, Template.APPROVED):
        await desk.announce(*(an_announcement(r.application_id, template) for r in recipients))
    async with gateway.provider() as provider, sending(desk, provider), sending(desk, provider):
        await desk.reached("sent", 60)
        await desk.reached("sent", 60, channel="in_app")
    for (message_id,) in await desk.texts("message_id"):
        assert (await desk.receipt(message_id)).status_code == 202
    for recipient in recipients:
        numbers = [number for number, _, _ in await desk.stated(recipient.application_id)]
        assert numbers == list(range(1, 10))
