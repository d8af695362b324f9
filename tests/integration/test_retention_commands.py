"""`mente retention` and `mente person` on a running stack: two people, a kill in between, a sound log."""

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256

import asyncpg
import pytest

from shared.contracts.policies import PolicyPublished
from shared.contracts.submissions import Receipt
from tests.support.bus import Bus, until
from tests.support.intake import a_material, a_policy
from tests.support.intake_desk import Intake, rejected
from tests.support.stack import embedded_stack, in_thread

PERSONS = 70
"""More than a batch."""

WORDS = ("测试员", "19900001234", "990101")
"""Of every applicant here: the name, the phone, the place in the number."""

ENDED_LONG_AGO = (
    "UPDATE applications SET ended_at = ended_at - interval '12 years' WHERE ended_at IS NOT NULL"
)


@pytest.fixture(scope="module")
async def intake():
    """Intake with one policy, on servers of its own."""
    with embedded_stack({"postgres", "kafka", "valkey", "oidc"}) as running:
        await in_thread(running.migrate, "intake")
        async with Bus(running.stack.kafka) as bus:
            published = PolicyPublished(
                occurred_at=datetime.now(UTC),
                region="panzhihua",
                policy_version=1,
                content_hash=sha256(b"").hexdigest(),
                document=a_policy(),
            )
            await bus.send("catalog.policies", [(published, 1)])
            await in_thread(running.start, "intake")
            running.save()
            database = await asyncpg.create_pool(
                running.stack.database_as_admin("intake"), min_size=1, max_size=4
            )
            intake = Intake(running, [running.stack.ports["intake"]], bus, database)
            assert (await intake.upload()).status_code == 201
            yield intake
            await intake.http.aclose()
            await database.close()


def mente(intake, *words):
    environment = {**os.environ, "MENTE_HOME": str(intake.running.stack.home), "COLUMNS": "200"}
    command = [sys.executable, "-m", "deploy.cli", *words]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=180)


async def told(intake, *words):
    return await asyncio.to_thread(mente, intake, *words)


async def submitted(intake, number):
    content = f"%PDF-1.7\n% paper {number}".encode()
    digest = (await intake.upload(content)).json()["content_hash"]
    papers = [a_material("test_report", content_hash=digest, size=len(content))]
    answer = await intake.submit(materials=[a_material("e_insurance_credential"), *papers])
    assert answer.status_code == 201, answer.text
    return Receipt.model_validate(answer.json(), strict=False)


async def decided_long_ago(intake, count):
    """So many persons, each with a paper of their own and an application decided twelve years ago."""
    receipts = await asyncio.gather(*(submitted(intake, number) for number in range(count)))
    await asyncio.gather(*(intake.review(receipt, rejected(receipt)) for receipt in receipts))

    async def all_ended():
        ended = "SELECT count(*) FROM applications WHERE ended_at IS NOT NULL"
        return await intake.database.fetchval(ended) == count

    await until(all_ended, within=60)
    await intake.database.execute(ENDED_LONG_AGO)
    return receipts


def papers_in(intake):
    folder = intake.running.stack.home / "objects" / "materials"
    return [path for path in folder.rglob("*") if path.is_file()]


async def killed_after_a_batch(intake):
    async def one_batch():
        return await intake.database.fetchval("SELECT count(*) FROM retention_batches") or None

    await until(one_batch, within=60, every=0.01)
    await in_thread(intake.running.kill, "intake")


async def agreed_by_two(intake):
    """What is due goes by word of two people, and of no fewer; the id of the run."""
    asked = await told(intake, "retention", "ask", "--reason", "tests", "--by", "operator")
    assert "Nothing is done yet" in asked.stdout, asked.stderr
    assert [word for word in WORDS if word in asked.stdout] == []
    told_next = asked.stdout.splitlines()[-1].split()
    assert (told_next[:3], told_next[4:]) == (["mente", "retention", "approve"], ["--by", "WHO"])
    run_id = told_next[3]
    alone = await told(intake, *told_next[1:-1], "operator")
    assert (alone.returncode, "scope-missing" in alone.stderr) == (1, True)
    early = await told(intake, "retention", "run", run_id)
    assert (early.returncode, "retention-not-agreed" in early.stderr) == (1, True)
    assert len(papers_in(intake)) == PERSONS + 1
    agreed = await told(intake, *told_next[1:-1], "supervisor")
    assert f"mente retention run {run_id}" in agreed.stdout, agreed.stderr
    return run_id


