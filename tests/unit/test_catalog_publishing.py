"""What is published names its version, its content by hash, its layers and the two people behind it."""

from datetime import UTC, datetime

import pytest

from services.catalog.app import read_documents
from services.catalog.domain.publishing import Document, Hands, content_hash, state
from shared.contracts.policies import CalendarPublished, LayerVersion, PolicyPublished, RegionPolicy

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
DOCUMENTS = read_documents()
POLICY = next(d for d in DOCUMENTS if isinstance(d, RegionPolicy))
OTHER_HOTLINE = POLICY.hotline.model_copy(update={"v": "0812-0000000"})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: getattr(d, "region", None) or str(d.year))
def test_a_document_is_stated_under_its_key_and_version(document: Document) -> None:
    event = state(document, NOW)
    assert event.occurred_at == NOW
    if isinstance(event, PolicyPublished):
        assert (event.key, event.policy_version) == (event.document.region, 1)
    if isinstance(event, CalendarPublished):
        assert (event.key, event.calendar_version) == (str(event.document.year), 1)


def test_who_wrote_and_who_published_is_told_and_of_which_layers_it_was_made() -> None:
    layers = [LayerVersion(layer="national", version=3)]
    event = state(POLICY, NOW, layers, Hands("editor-1", "publisher-1"))
    assert isinstance(event, PolicyPublished)
    assert (event.written_by, event.published_by) == ("editor-1", "publisher-1")
    assert event.layers == (LayerVersion(layer="national", version=3),)


def test_what_came_with_the_product_was_published_by_nobody() -> None:
    assert state(POLICY, NOW).published_by is None  # type: ignore[attr-defined]


def test_the_hash_tells_another_content() -> None:
    assert content_hash(POLICY) != content_hash(POLICY.model_copy(update={"hotline": OTHER_HOTLINE}))


def test_the_hash_does_not_depend_on_fields_left_at_their_default() -> None:
    assert content_hash(POLICY) == content_hash(POLICY.model_copy(update={"calendar_additions": ()}))
