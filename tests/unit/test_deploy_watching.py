"""What `mente up`, `mente status` and the topics command decide, without a server."""

import io

import pytest
from aiokafka import TopicPartition
from rich.console import Console

from deploy.lags import missing, shown
from deploy.local.watch import next_pause
from deploy.status import Status, parse_gauges, parse_versions, reasons
from deploy.status_view import show
from deploy.topics import differences, settings_of
from shared.contracts.topics import SUBMISSIONS, TOPICS


def test_a_part_that_keeps_dying_is_started_less_and_less_often() -> None:
    pauses = [0.0]
    for _ in range(7):
        pauses.append(next_pause(pauses[-1], lived=2))
    assert pauses[1:] == [1, 2, 4, 8, 16, 30, 30]


def test_a_part_that_lived_a_minute_is_started_at_once_again() -> None:
    assert next_pause(30, lived=61) == 1


def test_gauges_without_labels_are_read() -> None:
    page = '# HELP outbox_depth Ids\n# TYPE outbox_depth gauge\noutbox_depth 3.0\nother{a="b c"} 1.0\n'
    assert parse_gauges(page) == {"outbox_depth": 3.0}


def test_the_policy_versions_of_regions_are_read() -> None:
    page = 'x 1.0\nmente_policy_version{region="here"} 3.0\nmente_policy_version{region="there"} 12.0\n'
    assert parse_versions(page) == {"here": 3, "there": 12}
    assert parse_versions("") == {}


@pytest.mark.parametrize("years", [0, 1])
def test_a_missing_calendar_year_is_shown_and_leaves_the_stack_ready(years: int) -> None:
    screen = Console(file=io.StringIO(), width=200)
    status = Status("http://gateway", 1, [], [], [], years)
    show(status, screen)
    assert ("1 calendar year(s) missing" in screen.file.getvalue()) is (years == 1)
    assert status.ready


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"ready": false, "parts": {"kafka": {"ok": false, "reason": "away"}}}', "kafka: away"),
        (b"not json", "not ready"),
        (b"[]", "not ready"),
    ],
)
def test_why_a_service_is_not_ready_is_told(body: bytes, said: str) -> None:
    assert reasons(body) == said


@pytest.mark.parametrize(("end", "committed", "behind"), [(10, 4, 6), (10, -1, 10), (0, -1, 0), (3, 9, 0)])
def test_lag_counts_what_was_not_committed(end: int, committed: int, behind: int) -> None:
    place = TopicPartition("t", 0)
    assert missing({place: end}, place, committed) == behind


def test_another_partition_count_is_told_and_left() -> None:
    known = {topic.name: topic.partitions for topic in TOPICS}
    assert differences(TOPICS, known) == []
    known[SUBMISSIONS.name] = 3
    assert differences(TOPICS, known) == [
        f"topic channel.submissions has 3 partitions instead of {SUBMISSIONS.partitions}; it stays so"
    ]


def test_a_topic_carries_its_retention_and_its_own_settings() -> None:
    settings = settings_of(SUBMISSIONS)
    assert settings["retention.ms"] == str(SUBMISSIONS.retention_ms)
    assert settings["message.timestamp.type"] == "LogAppendTime"


def test_groups_are_shown_by_name_and_those_of_a_broker_that_was_lost_are_not_shown():
    assert shown("review.intake.applications.here", "here") == "review.intake.applications"
    assert shown("review.intake.applications.lost", "here") is None
    assert shown("review.intake.applications", "here") is None
    assert shown("a-channel", "here") == "a-channel"
