"""Topics of an earlier release get the settings of this one, and nothing else about them changes."""

from dataclasses import replace
from uuid import uuid4

from deploy.topics import ensure_topics
from shared.contracts.topics import POLICIES


async def test_a_topic_that_was_compacted_keeps_everything_from_now_on(kafka: str) -> None:
    topic = replace(POLICIES, name=f"settings-{uuid4()}")
    await ensure_topics(kafka, [replace(topic, cleanup_policy="compact")])
    assert await ensure_topics(kafka, [topic]) == [f"topic {topic.name} has the settings of this release now"]
    assert await ensure_topics(kafka, [topic]) == []
