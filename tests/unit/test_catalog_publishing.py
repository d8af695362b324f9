"""A version is published once; its content never changes under its number."""

from datetime import UTC, datetime

import pytest

from services.catalog.app import read_documents
from services.catalog.domain.publishing import Document, Head, content_hash, publish
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import CalendarPublished, PolicyPublished, RegionPolicy
from shared.errors import Refused

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
NOTHING = Head(0, "")
DOCUMENTS = read_documents()


def published(document: Document, version: int | None = None) -> Head:
    return Head(version or document.version, content_hash(document))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: getattr(d, "region", None) or str(d.year))
def test_the_first_version_is_stated(document: Document) -> None:
    (event,) = publish(document, NOTHING, NOW)
    assert event.occurred_at == NOW
    if isinstance(event, PolicyPublished):
        assert (event.key, event.policy_version) == (event.document.region, 1)
    if isinstance(event, CalendarPublished):
        assert (event.key, event.calendar_version) == (str(event.document.year), 1)


def test_the_same_version_is_not_stated_again() -> None:
    assert publish(DOCUMENTS[0], published(DOCUMENTS[0]), NOW) == []


def test_an_older_version_states_nothing() -> None:
    assert publish(DOCUMENTS[0], Head(7, "other"), NOW) == []


def test_a_newer_version_is_stated() -> None:
    newer = DOCUMENTS[0].model_copy(update={"version": 2})
    assert len(publish(newer, published(DOCUMENTS[0]), NOW)) == 1


def test_a_change_under_a_published_version_is_refused() -> None:
    policy = next(d for d in DOCUMENTS if isinstance(d, RegionPolicy))
    hotline = policy.hotline.model_copy(update={"v": "0812-0000000"})
    with pytest.raises(Refused, match="the policy of panzhihua was changed but still calls itself version 1"):
        publish(policy.model_copy(update={"hotline": hotline}), published(policy), NOW)


def test_a_changed_calendar_under_a_published_version_is_refused() -> None:
    calendar = next(d for d in DOCUMENTS if isinstance(d, CalendarDocument))
    with pytest.raises(Refused, match="the calendar of 2025"):
        publish(calendar.model_copy(update={"make_up_working_days": ()}), published(calendar), NOW)


def test_the_hash_does_not_depend_on_fields_left_at_their_default() -> None:
    policy = next(d for d in DOCUMENTS if isinstance(d, RegionPolicy))
    assert content_hash(policy) == content_hash(policy.model_copy(update={"calendar_additions": ()}))
