"""What review does, one transaction per action."""

from services.review.actions.catalog import keep_calendars, keep_policies
from services.review.actions.claiming import Desk, claim_case, release_case
from services.review.actions.correcting import Follower
from services.review.actions.opening import close_cases, open_cases, resume_cases
from services.review.actions.reading import (
    CaseView,
    QueueAsk,
    QueueEntry,
    advise,
    explain_deadline,
    read_case,
    read_person,
    read_queue,
)
from services.review.actions.reviewing import (
    Act,
    accept,
    decide,
    forward,
    give_opinion,
    request_material,
)
from services.review.actions.shelf import Shelf
from services.review.actions.watching import (
    CatalogWatch,
    YearNotice,
    catalog_gap,
    count_queue,
    missing_years,
)
from services.review.store import START, Place

__all__ = [
    "START",
    "Act",
    "CaseView",
    "CatalogWatch",
    "Desk",
    "Follower",
    "Place",
    "QueueAsk",
    "QueueEntry",
    "Shelf",
    "YearNotice",
    "accept",
    "advise",
    "catalog_gap",
    "claim_case",
    "close_cases",
    "count_queue",
    "decide",
    "explain_deadline",
    "forward",
    "give_opinion",
    "keep_calendars",
    "keep_policies",
    "missing_years",
    "open_cases",
    "read_case",
    "read_person",
    "read_queue",
    "release_case",
    "request_material",
    "resume_cases",
]
