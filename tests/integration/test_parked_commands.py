"""`mente parked` on a running stack: what an operator does with a record that could not be handled."""

import asyncio
import json
import os
import subprocess
import sys
from uuid import uuid4

import pytest

from shared.contracts.topics import APPLICATIONS
from tests.support.bus import Bus, headers_of, until
from tests.support.observing import fetch
from tests.support.samples import an_application_submitted, an_application_withdrawn
from tests.support.stack import embedded_stack

OPEN = "SELECT count(*) FROM parked WHERE state = 'open'"


@pytest.fixture(scope="module")
def stack():
    with embedded_stack({"postgres", "kafka", "valkey", "oidc", "catalog", "review"}) as running:
        for service in ("intake", "notify"):
            running.migrate(service)
        running.stack.save()
        yield running


def mente(running, *words):
    environment = {**os.environ, "MENTE_HOME": str(running.stack.home)}
    command = [sys.executable, "-m", "deploy.cli", "parked", *words]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=60)


async def until_parked(running, count):
    """Wait until so many records are parked in review."""

    async def so_many():
        return (await fetch(running.stack.database_as_admin("review"), OPEN))[0]["count"] == count

    await until(so_many, within=40)


async def parked_rows(running):
    answer = await asyncio.to_thread(mente, running, "list", "--json")
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


async def test_an_operator_sees_tries_redrives_and_discards_what_was_parked(stack):
    key = uuid4()
    submitted, withdrawn, event_id = an_application_submitted(key), an_application_withdrawn(key), uuid4()
    async with Bus(stack.stack.kafka) as bus:
        await bus.raw(APPLICATIONS.name, b"poison", b"{not json", headers_of(submitted, 1, event_id))
        await bus.send(APPLICATIONS.name, [(withdrawn, 2)])

        await until_parked(stack, 2)
        rows = {row["code"]: row for row in await parked_rows(stack)}
        gap, poison = rows["gap"]["id"], rows["body-unreadable"]["id"]

        shown = await asyncio.to_thread(mente, stack, "show", "review", str(poison))
        assert json.loads(shown.stdout)["body"] == b"{not json".hex()

        again = await asyncio.to_thread(mente, stack, "redrive", "review", str(poison), "--why", "try")
        assert again.returncode == 1
        assert "body-unreadable" in again.stdout

        trial = await asyncio.to_thread(
            mente, stack, "discard", "review", str(poison), "--why", "trial", "--dry-run"
        )
        assert "would be" in trial.stdout
        assert len(await parked_rows(stack)) == 2
        gone = await asyncio.to_thread(mente, stack, "discard", "review", str(poison), "--why", "rubbish")
        assert gone.returncode == 0

        waiting = await asyncio.to_thread(mente, stack, "redrive", "review", str(gap), "--why", "too soon")
        assert "0 handled" in waiting.stdout
        await bus.send(APPLICATIONS.name, [(submitted, 1)], event_id=event_id)

        await until_parked(stack, 0)
        assert await parked_rows(stack) == []


async def test_without_a_running_stack_one_sentence_says_so(tmp_path):
    environment = {**os.environ, "MENTE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "deploy.cli", "parked", "list"]
    answer = await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 1
    assert answer.stdout.strip() == "Mente: nothing runs here: `make run` starts it"
