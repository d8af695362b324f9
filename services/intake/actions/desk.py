"""What the actions of intake work with."""

from collections.abc import Callable
from dataclasses import dataclass

from services.intake.domain.submitting import Draw
from services.intake.materials import Materials
from services.intake.policies import Policies
from shared.person_keys import PersonKeys
from shared.postgres import Database


@dataclass(frozen=True, slots=True)
class Desk:
    """What the actions work with; `draw` gives ids and chance."""

    database: Database
    policies: Policies
    materials: Materials
    lookup_key: bytes
    keys: PersonKeys
    draw: Callable[[], Draw]
