"""Why a message whose turn it is must not go out after all; pure."""

import re
from dataclasses import dataclass
from datetime import datetime

from services.notify.domain.announcing import SMS, Details, Recipient, RegionRules
from services.notify.domain.message import Change, Delivery, State, advance

PERSON_ERASED = "person-erased"
"""Why nothing more is told to a person whose data are gone."""


@dataclass(frozen=True, slots=True)
class Due:
    """A message whose turn it is, with what is known about its person and region.

    `phone` is there once it was opened, for a text alone.
    """

    delivery: Delivery
    details: Details
    useful_until: datetime | None
    recipient: Recipient
    rules: RegionRules
    phone: str | None = None

    def is_late(self, now: datetime) -> bool:
        """Whether the message is no longer worth sending."""
        return self.useful_until is not None and now >= self.useful_until


def mobile_number(phone: str) -> str | None:
    """Reduce a phone number to the 11 digits of a mainland mobile; None if it is none (section 6)."""
    digits = re.sub(r"[ -]", "", phone)
    found = re.fullmatch(r"(?:\+?86|0086)?(1[3-9]\d{9})", digits)
    return found.group(1) if found else None


def obstacle(due: Due, now: datetime) -> Change | None:
    """Settle a message that must not go out, now or ever; None for one that may.

    A text that the provider may already have is let through: its fate must be asked for first.
    """
    delivery = due.delivery
    if delivery.unclear or delivery.state is State.SENDING:
        return None
    if not due.rules.allows(delivery.template, delivery.channel):
        return advance(delivery, State.SUPPRESSED, now, "switched_off")
    if due.recipient.is_erased:
        return drop(delivery, now)
    if due.is_late(now):
        return advance(delivery, State.EXPIRED, now, "too_late")
    if delivery.channel is SMS and mobile_number(due.phone or "") is None:
        return advance(delivery, State.FAILED, now, "no_mobile_number")
    return None


def drop(delivery: Delivery, now: datetime) -> Change:
    """Settle a message of an erased person; a receipt for a text that was on its way still counts."""
    return advance(delivery, State.SUPPRESSED, now, PERSON_ERASED)
