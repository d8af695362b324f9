"""A region that nobody programmed is added by data alone, and its people apply until a decision is made."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.demo.applying import apply
from deploy.demo.bus import has
from deploy.demo.dossiers import Wish, an_offer, diagnosis, identity_card
from deploy.demo.persons import Figure
from deploy.demo.world import World, open_world
from deploy.local.stack import PARTS
from services.catalog.app import read_documents
from shared.calendar import Calendar
from shared.contracts.calendars import CalendarDocument
from shared.contracts.submissions import ApplicantClass
from tests.support.bus import until
from tests.support.stack import StackUnderTest, embedded_stack, in_thread

REGION, AREA = "samplecity", "990100"
FILE = Path(__file__).parents[1] / "support" / "regions" / "samplecity.yaml"
POSTS = {"acceptance": "acceptance_officer", "first-1": "first_reviewer", "final-1": "final_reviewer"}
YEARS = [document for document in read_documents() if isinstance(document, CalendarDocument)]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def running() -> Iterator[StackUnderTest]:
    """The whole system on free ports."""
    with embedded_stack(PARTS) as running:
        yield running


@pytest.fixture
async def world(running: StackUnderTest) -> AsyncIterator[World]:
    async with open_world(running.stack) as opened:
        yield opened


async def let_channel_and_staff_in(running: StackUnderTest) -> None:
    """What the operator of the deployment grants: a channel may speak for the region, people work for it."""
    channels = json.loads(running.stack.channels_file.read_text())
    for channel in channels["channels"]:
        if channel["id"] == "national_app":
            channel["regions"].append(REGION)
    running.stack.channels_file.write_text(json.dumps(channels))
    file = running.stack.home / "keys" / "staff.json"
    staff = json.loads(file.read_text())
    for person in staff["staff"]:
        person["areas"] = [*person["areas"], AREA] if person["username"] == "operator" else person["areas"]
    staff["staff"] += [
        {"username": f"{REGION}-{post}", "name": post, "roles": [role], "areas": [AREA]}
        for post, role in POSTS.items()
    ]
    file.write_text(json.dumps(staff))
    for part in ("oidc", "intake", "notify"):
        await in_thread(running.stop, part)
        await in_thread(running.start_again, part)


async def mente(running: StackUnderTest, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as an administrator types it, on this stack."""
    environment = {**os.environ, "MENTE_HOME": str(running.stack.home), "COLUMNS": "200"}
    command = [sys.executable, "-m", "deploy.cli", *words]
    return await asyncio.to_thread(
        subprocess.run, command, check=False, env=environment, capture_output=True, text=True, timeout=60
    )


async def publish(running: StackUnderTest, file: Path) -> str:
    """Import and publish a file as two people do; what the second is told."""
    imported = await mente(running, "policy", "import", str(file), "--note", "a new region")
    assert imported.returncode == 0, imported.stderr
    (draft,) = re.findall(r"draft ([0-9a-f-]{36})", imported.stdout)
    alone = await mente(running, "policy", "publish", draft, "--by", "policy_editor")
    assert (alone.returncode, "scope-missing" in alone.stderr) == (1, True)
    published = await mente(running, "policy", "publish", draft, "--by", "policy_publisher")
    assert published.returncode == 0, published.stderr
    return published.stdout


async def decide(world: World, wish: Wish, application: Any) -> None:
    """Acceptance, first review and decision by three people of the region."""
    await application.act("acceptance", "accept")
    await application.act("first-1", "forward", {"to_stage": "final", "opinion": "材料齐全，建议通过"})
    await application.act("final-1", "decision", {"outcome": "approved", "opinion": "符合条件"})


async def test_a_region_is_added_by_data_alone_and_decides_while_catalog_is_away(
    running: StackUnderTest, world: World, tmp_path: Path
) -> None:
    await let_channel_and_staff_in(running)
    file = tmp_path / "samplecity.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace("TODAY", world.today().isoformat()))
    assert "published catalog.policies samplecity, version 1" in await publish(running, file)

    figure = world.someone()
    papers = [*identity_card(figure), diagnosis(figure, world.today())]
    wish = Wish(figure, REGION, "SMP-1", "示例慢性病", ApplicantClass.RESIDENT, papers)
    await until(lambda: knows_the_region(world))
    notice = await world.notice(REGION)
    assert notice.version == "samplecity-notice-1"
    first = await apply(world, "national_app", wish, papers)

    await in_thread(running.kill, "catalog")
    other = await apply_without_catalog(world, wish, notice)
    for application in (first, other):
        await decide(world, wish, application)
        chapter = await application.close("approved", ("submitted", "accepted", "approved"))
        assert chapter.due_on == due(world.today())
        assert all(text["text"].startswith("【示例市医保】") for text in chapter.texts)


async def test_policies_move_to_another_place_as_files(running: StackUnderTest, tmp_path: Path) -> None:
    await in_thread(running.start_again, "catalog")
    exported = await mente(running, "policy", "export", str(tmp_path / "there"))
    assert exported.returncode == 0, exported.stderr
    again = await mente(running, "policy", "import", str(tmp_path / "there"))
    assert again.returncode == 0, again.stderr
    lines = again.stdout.splitlines()
    assert "region:samplecity: is what is published already" in lines
    assert all(line.endswith("is what is published already") for line in lines)
    changed = tmp_path / "changed.yaml"
    text = (tmp_path / "there" / "regions" / "samplecity.yaml").read_text(encoding="utf-8")
    changed.write_text(text.replace("sla_working_days: 7", "sla_working_days: 9"), encoding="utf-8")
    told = await mente(running, "policy", "diff", str(changed))
    assert "deadlines.sla_working_days: 7 → 9" in told.stdout
    checked = await mente(running, "policy", "check", str(changed))
    assert checked.returncode == 1
    assert "vector 1 (seven working days over the Spring Festival)" in checked.stdout
    changed.write_text(text.replace("version: samplecity", "version: samplecity !"), encoding="utf-8")
    corrupt = await mente(running, "policy", "import", str(changed))
    line = 1 + text[: text.index("version: samplecity")].count("\n")
    assert corrupt.returncode == 1
    assert f"changed.yaml, line {line}, notice.version: " in corrupt.stderr
    assert "Traceback" not in corrupt.stderr


async def apply_without_catalog(world: World, wish: Wish, notice: Any) -> Any:
    """Hand in with the notice that was read before; catalog answers nobody."""
    from deploy.demo.applying import Application

    figure: Figure = world.someone()
    papers = [*identity_card(figure), diagnosis(figure, world.today())]
    sender = world.sender("national_app")
    new = Wish(figure, wish.region, wish.disease_code, wish.disease, wish.applicant_class, papers)
    receipt = await sender.submit(an_offer(new, await world.upload(sender, papers), notice))
    application = Application(world, sender, new, receipt)
    await application.until(has("case-opened"), "its case was opened")
    return application


async def knows_the_region(world: World) -> bool:
    """Whether anyone is told about the region yet."""
    answer = await world.http.get("/api/catalog/regions/samplecity/channels")
    return answer.status_code == 200


def due(today: date) -> str:
    """Seven working days after today, by a calendar of its own."""
    return Calendar.of(YEARS).add_working_days(today, 7).on.isoformat()