@pytest.mark.timeout(400)
async def test_two_people_let_go_what_is_due_and_a_kill_in_between_does_no_harm(intake):
    nothing = await told(intake, "retention", "list")
    assert (nothing.returncode, nothing.stdout.split(" on ")[0]) == (0, "Nothing is due"), nothing.stderr
    refused = await told(intake, "retention", "ask", "--reason", "tests")
    assert (refused.returncode, "nothing-due" in refused.stderr) == (1, True)

    receipts = await decided_long_ago(intake, PERSONS)
    listed = await told(intake, "retention", "list")
    assert f"and {PERSONS - 20} more; --json shows them all" in listed.stdout, listed.stderr
    found = json.loads((await told(intake, "retention", "list", "--json")).stdout)
    assert {one["acceptance_no"] for one in found["applications"]} == {r.acceptance_no for r in receipts}

    run_id = await agreed_by_two(intake)
    assert len(papers_in(intake)) == PERSONS + 1

    begun, _ = await asyncio.gather(told(intake, "retention", "run", run_id), killed_after_a_batch(intake))
    assert (begun.returncode, "do not answer" in begun.stderr) == (1, True), begun.stdout
    done = await intake.database.fetchval("SELECT count(*) FROM applications WHERE retired IS NOT NULL")
    assert 0 < done <= PERSONS
    assert len(papers_in(intake)) == PERSONS + 1

    await in_thread(intake.running.start_again, "intake")
    finished = await told(intake, "retention", "run", run_id)
    assert "Nothing is left of what was due." in finished.stdout, finished.stderr
    assert f"{PERSONS + 1} papers erased" in finished.stdout
    assert papers_in(intake) == []
    assert await intake.database.fetchval("SELECT count(*) FROM person_keys") == 0

    verified = await told(intake, "audit", "verify", "--topic", "intake.applications", "--json")
    proof = json.loads(verified.stdout)
    assert (proof["breaks"], proof["chains"]) == ([], {"intake.applications": PERSONS}), verified.stderr
    assert proof["events"]["intake.applications"] >= 2 * PERSONS  # what was killed may repeat itself
    life = await told(intake, "audit", "history", receipts[0].acceptance_no)
    assert "its papers are erased" in life.stdout, life.stderr
    assert "supervisor" in life.stdout
    words = "".join(one.stdout + one.stderr for one in (listed, begun, finished, life))
    logged = (intake.running.stack.logs_folder / "intake.log").read_text()
    assert [word for word in WORDS if word in words + logged] == []


async def test_a_person_is_erased_by_two_people_only(intake):
    assert (await intake.upload()).status_code == 201
    receipt = await submitted(intake, PERSONS)
    await intake.review(receipt, rejected(receipt))
    words = ("person", "erase", str(receipt.person_id), "--reason", "on request", "--by", "operator")

    async def all_ended():
        return (await told(intake, *words)).returncode == 0

    await until(all_ended, within=60)
    asked = await told(intake, *words)
    assert "Nothing is done yet" in asked.stdout, asked.stderr
    *approve, who = asked.stdout.splitlines()[-1].split()
    assert (approve[:3], approve[4:], who) == (["mente", "person", "approve"], ["--by"], "WHO")
    alone = await told(intake, *approve[1:], "operator")
    assert (alone.returncode, alone.stderr.count("\n")) == (1, 1)
    assert "(scope-missing)" in alone.stderr
    done = await told(intake, *approve[1:], "supervisor")
    assert "supervisor agreed: the person is erased" in done.stdout, done.stderr
    again = await told(intake, *approve[1:], "auditor")
    assert (again.returncode, "(erasure-done)" in again.stderr) == (1, True)
    kept = "SELECT count(*) FROM person_keys WHERE person_id = $1"
    assert await intake.database.fetchval(kept, receipt.person_id) == 0
