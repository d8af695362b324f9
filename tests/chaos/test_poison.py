"""F17: poison on the topics of the running services: it is parked as it came, everything else flows on."""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import asyncpg

from shared import parked
from shared.contracts.cases import ApplicationAccepted
from shared.contracts.topics import APPLICATIONS, CASES, SUBMISSIONS
from shared.postgres import Database
from tests.chaos.builds import SkipsPoison
from tests.chaos.run import Run
from tests.support import invariants
from tests.support.bus import headers_of
from tests.support.driver import Driver
from tests.support.ledger import Ledger
from tests.support.observing import PARKED, fetch, read_all
from tests.support.poison import Poisoner, an_unknown_type, poison_like
from tests.support.quiet import until_read
from tests.support.readers import readers
from tests.support.recorder import Poison, Recorder
from tests.support.samples import NOON, an_application_submitted, an_application_withdrawn

BUG = """
CREATE FUNCTION a_bug() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a bug on one id'; END $$;
CREATE TRIGGER a_bug BEFORE INSERT ON cases FOR EACH ROW
WHEN (NEW.state ->> 'disease_code' = 'PZH-002') EXECUTE FUNCTION a_bug()"""
FIX = "DROP TRIGGER a_bug ON cases; DROP FUNCTION a_bug"
WHO = ("tests", "the bug is mended")


async def test_exactly_the_poison_is_parked_and_all_others_flow_on(run, figures, repetition):
    sick = Recorder()
    await execute(run.stack.database_as_admin("review"), BUG)
    async with run.driver.load(run.rate):
        application_id = await fall_sick(run, sick)
        await poison_everything(run)
    world = await run.quiet()
    run.recorder.poison += await records_of(run, application_id)
    assert not (found := run.breaches(world)), found[:20]
    assert not (silent := [key for key in run.recorder.asked if key not in run.recorder.answers]), silent
    figures("F17", **run.totals(world), poison=len(run.recorder.poison))

    await execute(run.stack.database_as_admin("review"), FIX)
    await redrive(run, application_id)
    await discard_the_rest(run)
    run.recorder = sick
    assert not (found := run.breaches(await run.quiet())), found


async def test_the_check_catches_a_consumer_that_skips_what_it_cannot_read(stack, rng):
    ledger, recorder = await Ledger.open(stack, keys=0), Recorder()
    reading = asyncio.create_task(SkipsPoison(ledger.kafka, ledger.database, [ledger.reader()]).run())
    try:
        async with Poisoner(ledger.kafka, recorder, rng) as poisoner:
            bad = (b"a key", b"{not json", headers_of(an_application_withdrawn(uuid4()), 1))
            await poisoner.put(ledger.topic.name, "bad JSON", bad, ("intake",))
            await until_read(ledger.kafka, f"intake.{ledger.topic.name}", ledger.topic)
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading
    rows = await fetch(ledger.url, PARKED)
    await ledger.database.close()
    breaches = invariants.exactly_the_poison_is_parked(recorder.poison, {"intake": rows})
    assert any("is not parked" in breach for breach in breaches)


async def fall_sick(run: Run, sick: Recorder) -> UUID:
    """Submit for one person whose case review cannot open, and take the application back."""
    async with Driver(run.stack, sick, run.rng) as driver:
        key = driver.prepare(disease_code="PZH-002")
        await driver.submit(key)
        receipt = sick.receipts()[key]
        await driver.withdraw(receipt["acceptance_no"])
    return UUID(receipt["application_id"])


async def poison_everything(run: Run) -> None:
    """Put every kind of poison on three topics in any order, good records in between."""
    submitted = an_application_submitted(uuid4())
    wanted = [(APPLICATIONS, one, ("review", "notify")) for one in poison_like(submitted).items()]
    wanted += [(CASES, one, ("intake", "notify")) for one in poison_like(an_acceptance()).items()]
    wanted += [(SUBMISSIONS, one, ("intake",)) for one in poison_like(submitted).items()]
    run.rng.shuffle(wanted)
    async with Poisoner(run.stack.kafka, run.recorder, run.rng) as poisoner:
        for topic, (name, bad), parked_by in wanted:
            await poisoner.put(topic.name, name, bad, parked_by)
            await run.driver.offer(run.bus)
        key, body, headers = an_unknown_type(submitted)
        await run.bus.raw(APPLICATIONS.name, key, body, headers)
        claimed = run.driver.prepare()
        stranger = (claimed[1].encode(), b"{}", [("mente-channel", b"nobody")])
        await poisoner.put(SUBMISSIONS.name, "a stranger with a key of ours", stranger, ("intake",))
        await run.driver.offer(run.bus, claimed)


def an_acceptance() -> ApplicationAccepted:
    return ApplicationAccepted(
        application_id=uuid4(),
        acceptance_no="N1",
        region="panzhihua",
        accepted_by="officer-1",
        policy_version=1,
        clock_started_on=NOON.date(),
        budget_working_days=15,
        due_on=NOON.date(),
        occurred_at=NOON,
    )


async def records_of(run: Run, application_id: UUID) -> list[Poison]:
    """The records of one application: review parks the first, and what follows waits behind it."""
    key = str(application_id).encode()
    found = [r for r in await read_all(run.stack.kafka, [APPLICATIONS.name]) if r.key == key]
    return [
        Poison(
            "a bug on one id", r.topic, r.partition, r.offset, r.key, r.value, tuple(r.headers), ("review",)
        )
        for r in found
    ]


async def redrive(run: Run, application_id: UUID) -> None:
    """Handle what waits for one key again, in order, as an operator does."""
    database = await Database.open(run.stack.database("review"), name="operator")
    (reader,) = readers("review", database, {APPLICATIONS.name: APPLICATIONS})
    assert await parked.redrive(database, reader, str(application_id), WHO) == 2
    await database.close()


async def discard_the_rest(run: Run) -> None:
    """Give up what nobody can mend."""
    for service in ("intake", "review", "notify"):
        database = await Database.open(run.stack.database(service), name="operator")
        for row in await parked.open_records(database):
            await parked.discard(database, row["id"], WHO)
        await database.close()


async def execute(dsn: str, sql: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(sql)
    await connection.close()
