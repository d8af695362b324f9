"""The rulebook in memory, as the database has it."""

from services.review import store
from services.review.domain import Rulebook, Rules, rules_of
from shared.contracts.calendars import CalendarDocument
from shared.postgres import Database, Tx


class Shelf:
    """Holds the rulebook in memory and reads what is new whenever the database has more documents."""

    def __init__(self) -> None:
        self._book = Rulebook.of([], [])
        self._held: dict[store.Key, Rules | CalendarDocument] = {}

    async def rulebook(self, source: Tx | Database) -> Rulebook:
        """Give the rulebook as the database has it now."""
        if await store.count_documents(source) != len(self._held):
            held = self._held
            there = await store.read_keys(source)
            held = {key: held[key] if key in held else await _read(source, key) for key in there}
            rules = [one for one in held.values() if isinstance(one, Rules)]
            calendars = [one for one in held.values() if isinstance(one, CalendarDocument)]
            self._book, self._held = Rulebook.of(rules, calendars), held
        return self._book


async def _read(source: Tx | Database, key: store.Key) -> Rules | CalendarDocument:
    if key.kind == "policy":
        return rules_of(await store.read_policy(source, key))
    return await store.read_calendar(source, key)
