"""Layers joined to policies: which versions of the layers hold for a region on which day; pure.

A policy is what its layers say on a day. A new version of a layer changes the policies of its regions from
its day on, and those that other layers have already changed for later days.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from services.catalog.domain.layering import Json, lay_over
from services.catalog.domain.publishing import Document
from services.catalog.domain.reasons import unreadable, validated
from services.catalog.domain.sheets import NATIONAL, Sheet, calendar_of
from shared.contracts.policies import LayerVersion, RegionPolicy
from shared.contracts.sourced import SourceTitle

ONE_DAY = timedelta(days=1)


class Dated(Protocol):
    """A version of a policy that holds from a day on."""

    @property
    def version(self) -> int: ...
    @property
    def effective_from(self) -> date: ...


@dataclass(frozen=True, slots=True, eq=False)
class Edition:
    """A published version of a policy file."""

    sheet: Sheet
    version: int


Editions = Mapping[str, Sequence[Edition]]
"""All published versions of every layer, by key, oldest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A region's policy from a day on, and the versions of the layers that it was made of."""

    policy: RegionPolicy
    layers: tuple[LayerVersion, ...]


def compose(layers: Sequence[Sheet], version: int, effective_from: date) -> RegionPolicy:
    """Lay a region's file over the layers below it; Unreadable with file, line, place and every reason."""
    whole: dict[str, Json] = {}
    titles: dict[str, SourceTitle] = {}
    for sheet in layers:
        whole = lay_over(whole, sheet.values)
        titles |= sheet.sources or {}
    named = sorted(set(_named_sources(whole)))
    strangers = [src for src in named if src not in titles]
    if strangers:
        raise unreadable([f"{layers[-1].file.name}: sources that are not listed: {', '.join(strangers)}"])
    whole["sources"] = [titles[src].model_dump(mode="json") for src in named]
    whole |= {"version": version, "effective_from": effective_from.isoformat()}
    return validated(RegionPolicy, whole, [sheet.file for sheet in reversed(layers)])


def regions_on(editions: Editions, key: str) -> list[str]:
    """Name the regions that a layer reaches: itself, those under a province, or all."""
    regions = [name for name in editions if name.startswith("region:")]
    if key == NATIONAL:
        return regions
    return [name for name in regions if name == key or any(e.sheet.under == key for e in editions[name])]


def policies_since(
    editions: Editions, region: str, published: Sequence[RegionPolicy], since: date
) -> list[Made]:
    """Make the policies of a region that hold from a day on and differ from what is published."""
    return changed(composed_since(editions, region, since), published)


def composed_since(editions: Editions, region: str, since: date) -> list[Made]:
    """Compose a region's policy for every day from one on at which a layer changes."""
    made = []
    for day in _days_of_change(editions, region, since):
        chain = _chain(editions, region, day)
        named = tuple(LayerVersion(layer=e.sheet.key, version=e.version) for e in chain)
        made.append(Made(compose([edition.sheet for edition in chain], 1, day), named))
    return made


def changed(composed: Sequence[Made], published: Sequence[RegionPolicy]) -> list[Made]:
    """Give those that say something else than what would be in force on their day, as the next versions.

    `published` are the versions that consumers know; the newest whose day has come is in force, so a later
    day that an earlier publication had already changed is published again.
    """
    known, made = list(published), list[Made]()
    for one in composed:
        held = in_force(known, one.policy.effective_from)
        if held is None or not _same(held, one.policy):
            version = max((policy.version for policy in known), default=0) + 1
            policy = one.policy.model_copy(update={"version": version})
            known.append(policy)
            made.append(Made(policy, one.layers))
    return made


def first_documents(sheets: Sequence[Sheet]) -> list[tuple[Document, tuple[LayerVersion, ...]]]:
    """Make what a fresh installation publishes, calendars first, each with the layers it was made of."""
    calendars = [calendar_of(sheet, 1) for sheet in sheets if sheet.kind == "calendar"]
    editions = {sheet.key: [Edition(sheet, 1)] for sheet in sheets if sheet.kind != "calendar"}
    made = [
        one
        for region in regions_on(editions, NATIONAL)
        for one in policies_since(editions, region, [], date.min)
    ]
    return [*((calendar, ()) for calendar in calendars), *((one.policy, one.layers) for one in made)]


def in_force(policies: Sequence[RegionPolicy], day: date) -> RegionPolicy | None:
    """Give the newest version whose day has come, or None."""
    come = [policy for policy in policies if policy.effective_from <= day]
    return max(come, key=lambda policy: policy.version, default=None)


def is_replaced(version: Dated, versions: Sequence[Dated]) -> bool:
    """Tell whether a newer version holds from the same day or earlier, so that this one never does."""
    return any(v.version > version.version and v.effective_from <= version.effective_from for v in versions)


def last_day(version: Dated, versions: Sequence[Dated]) -> date | None:
    """Tell the last day on which a version is in force; None if it never is, or until further."""
    if is_replaced(version, versions):
        return None
    days = [v.effective_from for v in versions if v.version > version.version]
    return min(days) - ONE_DAY if days else None


def _days_of_change(editions: Editions, region: str, since: date) -> list[date]:
    first = min(edition.sheet.effective_from for edition in editions[region])
    below = {NATIONAL, *(e.sheet.under for e in editions[region] if e.sheet.under)}
    days = {e.sheet.effective_from for key in (*below, region) for e in editions.get(key, ())}
    start = max(since, first)
    return sorted({start, *(day for day in days if day > start)})


def _chain(editions: Editions, region: str, day: date) -> list[Edition]:
    own = _edition_on(editions, region, day)
    keys = [NATIONAL, *([own.sheet.under] if own.sheet.under else [])]
    return [*(_edition_on(editions, key, day) for key in keys), own]


def _edition_on(editions: Editions, key: str, day: date) -> Edition:
    come = [edition for edition in editions.get(key, ()) if edition.sheet.effective_from <= day]
    if not come:
        raise unreadable([f"the layer {key} is not published for {day.isoformat()}"])
    return max(come, key=lambda edition: edition.version)


def _same(one: RegionPolicy, other: RegionPolicy) -> bool:
    of_the_version = {"version": other.version, "effective_from": other.effective_from}
    return one.model_copy(update=of_the_version) == other


def _named_sources(document: Json) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("src"), str):
            yield document["src"]
        for value in document.values():
            yield from _named_sources(value)
    elif isinstance(document, list):
        for item in document:
            yield from _named_sources(item)
