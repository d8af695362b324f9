import asyncio

import pytest

from shared.errors import Unavailable
from shared.health import Health


async def fine() -> None:
    return None


async def away() -> str:
    return "the broker does not answer"


async def hanging() -> None:
    await asyncio.sleep(60)


async def unavailable() -> None:
    raise Unavailable("database-away", "the database does not answer")


async def broken() -> None:
    raise ConnectionError("postgresql://user:password@host")


async def test_a_process_is_ready_when_every_part_is_fine():
    health = Health()
    health.add("database", fine)
    health.add("kafka", fine)
    part = {"ok": True, "reason": None}
    assert await health.look() == {"ready": True, "parts": {"database": part, "kafka": part}}


async def test_a_process_without_parts_is_ready():
    assert (await Health().look())["ready"]


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (away, "the broker does not answer"),
        (hanging, "no answer within 0.05 s"),
        (unavailable, "the database does not answer"),
        (broken, "ConnectionError"),
    ],
)
async def test_one_bad_part_makes_it_unready_with_a_reason_that_names_no_secret(check, reason):
    health = Health(patience=0.05)
    health.add("good", fine)
    health.add("bad", check)
    seen = await health.look()
    assert not seen["ready"]
    assert seen["parts"] == {"good": {"ok": True, "reason": None}, "bad": {"ok": False, "reason": reason}}


async def test_a_part_that_is_only_told_of_leaves_the_process_ready():
    health = Health()
    health.add("database", fine)
    health.tell("provider", away)
    seen = await health.look()
    assert seen["ready"]
    assert seen["parts"]["provider"] == {"ok": False, "reason": "the broker does not answer"}


async def test_parts_are_asked_at_once():
    health = Health(patience=0.2)
    for number in range(10):
        health.add(f"part-{number}", hanging)
    began = asyncio.get_running_loop().time()
    await health.look()
    assert asyncio.get_running_loop().time() - began < 1


def test_a_part_is_watched_under_one_name():
    health = Health()
    health.add("database", fine)
    with pytest.raises(ValueError, match="watched already"):
        health.add("database", away)
