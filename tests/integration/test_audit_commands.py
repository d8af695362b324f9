"""`mente audit` on the whole stack: what an auditor and a court's expert get from a real application."""

import io
import json
import os
import subprocess
import sys
from uuid import UUID, uuid4
from zipfile import ZipFile

import asyncpg
import pytest
from rich.console import Console

from deploy.demo import run
from deploy.local.stack import PARTS
from shared.contracts.applications import ApplicationWithdrawn
from shared.contracts.topics import APPLICATIONS
from tests.support.bus import Bus
from tests.support.evidence import checked, unzipped
from tests.support.stack import embedded_stack
from tests.support.times import NOON

pytestmark = pytest.mark.timeout(400)

WHY = "court order 7"
RECORD = """
SELECT reason, asked_by, approved_by FROM exports LEFT JOIN export_approvals USING (export_id)
ORDER BY asked_at"""


@pytest.fixture(scope="module")
def stack():
    with embedded_stack(PARTS) as running:
        running.stack.save()
        yield running.stack


@pytest.fixture(scope="module")
async def rejected(stack):
    """The id of an application that was rejected, after which there is a checkpoint, and more events."""
    first = await story(stack, "old-record-panzhihua")
    assert mente(stack, "checkpoint").returncode == 0
    await story(stack, "hypertension-panzhihua")
    return first["application_id"]


async def story(stack, name):
    told = io.StringIO()
    assert await run(stack, only=name, as_json=True, screen=Console(file=told)), told.getvalue()
    return json.loads(told.getvalue())


def mente(stack, *words):
    return command(stack, "audit", *words)


def command(stack, *words):
    environment = {**os.environ, "MENTE_HOME": str(stack.home), "COLUMNS": "200"}
    line = [sys.executable, "-m", "deploy.cli", *words]
    return subprocess.run(line, check=False, env=environment, capture_output=True, text=True, timeout=120)


async def record(stack):
    connection = await asyncpg.connect(stack.database_as_admin("intake"))
    try:
        return [tuple(row) for row in await connection.fetch(RECORD)]
    finally:
        await connection.close()


async def test_only_what_came_after_a_checkpoint_is_read(stack, rejected):
    whole, since = (json.loads(mente(stack, "verify", "--json", *w).stdout) for w in ((), ("--since", "1")))
    assert whole["breaks"] == since["breaks"] == []
    assert (whole["since"], set(since["since"].values())) == ({}, {1})
    assert whole["chains"] == since["chains"]
    for name in ("intake.applications", "review.cases", "notify.messages"):
        assert 0 < since["events"][name] < whole["events"][name]


async def test_it_says_what_it_proves_and_where_it_began(stack, rejected):
    told = mente(stack, "verify", "--since", "2100-01-01", "--topic", "review.cases")
    assert told.returncode == 0, told.stderr
    assert "after checkpoint 1 of" in told.stdout
    assert "does not prove that older events still stand on the bus" in told.stdout


@pytest.mark.parametrize(
    ("since", "says"),
    [("2001-01-01", "no checkpoint was taken at or before"), ("7", "has no checkpoint 7, only 1")],
)
async def test_without_such_a_checkpoint_it_says_so_in_one_sentence(stack, rejected, since, says):
    told = mente(stack, "verify", "--since", since)
    assert (told.returncode, told.stdout) == (2, "")
    assert says in told.stderr
    assert len(told.stderr.splitlines()) == 1


async def test_a_masked_pack_is_checked_by_a_stranger(stack, rejected, tmp_path):
    file = tmp_path / "pack.zip"
    told = mente(stack, "export", rejected, "--out", str(file))
    assert told.returncode == 0, told.stderr
    assert "private parts sealed" in told.stdout
    files = unzipped(file.read_bytes())
    verdict = checked(tmp_path, files, "--fingerprint", told.stdout.split()[-1])
    assert (verdict.code, verdict.faults) == (0, [])
    assert "不通过 REJECTED" in files["letter.txt"].decode()
    assert not any(name.startswith("opened/") for name in files)
    papers = json.loads(files["papers.json"])
    assert papers
    assert all(paper["sealed_sha256"] for paper in papers)
    assert mente(stack, "export", rejected, "--out", str(file)).returncode == 2


