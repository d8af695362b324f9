"""Notify's worker as a process: killed, stopped, and told of deliveries by the gateway."""

import asyncio
from contextlib import suppress

import pytest

from tests.support.bus import until
from tests.support.notify_desk import sending


@pytest.mark.parametrize("mode", ["normal", "double"])
async def test_deliveries_that_the_gateway_reports_count_once(desk, gateway, servers, mode):
    await gateway.behave(mode)
    await _start(servers, desk, f"notify-{mode}", "all")
    try:
        recipients = await desk.submit(10)
        await desk.reached("delivered", 10)
        for recipient in recipients:
            told = await desk.stated(recipient.application_id)
            assert [kind for _, kind, way in told if way == "sms"] == ["message-sent", "message-delivered"]
    finally:
        await asyncio.to_thread(servers.stop, f"notify-{mode}")


async def test_a_worker_killed_between_send_and_record_loses_and_doubles_nothing(desk, gateway, servers):
    await gateway.behave("slow", 400)
    await _start(servers, desk, "notify-worker", "worker")
    try:
        recipients = await desk.submit(100)

        async def some_are_on_their_way():
            return len(await gateway.sent(*(r.phone for r in recipients))) >= 20

        await until(some_are_on_their_way)
        await asyncio.to_thread(servers.kill, "notify-worker")
        on_their_way = (await desk.texts("state")).count(("sending",))
        assert on_their_way > 0
        await gateway.behave("normal")
        await _start(servers, desk, "notify-worker", "worker")
        await desk.reached("delivered", on_their_way)

        async def all_are_settled():
            states = {state for (state,) in await desk.texts("state")}
            return states <= {"sent", "delivered"}

        await until(all_are_settled, 30)
        assert await gateway.calls(recipients) == [1] * 100
    finally:
        with suppress(KeyError):
            await asyncio.to_thread(servers.stop, "notify-worker")


async def test_a_worker_that_is_asked_to_stop_records_what_is_on_its_way(desk, gateway):
    await gateway.behave("slow", 500)
    recipients = await desk.submit(10)
    async with gateway.provider() as provider:
        async with sending(desk, provider):
            await until(lambda: desk.tried(1))
        assert await desk.texts("state") == [("sent",)] * 10
    assert await gateway.calls(recipients) == [1] * 10


async def _start(servers, desk, name, role):
    settings = {"MENTE_DATABASE_URL": await _dsn(servers, desk), "MENTE_SMS_TIMEOUT": "1"}
    return await asyncio.to_thread(servers.start_instance, "notify", name, role, settings)


async def _dsn(servers, desk):
    name = await desk.database.fetchval("SELECT current_database()")
    return servers.database("notify").replace("/mente_notify?", f"/{name}?")
