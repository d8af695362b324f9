"""Examples of what intake states about the data keys of persons."""

from deploy.contracts.examples.people import BOX, KEY, PERSON, at
from shared.contracts.base import Event
from shared.contracts.persons import PersonErased, PersonKeyMade

EXAMPLES: tuple[tuple[str, Event], ...] = (
    (
        "first-application",
        PersonKeyMade(
            occurred_at=at(9, 18, 4),
            person_id=PERSON,
            key_id=KEY,
            algorithm="A256GCM",
            master="hsm-2026",
            box=BOX,
        ),
    ),
    ("without-a-body", PersonErased(occurred_at=at(11, 22, 2), person_id=PERSON)),
)
