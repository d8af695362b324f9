"""A changed policy file on its way: written, checked, published by a second person, superseded; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.errors import Refused


class Step(StrEnum):
    """What became of a draft; each step is taken once."""

    CHECKED = "checked"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Standing(StrEnum):
    """How a policy file stands, from draft to superseded."""

    DRAFT = "draft"
    CHECKED = "checked"
    WITHDRAWN = "withdrawn"
    PUBLISHED = "published"
    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that somebody took."""

    step: Step
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A changed policy file; `based_on` is the published version it was written on, 0 for none."""

    draft_id: UUID
    key: str
    based_on: int
    effective_from: date
    content_hash: str
    note: str
    written_by: str
    written_at: datetime
    steps: tuple[Taken, ...] = ()

    def took(self, step: Step) -> bool:
        """Tell whether a step was taken."""
        return any(taken.step is step for taken in self.steps)

    @property
    def standing(self) -> Standing:
        """How the draft stands; what holds from which day is told by the published versions."""
        for step in (Step.PUBLISHED, Step.WITHDRAWN, Step.CHECKED):
            if self.took(step):
                return Standing(step.value)
        return Standing.DRAFT


@dataclass(frozen=True, slots=True)
class PublishedSheet:
    """A published version of a policy file."""

    key: str
    version: int
    effective_from: date
    content_hash: str
    written_by: str | None
    published_by: str | None
    published_at: datetime


def require_open(draft: Draft) -> None:
    """Refuse with `draft-published` or `draft-withdrawn` a draft whose way has ended."""
    for step in (Step.PUBLISHED, Step.WITHDRAWN):
        if draft.took(step):
            raise Refused(f"draft-{step}", f"the draft of {draft.key} is {step} already")


def require_publishable(draft: Draft, newest: int, by: str) -> None:
    """Refuse a draft that its writer publishes, that nobody checked, or whose base has moved on (N-05)."""
    require_open(draft)
    if draft.written_by == by:
        raise Refused("four-eyes", f"{by} wrote this draft; somebody else has to publish it")
    if not draft.took(Step.CHECKED):
        raise Refused("draft-unchecked", f"the draft of {draft.key} was not checked yet")
    if draft.based_on != newest:
        raise Refused(
            "draft-outdated",
            f"the draft of {draft.key} was written on version {draft.based_on} and version {newest} is "
            "published since: write it again on that",
        )


def standing_of(sheet: PublishedSheet, all_of_key: Sequence[PublishedSheet], today: date) -> Standing:
    """Tell whether a published version is in force today, will be, or was superseded."""
    later = [other for other in all_of_key if other.version > sheet.version]
    if any(other.effective_from <= max(today, sheet.effective_from) for other in later):
        return Standing.SUPERSEDED
    return Standing.EFFECTIVE if sheet.effective_from <= today else Standing.PUBLISHED
