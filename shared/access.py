"""Who may call what: every route of every service names its access here, and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from shared.errors import Refused
from shared.signing import Channel, ChannelFile, Channels, SignedCall, replayed, sign


class Role(StrEnum):
    """The roles of staff, as the sign-in service names them."""

    WINDOW_CLERK = "window_clerk"
    ACCEPTANCE_OFFICER = "acceptance_officer"
    FIRST_REVIEWER = "first_reviewer"
    EXPERT = "expert"
    FINAL_REVIEWER = "final_reviewer"
    APPEAL_HANDLER = "appeal_handler"
    SUPERVISOR = "supervisor"
    POLICY_EDITOR = "policy_editor"
    POLICY_PUBLISHER = "policy_publisher"
    AUDITOR = "auditor"
    OPERATOR = "operator"


class Caller(StrEnum):
    """The kinds of caller a route can be for."""

    PUBLIC = "public"
    CHANNEL = "channel"
    CITIZEN = "citizen"
    STAFF = "staff"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in member of staff: roles, and pooling areas as six-digit division codes."""

    id: str
    name: str
    roles: frozenset[str]
    areas: frozenset[str]

    def require_role(self, *roles: str) -> None:
        """Refuse with `scope-missing` (403) unless the person holds one of the roles."""
        if self.roles.isdisjoint(roles):
            needed = ", ".join(sorted(roles))
            raise Refused("scope-missing", f"this needs one of the roles {needed}", status=403)

    def require_area(self, area: str) -> None:
        """Refuse with `region-outside-scope` (403) unless the person works for the area."""
        if area not in self.areas:
            raise Refused("region-outside-scope", "you do not work for that area", status=403)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call one route: a kind of caller, and the scope or the roles that it needs."""

    caller: Caller
    scope: str = ""
    roles: frozenset[str] = frozenset()

    def admit_channel(self, channel: Channel) -> None:
        """Refuse with `scope-missing` (403) a channel that does not hold the route's scope."""
        channel.require_scope(self.scope)

    def admit_staff(self, staff: Staff) -> None:
        """Refuse with `scope-missing` (403) a member of staff who holds none of the route's roles."""
        staff.require_role(*self.roles)


def _staff(*roles: Role) -> Access:
    return Access(Caller.STAFF, roles=frozenset(roles))


def _channel(scope: str) -> Access:
    return Access(Caller.CHANNEL, scope=scope)


_PUBLIC = Access(Caller.PUBLIC)
_CITIZEN = Access(Caller.CITIZEN)
_REVIEWERS = (Role.ACCEPTANCE_OFFICER, Role.FIRST_REVIEWER, Role.EXPERT, Role.FINAL_REVIEWER)
_READERS = (*_REVIEWERS, Role.APPEAL_HANDLER, Role.SUPERVISOR, Role.AUDITOR)

_WATCH_CALENDARS = (Role.SUPERVISOR, Role.OPERATOR, Role.POLICY_EDITOR, Role.POLICY_PUBLISHER)
_POLICY_READERS = (Role.POLICY_EDITOR, Role.POLICY_PUBLISHER, Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR)

# An expert judges papers and needs no names; those who watch see masked persons.
_WHO_UNMASK = (Role.ACCEPTANCE_OFFICER, Role.FIRST_REVIEWER, Role.FINAL_REVIEWER)

_EVERY_SERVICE = {
    f"{service}.{function}": _PUBLIC
    for service in ("catalog", "intake", "review", "notify")
    for function in ("live", "ready", "metrics", "openapi")
}

