"""What was kept long enough goes: one member of staff asks, another agrees, batches do it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.intake.actions.desk import Desk
from services.intake.actions.erasing import erase_person
from services.intake.actions.leaving import let_papers_go
from services.intake.domain.erasing import Erasure
from services.intake.domain.following import Application, evolve
from services.intake.domain.retaining import Overview, Rule, Run, may_be_erased, uploaded_before
from services.intake.domain.submitting import shanghai_day
from services.intake.domain.timeline import entry
from services.intake.store import applications, erasing, leaving
from services.intake.store import retaining as store
from services.intake.store.retaining import Due
from shared import outbox
from shared.contracts.applications import ApplicationRetired
from shared.contracts.retention import Disposal
from shared.errors import Refused
from shared.looks import Look
from shared.postgres import Tx

PERSONS, UPLOADS = 50, 1000
"""How many are handled at once."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch did, how many applications and papers are known to be left, and whether that is all."""

    done: Mapping[str, int]
    left: int
    finished: bool


async def overlook(desk: Desk, on: date, now: datetime) -> Overview:
    """Tell what is due on a day, today or later; changes nothing. Unavailable `policies-missing`."""
    rules = _rules(desk, on, now)
    before = uploaded_before([rule.policy for rule in rules.values()], on)
    return Overview(
        on=on,
        held=tuple(await store.count_due(desk.database, rules)),
        unused_uploads=await leaving.count_unused(desk.database, before),
        papers_leaving=await leaving.count_leaving(desk.database),
    )


async def list_due(desk: Desk, on: date, now: datetime, after: UUID | None, most: int) -> list[Due]:
    """Some applications that are due on a day, oldest end first, from that application on."""
    return await store.list_due(desk.database, _rules(desk, on, now), after, most)


async def ask_to_retire(desk: Desk, run_id: UUID, by: str, reason: str, now: datetime) -> Overview:
    """Ask that what is due now goes; nothing goes before another member of staff agrees.

    Raises Refused `nothing-due`.
    """
    found = await overlook(desk, shanghai_day(now), now)
    found.require_something()
    await store.add_run(desk.database, Run(run_id, reason, by, now), found.model_dump(mode="json"))
    return found


async def agree_to_retire(desk: Desk, run_id: UUID, look: Look, now: datetime) -> Run:
    """Agree to what another asked for; whose look it is agrees, and the look learns why.

    Raises Refused `retention-unknown` (404), `four-eyes`, `retention-agreed`.
    """
    run = await _find(desk, run_id)
    look.reason = run.reason
    run.require_another(look.actor)
    if not await store.add_approval(desk.database, run_id, look.actor, now):
        raise Refused("retention-agreed", "somebody agreed to this before")
    return await _find(desk, run_id)


async def retire_some(desk: Desk, run_id: UUID, now: datetime) -> Batch:
    """Do a part of what two people agreed to: applications first, then uploads, then papers.

    What was due when it was asked for goes, if the policies of now let it go. It may be called again at any
    time: what was done is not found again. Raises Refused `retention-unknown` (404), `retention-not-agreed`;
    Unavailable `object-store-away`.
    """
    run = await _find(desk, run_id)
    run.require_approval()
    day = shanghai_day(run.asked_at)
    rules = _rules(desk, day, now)
    counts: Counter[str] = Counter()
    try:
        persons = await store.due_persons(desk.database, rules, PERSONS)
        for person_id in persons:
            counts += await _retire(desk, run, rules, person_id, now)
        if not persons:  # uploads are looked through last: to find them takes a while
            before = uploaded_before([rule.policy for rule in rules.values()], day)
            counts["unused_uploads"] = await leaving.mark_unused(desk.database, before, now, UPLOADS)
            counts += await let_papers_go(desk, now)
    finally:
        if +counts:
            await store.add_batch(desk.database, run_id, now, +counts)
    papers = await leaving.count_leaving(desk.database)
    applications_left = sum(held.applications for held in await store.count_due(desk.database, rules))
    finished = not (persons or papers or counts["unused_uploads"])
    return Batch(+counts, applications_left + papers, finished)


async def _retire(
    desk: Desk, run: Run, rules: Mapping[str, Rule], person_id: UUID, now: datetime
) -> Counter[str]:
    """Retire what is due of one person, and erase them if nothing else of theirs is kept."""
    async with desk.database.transaction() as tx:
        has_key = await store.lock_key(tx, person_id)
        theirs = await applications.lock_applications_of(tx, person_id)
        events = [
            _retired(run, due, rules[due.region], now).model_copy(
                update={"followed": theirs[due.application_id].followed}
            )
            for due in await store.due_of(tx, rules, person_id)
        ]
        for event in events:
            names = [bytes.fromhex(name) for name in theirs[event.application_id].papers]
            archive_of = event.application_id if event.disposal is Disposal.ARCHIVE else None
            await leaving.mark(tx, names, now, archive_of)
            theirs[event.application_id] = await _save(tx, theirs[event.application_id], event)
        erased = bool(events) and has_key and may_be_erased([one.retired for one in theirs.values()])
        if erased:
            erasure = Erasure(desk.draw().application_id, person_id, run.reason, run.asked_by, now)
            await erasing.add_erasure(tx, erasure)
            await erase_person(tx, erasure, run.require_approval(), now)
    archived = sum(event.disposal is Disposal.ARCHIVE for event in events)
    return Counter(
        erased_applications=len(events) - archived, archived_applications=archived, erased_persons=int(erased)
    )


def _retired(run: Run, due: Due, rule: Rule, now: datetime) -> ApplicationRetired:
    return ApplicationRetired(
        occurred_at=now,
        application_id=due.application_id,
        disposal=rule.policy.retention.when_due.v,
        policy_version=rule.policy.version,
        due_on=due.due_on,
        run_id=run.run_id,
        asked_by=run.asked_by,
        approved_by=run.require_approval(),
    )


async def _save(tx: Tx, application: Application, event: ApplicationRetired) -> Application:
    retired = evolve(application, [event])
    await applications.save_applications(tx, [retired])
    (stated,) = await outbox.add(tx, [event])
    await applications.add_entries(tx, [(event.application_id, stated.sequence, entry(event))])
    return retired


async def _find(desk: Desk, run_id: UUID) -> Run:
    run = await store.find_run(desk.database, run_id)
    if run is None:
        raise Refused("retention-unknown", "nobody asked for this", status=404)
    return run


def _rules(desk: Desk, day: date, now: datetime) -> dict[str, Rule]:
    """The rules of every region by the policy in force: what is erased comes back under no version.

    The version that an application was decided under does not bind here: archive law and the protection of
    personal data count as they stand when something goes.
    """
    in_force = desk.policies.all_in_force(max(day, shanghai_day(now)))
    return {region: Rule(policy, day) for region, policy in in_force.items()}
