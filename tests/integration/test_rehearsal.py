"""`mente policy rehearse` on the whole embedded stack: a shorter limit over demonstrated applications."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from deploy.audit.reading import Span, spans_of
from deploy.demo import run_many
from deploy.local.stack import PARTS, Stack
from services.catalog.app import POLICIES
from shared.contracts.topics import TOPICS
from tests.support.stack import embedded_stack

COUNT = 12
IN_PANZHIHUA, IN_SHANGRAO = 8, 4
LIMIT = "sla_working_days: {v: 15,"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The whole system with a dozen decided applications."""
    with embedded_stack(PARTS) as running:
        running.save()
        assert asyncio.run(run_many(running.stack, COUNT, as_json=True, screen=Console(file=io.StringIO())))
        yield running.stack


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """Panzhihua's file with ten working days instead of fifteen."""
    text = (POLICIES / "regions" / "panzhihua.yaml").read_text(encoding="utf-8")
    assert LIMIT in text
    file = tmp_path / "panzhihua.yaml"
    file.write_text(text.replace(LIMIT, LIMIT.replace("15", "10")), encoding="utf-8")
    return file


def rehearse(stack: Stack, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MENTE_HOME": str(stack.home), "COLUMNS": "200"}
    command = [sys.executable, "-m", "deploy.cli", "policy", "rehearse", *map(str, words)]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=90)


def log(stack: Stack) -> list[Span]:
    return spans_of(stack.kafka, [topic.name for topic in TOPICS])


def test_a_shorter_limit_is_counted_over_past_applications_and_nothing_is_written(
    stack: Stack, draft: Path
) -> None:
    before = log(stack)

    ended = rehearse(stack, draft, "--json")

    assert ended.returncode == 0, ended.stderr
    done = json.loads(ended.stdout)
    assert done["read"] == {"panzhihua": IN_PANZHIHUA, "shangrao": IN_SHANGRAO}
    assert (done["compared"], done["beyond"]) == (IN_PANZHIHUA, {"shangrao": IN_SHANGRAO})
    assert (done["due"]["earlier"], done["due"]["later"], done["due"]["unchanged"]) == (IN_PANZHIHUA, 0, 0)
    assert {one["change"] for one in done["changes"]} == {"decision earlier"}
    assert {one["reason"] for one in done["differences"]} == {"15 → 10 working days"}
    assert log(stack) == before


def test_the_published_file_itself_changes_nothing(stack: Stack) -> None:
    ended = rehearse(stack, POLICIES, "--json")

    assert ended.returncode == 0, ended.stderr
    done = json.loads(ended.stdout)
    assert (done["compared"], done["due"]["unchanged"], done["differences"]) == (COUNT, COUNT, [])


def test_a_person_reads_counts_and_examples(stack: Stack, draft: Path) -> None:
    told = rehearse(stack, draft, "--most", 3).stdout

    assert "Due date later: 0, earlier: 8, unchanged: 0." in told
    assert "Not reached, so not compared: 4 of shangrao." in told
    assert "and 5 more; --json has them all" in told


def test_only_the_wanted_region_is_read(stack: Stack, draft: Path) -> None:
    ended = rehearse(stack, draft, "--region", "shangrao")

    assert "No application is of a region that the draft reaches." in ended.stdout
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--since", "2999-01-01"], "There are no such applications yet: nothing to rehearse with."),
        (["--since", "yesterday"], "yesterday is no day: write it as 2026-11-01."),
    ],
)
def test_what_cannot_run_says_why_in_a_sentence(
    stack: Stack, draft: Path, words: list[str], sentence: str
) -> None:
    ended = rehearse(stack, draft, *words)

    assert (ended.returncode, ended.stderr.strip(), ended.stdout) == (1, sentence, "")


def test_a_file_that_cannot_be_read_says_where_it_is_wrong(stack: Stack, draft: Path) -> None:
    draft.write_text("region: panzhihua\nregion: shangrao\n", encoding="utf-8")

    ended = rehearse(stack, draft)

    assert ended.returncode == 1
    assert "line 2: region stands here twice" in ended.stderr
