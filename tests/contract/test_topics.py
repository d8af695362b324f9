"""The register of topics is what the services do: who writes, who reads, and what stands where."""

import ast
from pathlib import Path

import pytest

from deploy.contracts.schemas import contracts_of, published
from deploy.contracts.subscriptions import SERVICES, services, subscriptions
from shared.contracts.base import Event
from shared.contracts.topics import SUBMISSIONS, TOPICS

CHANNELS = "channels"
WRITER = {kind.__name__: topic.writer for topic in TOPICS for kind in topic.events}


def stated_by(folder: Path) -> set[str]:
    """The event classes that the sources below a folder make instances of."""
    return {name for path in sorted(folder.rglob("*.py")) for name in _stated_in(path)}


def _stated_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    called = {alias.asname or alias.name: alias.name for node in imported for alias in node.names}
    named = [_called_name(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {called.get(name, name) for name in named} & set(WRITER)


def _called_name(function: ast.expr) -> str:
    """`CaseOpened` of `CaseOpened(…)`, `cases.CaseOpened(…)` and `CaseOpened.model_construct(…)`."""
    if isinstance(function, ast.Attribute):
        makes = function.attr.startswith("model_") and isinstance(function.value, ast.Name)
        return function.value.id if makes and isinstance(function.value, ast.Name) else function.attr
    return function.id if isinstance(function, ast.Name) else ""


def test_every_topic_has_one_entry():
    names = [topic.name for topic in TOPICS]
    assert len(names) == len(set(names))


def test_every_event_stands_in_exactly_one_topic():
    kinds = [kind for topic in TOPICS for kind in contracts_of(topic)]
    assert len(kinds) == len(set(kinds)) == len(published())


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_an_event_names_the_topic_it_is_registered_for(topic):
    assert {kind.topic for kind in contracts_of(topic)} == {topic.name}


def test_every_writer_and_reader_exists():
    known = {*services(), CHANNELS}
    assert {name for topic in TOPICS for name in (topic.writer, *topic.readers)} <= known


@pytest.mark.parametrize("service", services())
def test_a_service_reads_the_topics_it_is_registered_for(service):
    registered = sorted(topic.name for topic in TOPICS if service in topic.readers)
    assert sorted(consumer.topic.name for consumer in subscriptions(service)) == registered


@pytest.mark.parametrize("service", services())
def test_a_service_handles_only_events_of_the_topic_it_reads(service):
    for consumer in subscriptions(service):
        assert consumer.service == service
        handled = {kind for kind in consumer.handlers if issubclass(kind, Event)}
        assert handled <= set(consumer.topic.events)
        assert handled or consumer.topic is SUBMISSIONS


@pytest.mark.parametrize("service", services())
def test_a_service_states_every_event_it_is_registered_for_and_no_other(service):
    registered = {name for name, writer in WRITER.items() if writer == service}
    assert stated_by(SERVICES / service) == registered


def test_shared_code_states_no_event():
    assert stated_by(SERVICES.parent / "shared") == set()


def test_an_event_of_another_service_is_found_however_it_is_made(tmp_path):
    (tmp_path / "planted.py").write_text(
        "from shared.contracts import cases\n"
        "from shared.contracts.cases import CaseClosed as Closed, CaseOpened\n"
        "one = cases.DecisionMade(outcome='approved')\n"
        "two = Closed(reason='x')\n"
        "three = CaseOpened.model_construct()\n"
        "read = cases.MaterialRequested.read(b'')\n"
    )
    assert stated_by(tmp_path) == {"DecisionMade", "CaseClosed", "CaseOpened"}


def test_a_tombstone_stands_where_it_takes_with_it_what_had_its_key():
    for topic in TOPICS:
        if any(kind.is_tombstone or kind.is_state for kind in topic.events):
            assert topic.cleanup_policy == "compact"


def test_what_is_remembered_for_ever_is_neither_compacted_nor_dropped():
    for topic in TOPICS:
        if any("application_id" in kind.model_fields for kind in topic.events):
            assert (topic.cleanup_policy, topic.retention_ms) == ("delete", -1)
