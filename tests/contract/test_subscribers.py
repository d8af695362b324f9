"""Every subscriber of every service is built in the one way that loses nothing."""

import ast
from pathlib import Path

import pytest
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from deploy.contracts.subscriptions import services, subscriptions
from shared.contracts.topics import TOPICS
from shared.kafka import Consumption
from shared.offsets import DrainOnRevoke

ROOT = Path(__file__).parents[2]
READING = [service for service in services() if subscriptions(service)]
WAYS_TO_SUBSCRIBE = {"subscriber", "KafkaBroker", "AIOKafkaConsumer"}


def the_subscribers(service: str):
    broker, _ = Consumption("127.0.0.1:1", None, subscriptions(service)).build("a-cluster")
    return broker.subscribers


@pytest.mark.parametrize("service", READING)
def test_every_topic_of_a_service_has_one_subscriber_in_a_group_of_its_own(service):
    groups = {subscriber.group_id: subscriber.topic_names for subscriber in the_subscribers(service)}
    registered = [topic.name for topic in TOPICS if service in topic.readers]
    assert groups == {f"{service}.{name}.a-cluster": [name] for name in registered}


def faults(subscriber) -> set[str]:
    """The settings of a subscriber under which records would be lost, doubled or passed over."""
    told = subscriber._connection_args
    sound = {
        "ack_policy": subscriber.ack_policy is AckPolicy.MANUAL,
        "auto_commit": told["enable_auto_commit"] is False,
        "auto_offset_reset": told["auto_offset_reset"] == "earliest",
        "isolation_level": told["isolation_level"] == "read_committed",
        "drain_on_revoke": isinstance(subscriber._listener, DrainOnRevoke),
        "heartbeat": told["heartbeat_interval_ms"] <= 1000,
        "session": told["session_timeout_ms"] >= 45_000,
        "rebalance": (told["rebalance_timeout_ms"] or 0) >= told["session_timeout_ms"],
        "topics_are_made_elsewhere": not any(topic.declare for topic in subscriber.topics),
    }
    return {name for name, is_sound in sound.items() if not is_sound}


@pytest.mark.parametrize("service", READING)
def test_no_subscriber_loses_doubles_or_passes_over(service):
    assert {one.group_id: faults(one) for one in the_subscribers(service) if faults(one)} == {}


async def test_the_defaults_of_the_library_would_be_found():
    subscriber = KafkaBroker("127.0.0.1:1").subscriber("review.cases", group_id="x", batch=True)
    assert {"ack_policy", "auto_commit", "auto_offset_reset", "drain_on_revoke"} <= faults(subscriber)


def test_the_broker_is_told_to_make_no_topics():
    broker, _ = Consumption("127.0.0.1:1", None, []).build("a-cluster")
    assert broker.config.broker_config.allow_auto_create_topics is False


def test_nothing_but_shared_kafka_subscribes():
    sources = [*(ROOT / "services").rglob("*.py"), *(ROOT / "shared").rglob("*.py")]
    subscribing = {str(path.relative_to(ROOT)) for path in sources if _subscribes(path)}
    assert subscribing == {"shared/kafka.py"}


def _subscribes(path: Path) -> bool:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    named = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    return bool(named & WAYS_TO_SUBSCRIBE)
