"""A region that nobody programmed is added by data alone, and its people apply until a decision is made."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
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


async def publish(running: StackUnderTest, text: str) -> list[dict[str, Any]]:
    """Draft, check and publish a file, as two people do."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:

        async def post(who: str, path: str, **body: str) -> Any:
            form = {"grant_type": "password", "username": who}
            token = (await http.post(f"{running.stack.oidc_issuer}/token", data=form)).json()["access_token"]
            url = f"{running.stack.gateway_url}/api/catalog{path}"
            answer = await http.post(url, json=body, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code < 300, answer.text
            return answer.json()

        draft = await post("policy_editor", "/drafts", name="samplecity.yaml", text=text, note="a new region")
        report = await post("policy_editor", f"/drafts/{draft['draft_id']}/check")
        assert report["passed"], report
        stated: list[dict[str, Any]] = await post(
            "policy_publisher", f"/drafts/{draft['draft_id']}/publication"
        )
        return stated


async def decide(world: World, wish: Wish, application: Any) -> None:
    """Acceptance, first review and decision by three people of the region."""
    await application.act("acceptance", "accept")
    await application.act("first-1", "forward", {"to_stage": "final", "opinion": "材料齐全，建议通过"})
    await application.act("final-1", "decision", {"outcome": "approved", "opinion": "符合条件"})


async def test_a_region_is_added_by_data_alone_and_decides_while_catalog_is_away(
    running: StackUnderTest, world: World
) -> None:
    await let_channel_and_staff_in(running)
    text = FILE.read_text(encoding="utf-8").replace("TODAY", world.today().isoformat())
    (stated,) = await publish(running, text)
    assert (stated["key"], stated["version"]) == (REGION, 1)

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
