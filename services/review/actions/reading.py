"""What officers read: the queue, a case, and the account of its deadline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.review import domain, store
from services.review.actions.claiming import Desk
from services.review.domain import Advised, CaseFile, Dossier, Officer, Rules, Standing
from shared import clock
from shared.clock import Account, shanghai_date
from shared.contracts.applications import SubmittedPrivate
from shared.contracts.cases import CaseEvent, SealedCaseEvent, Stage
from shared.contracts.evidence import EvidenceShown
from shared.contracts.materials import MaterialRule
from shared.errors import Unavailable
from shared.person_keys import opened, require
from shared.postgres import Database, Tx
from shared.sealing import DataKey


@dataclass(frozen=True, slots=True)
class QueueAsk:
    """Which page of the queue: all stages and regions in scope unless they are named."""

    stages: Sequence[Stage]
    region: str | None
    after: store.Place
    limit: int


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A waiting case, how it stands to its deadline, and the rules that bind it."""

    waiting: store.Waiting
    standing: Standing
    rules: Rules


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as a member of staff may see it."""

    file: CaseFile
    events: Sequence[CaseEvent]
    standing: Standing
    missing: Sequence[MaterialRule]


async def read_queue(desk: Desk, officer: Officer, ask: QueueAsk, now: datetime) -> list[QueueEntry]:
    """Read a page of the queue of the officer's regions, the most urgent first."""
    book = await desk.shelf.rulebook(desk.database)
    regions = domain.regions_in_scope(book.newest(), officer, ask.region)
    stages = ask.stages or list(Stage)
    page = await store.read_queue(desk.database, regions, stages, ask.after, ask.limit)
    entries = []
    for waiting in page:
        rules = book.rules(waiting.case.region, waiting.case.policy_version, shanghai_date(now))
        entries.append(QueueEntry(waiting, domain.standing(waiting.case, book.calendar(rules), now), rules))
    return entries


async def read_case(desk: Desk, application_id: UUID, officer: Officer, now: datetime) -> CaseView:
    """Read a case with its history; Refused `region-outside-scope` (403) or `case-unknown` (404).

    What a person wrote or is called stays sealed while their key is not here, and is shown as erased or not
    readable now: which of the two it is, nothing here tells.
    """
    file = await _file(desk, application_id, officer, now)
    key = await _key(desk, file.dossier)
    file = replace(file, dossier=unlock(file.dossier, key))
    events = [_opened(event, key) for event in await store.read_events(desk.database, application_id)]
    visible = domain.visible_to(officer, file.case, events)
    standing = domain.standing(file.case, file.calendar, now)
    return CaseView(file, visible, standing, domain.lacking_papers(file, now) if key else [])


async def read_person(
    desk: Desk, application_id: UUID, officer: Officer, reason: str, now: datetime
) -> SubmittedPrivate:
    """Open who applies, for a stated reason that names nobody.

    Refused `region-outside-scope` (403), `case-unknown` (404) or `reason-names-person` (422); Unavailable
    `person-key-missing` while their key is not here, and once they were erased.
    """
    file = await _file(desk, application_id, officer, now)
    person = unlock(file.dossier, await require_key(desk.database, desk, file.dossier)).person
    domain.require_unnamed(person, reason)
    return person


async def explain_deadline(
    desk: Desk, application_id: UUID, officer: Officer, now: datetime
) -> tuple[CaseFile, Account]:
    """Account for the clock that counts now, day by day until today or, if that is later, the due date."""
    file = await _file(desk, application_id, officer, now)
    due = domain.due_of(file.case, file.calendar)
    until = max(shanghai_date(now), due.on or shanghai_date(now))
    return file, clock.explain(file.case.clock, file.calendar, until)


async def advise(
    desk: Desk, application_id: UUID, officer: Officer, entered: EvidenceShown, now: datetime
) -> tuple[CaseFile, Advised]:
    """Ask the standard of the case's disease, under the version the case is pinned to; nothing is kept.

    Refused `region-outside-scope` (403), `case-unknown` (404) or `standard-unknown` (404).
    """
    file = await _file(desk, application_id, officer, now)
    key = store.Key("policy", file.case.region, file.rules.version)
    standard = await store.read_standard(desk.database, key, file.case.disease_code)
    return file, domain.advise(file, standard, entered)


async def _file(desk: Desk, application_id: UUID, officer: Officer, now: datetime) -> CaseFile:
    row = await store.read_case(desk.database, application_id)
    book = await desk.shelf.rulebook(desk.database)
    rules = book.rules(row.case.region, row.case.policy_version, shanghai_date(now))
    domain.require_region(rules, officer)
    return CaseFile(row.case, row.claim, row.dossier, rules, book.calendar(rules))


def unlock(dossier: Dossier, key: DataKey | None) -> Dossier:
    """Open a dossier; without the person's key it stays sealed."""
    return Dossier(opened(dossier.submitted, key), tuple(opened(one, key) for one in dossier.supplied))


async def _key(desk: Desk, dossier: Dossier) -> DataKey | None:
    name = dossier.key_id
    return (await desk.keys.find(desk.database, [name])).get(name) if name else None


async def require_key(source: Tx | Database, desk: Desk, dossier: Dossier) -> DataKey:
    """The data key of a dossier's person; Unavailable `person-key-missing` while it is not here."""
    name = dossier.key_id
    if name is None:
        raise Unavailable("person-key-missing", "the application names no key of its person")
    return require(await desk.keys.find(source, [name]), name)


def _opened(event: CaseEvent, key: DataKey | None) -> CaseEvent:
    return opened(event, key) if isinstance(event, SealedCaseEvent) else event
