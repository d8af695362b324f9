"""The real consumers of the services, on topics and databases of a test's own."""

from collections.abc import Mapping
from dataclasses import replace

from services.catalog.app import read_documents
from services.catalog.domain.publishing import state
from services.intake import app as intake_app
from services.intake import consumer as intake
from services.intake.actions import Desk
from services.intake.consumer import Letterbox
from services.intake.materials import Materials
from services.intake.policies import Policies
from services.notify import app as notify_app
from services.notify import consumer as notify
from services.review import actions as review_actions
from services.review import app as review_app
from services.review import consumer as review
from shared.access import Channels
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.contracts.topics import Topic
from shared.inbox import Consumer
from shared.postgres import Database, migrate
from tests.support.private import KEYS, SUBMISSION_KEYS
from tests.support.samples import NOON
from tests.support.stack import StackUnderTest

MIGRATIONS = {
    "intake": intake_app.MIGRATIONS,
    "review": review_app.MIGRATIONS,
    "notify": notify_app.MIGRATIONS,
}


def readers(service: str, database: Database, topics: Mapping[str, Topic]) -> list[Consumer]:
    """A service's consumers of these registered topics, on the topics given instead; it is always noon."""
    known = {"intake": _intake, "review": _review, "notify": _notify}[service](database)
    return [replace(one, topic=topics[one.topic.name]) for one in known if one.topic.name in topics]


async def fresh_service(running: StackUnderTest, service: str) -> tuple[str, Database]:
    """A fresh database of a service that knows the published policies and nothing else; its DSN too."""
    url = await running.fresh_database(service)
    await migrate(url, MIGRATIONS[service])
    database = await Database.open(url, name=f"fresh {service}")
    if service == "review":
        documents = read_documents()
        published = [state(one, NOON) for one in documents]
        policies = [event for event in published if isinstance(event, PolicyPublished)]
        calendars = [event for event in published if isinstance(event, CalendarPublished)]
        async with database.transaction() as tx:
            await review_actions.keep_policies(tx, policies, NOON)
            await review_actions.keep_calendars(tx, calendars, NOON)
    return url, database


def _intake(database: Database) -> list[Consumer]:
    materials = Materials("memory:///")
    desk = Desk(database, Policies(database), materials, bytes(32), KEYS, intake_app.draw)
    return intake.consumers(desk, Letterbox(Channels([]), SUBMISSION_KEYS), lambda: NOON)


def _review(_: Database) -> list[Consumer]:
    return review.consumers(lambda: NOON, review_actions.Shelf())


def _notify(_: Database) -> list[Consumer]:
    return notify.consumers(lambda: NOON)