ROUTES: Mapping[str, Access] = MappingProxyType(
    _EVERY_SERVICE
    | {
        "catalog.get_regions": _PUBLIC,
        "catalog.get_region": _PUBLIC,
        "catalog.get_diseases": _PUBLIC,
        "catalog.get_materials": _PUBLIC,
        "catalog.get_channels": _PUBLIC,
        "catalog.get_deadlines": _PUBLIC,
        "catalog.get_guide": _PUBLIC,
        "catalog.get_versions": _PUBLIC,
        "catalog.get_disease": _PUBLIC,
        "catalog.get_institutions": _PUBLIC,
        "catalog.get_form": _PUBLIC,
        "catalog.get_terms": _PUBLIC,
        "catalog.get_standards": _PUBLIC,
        "catalog.get_standard": _PUBLIC,
        "catalog.post_advice": _PUBLIC,
        "catalog.get_files": _staff(*_POLICY_READERS),
        "catalog.get_file": _staff(*_POLICY_READERS),
        "catalog.get_drafts": _staff(*_POLICY_READERS),
        "catalog.get_draft": _staff(*_POLICY_READERS),
        "catalog.get_changes": _staff(*_POLICY_READERS),
        "catalog.post_check": _staff(*_POLICY_READERS),
        "catalog.post_draft": _staff(Role.POLICY_EDITOR),
        "catalog.post_draft_check": _staff(Role.POLICY_EDITOR, Role.POLICY_PUBLISHER),
        "catalog.post_draft_withdrawal": _staff(Role.POLICY_EDITOR, Role.POLICY_PUBLISHER),
        "catalog.post_publication": _staff(Role.POLICY_PUBLISHER),
        "intake.get_submission_key": _PUBLIC,
        "intake.post_material": _channel("materials:write"),
        "intake.post_application": _channel("applications:write"),
        "intake.get_application": _channel("applications:read"),
        "intake.post_supplement": _channel("applications:write"),
        "intake.post_withdrawal": _channel("applications:write"),
        "intake.get_looks": _staff(Role.AUDITOR),
        "intake.post_erasure": _staff(Role.OPERATOR),
        "intake.post_erasure_approval": _staff(Role.SUPERVISOR, Role.AUDITOR),
        "intake.post_export": _staff(Role.OPERATOR, Role.AUDITOR),
        "intake.post_export_approval": _staff(Role.SUPERVISOR, Role.AUDITOR),
        "intake.get_retention": _staff(Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR),
        "intake.post_retention_run": _staff(Role.OPERATOR),
        "intake.post_retention_approval": _staff(Role.SUPERVISOR, Role.AUDITOR),
        "intake.post_retention_batch": _staff(Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR),
        "review.get_queue": _staff(*_REVIEWERS, Role.SUPERVISOR),
        "review.get_case": _staff(*_READERS),
        "review.get_deadline": _staff(*_READERS),
        "review.get_advice": _staff(*_READERS),
        "review.post_advice": _staff(*_REVIEWERS),
        "review.get_notices": _staff(*_REVIEWERS, *_WATCH_CALENDARS),
        "review.get_looks": _staff(Role.AUDITOR),
        "review.post_unmask": _staff(*_WHO_UNMASK),
        "review.post_claim": _staff(*_REVIEWERS),
        "review.post_release": _staff(*_REVIEWERS),
        "review.post_accept": _staff(Role.ACCEPTANCE_OFFICER),
        "review.post_material_request": _staff(*_REVIEWERS),
        "review.post_forward": _staff(Role.FIRST_REVIEWER, Role.EXPERT, Role.FINAL_REVIEWER),
        "review.post_opinion": _staff(Role.FIRST_REVIEWER, Role.EXPERT),
        "review.post_decision": _staff(Role.FINAL_REVIEWER),
        "notify.get_looks": _staff(Role.AUDITOR),
        "notify.get_inbox": _CITIZEN,
        "notify.post_read": _CITIZEN,
        "notify.post_sms_receipt": Access(Caller.PROVIDER),
        "notify.get_messages": _staff(Role.OPERATOR, Role.AUDITOR, Role.SUPERVISOR),
    }
)

__all__ = [
    "ROUTES",
    "Access",
    "Caller",
    "Channel",
    "ChannelFile",
    "Channels",
    "Role",
    "SignedCall",
    "Staff",
    "replayed",
    "sign",
]
