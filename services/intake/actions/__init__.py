"""What intake does, one transaction each: load, decide, save, state."""

from services.intake.actions.desk import Desk
from services.intake.actions.erasing import Asked, Erased, ask_to_erase, erase, keep_restating, restate_erased
from services.intake.actions.exporting import Opening, Wanted, agree_to_export, ask_to_export
from services.intake.actions.following import (
    Ask,
    find_application,
    follow_cases,
    supply_material,
    withdraw,
)
from services.intake.actions.keeping import keep_calendars, keep_policies
from services.intake.actions.retaining import (
    Batch,
    agree_to_retire,
    ask_to_retire,
    list_due,
    overlook,
    retire_some,
)
from services.intake.actions.rewrapping import rewrap_keys
from services.intake.actions.submitting import Call, FirstUses, answer_submissions, submit_applications
from services.intake.actions.uploading import store_material
from services.intake.domain.submitting import Taken

__all__ = [
    "Ask",
    "Asked",
    "Batch",
    "Call",
    "Desk",
    "Erased",
    "FirstUses",
    "Opening",
    "Taken",
    "Wanted",
    "agree_to_export",
    "agree_to_retire",
    "answer_submissions",
    "ask_to_erase",
    "ask_to_export",
    "ask_to_retire",
    "erase",
    "find_application",
    "follow_cases",
    "keep_calendars",
    "keep_policies",
    "keep_restating",
    "list_due",
    "overlook",
    "restate_erased",
    "retire_some",
    "rewrap_keys",
    "store_material",
    "submit_applications",
    "supply_material",
    "withdraw",
]