async def test_private_parts_are_opened_by_two_people_only(stack, rejected, tmp_path):
    file = tmp_path / "pack.zip"
    asked = mente(stack, "export", rejected, "--unmasked", WHY, "--by", "auditor")
    assert (asked.returncode, "Nothing is done yet" in asked.stdout) == (0, True), asked.stderr
    *words, who = asked.stdout.splitlines()[-1].split()
    assert (words[:3], words[4:], who) == (["mente", "audit", "approve"], ["--by"], "WHO")
    for alone, code in (("auditor", "four-eyes"), ("operator", "scope-missing")):
        refused = command(stack, *words[1:], alone, "--out", str(file))
        assert (refused.returncode, refused.stderr.count("\n"), file.exists()) == (1, 1, False)
        assert f"({code})" in refused.stderr

    told = command(stack, *words[1:], "supervisor", "--out", str(file))
    assert told.returncode == 0, told.stderr
    assert file.stat().st_mode & 0o077 == 0
    files = unzipped(file.read_bytes())
    verdict = checked(tmp_path, files)
    assert (verdict.code, verdict.faults) == (0, [])
    opened = [name for name in files if name.startswith("opened/papers/")]
    assert len(opened) == len(json.loads(files["papers.json"]))
    assert "（密封 sealed）" not in files["letter.txt"].decode()
    with ZipFile(file) as archive:
        permission = json.loads(archive.read("opened/permission.json"))
    assert (permission["reason"], permission["export_id"]) == (WHY, words[3])
    assert await record(stack) == [(WHY, "auditor", "supervisor")]


async def test_help_and_wrong_names_are_plain(stack, rejected):
    told = mente(stack, "export", "--help").stdout
    assert "Write an evidence pack" in told
    assert "Personal data stay" in told
    unknown = mente(stack, "export", "00000000-0000-0000-0000-000000000009")
    assert unknown.returncode == 2
    assert len(unknown.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("person", "erase", str(UUID(int=9)), "--reason", "on request"),
        ("person", "approve", str(UUID(int=9)), "--by", "supervisor"),
        ("audit", "export", str(UUID(int=9)), "--unmasked", "on request"),
        ("audit", "approve", str(UUID(int=9)), "--by", "supervisor"),
        ("retention", "approve", str(UUID(int=9)), "--by", "supervisor"),
    ],
)
async def test_what_intake_refuses_is_told_in_one_sentence(stack, rejected, words):
    told = command(stack, *words)
    assert told.returncode in {1, 2}
    assert "-unknown)" in told.stderr
    assert len(told.stderr.splitlines()) == 1


GIVE_UP = """
INSERT INTO parked (topic, partition, "offset", key, headers, record_timestamp, code, reason, attempts, state)
VALUES ('review.cases', 0, 1000000, $1, '{}', now(), 'any', 'any', 1, 'discarded')"""


async def test_a_rebuild_that_had_to_pass_something_over_says_so(stack, rejected):
    assert mente(stack, "rebuild", "review").returncode == 0
    connection = await asyncpg.connect(stack.database_as_admin("review"))
    await connection.execute(GIVE_UP, rejected)
    try:
        told = mente(stack, "rebuild", "review")
    finally:
        await connection.execute("DELETE FROM parked WHERE code = 'any'")
        await connection.close()
    assert told.returncode == 3, told.stdout + told.stderr
    assert "1 of which staff gave a record up" in told.stdout
    assert "equal but for what was passed over" in told.stdout


async def test_an_event_that_nobody_stated_is_found(stack, rejected):
    """The last one here: somebody adds a case to the bus, with a chain that fits."""
    case = ApplicationWithdrawn(application_id=uuid4(), occurred_at=NOON)
    async with Bus(stack.kafka) as bus:
        await bus.send(APPLICATIONS.name, [(case, 1)])
    told = mente(stack, "verify", "--since", "1")
    assert told.returncode == 1
    assert f"{case.key}, event 1: never-stated" in told.stdout.replace("\n", " ")
