"""Group names that reach every partition of Kafka's offsets topic."""

import pytest

from deploy.local.groups import java_hash, one_group_each


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 0), ("hello", 99162322), ("polygenelubricants", 0)],
)
def test_texts_are_hashed_as_java_does(text: str, value: int) -> None:
    assert java_hash(text) == value


@pytest.mark.parametrize("partitions", [0, 1, 4, 50])
def test_every_partition_gets_a_group(partitions: int) -> None:
    groups = one_group_each(partitions)
    assert [java_hash(group) % partitions for group in groups] == list(range(partitions))
