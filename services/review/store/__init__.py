"""Every SQL statement of review."""

from services.review.store.cases import (
    CaseRow,
    Change,
    add_decision,
    add_opinion,
    correct_cases,
    insert_cases,
    lock_case,
    lock_cases,
    read_case,
    read_events,
    save_cases,
)
from services.review.store.catalog import (
    Document,
    add_corrections,
    count_documents,
    keep_documents,
    lock_provisional,
    read_documents,
)
from services.review.store.claims import swap_claim
from services.review.store.queue import START, Backlog, Place, Waiting, count_waiting, read_queue

__all__ = [
    "START",
    "Backlog",
    "CaseRow",
    "Change",
    "Document",
    "Place",
    "Waiting",
    "add_corrections",
    "add_decision",
    "add_opinion",
    "correct_cases",
    "count_documents",
    "count_waiting",
    "insert_cases",
    "keep_documents",
    "lock_case",
    "lock_cases",
    "lock_provisional",
    "read_case",
    "read_documents",
    "read_events",
    "read_queue",
    "save_cases",
    "swap_claim",
]
