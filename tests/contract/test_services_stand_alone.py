"""Each service runs from a copy of `shared` and of itself, as its image has it: the others are not there."""

import json

import pytest

from deploy.contracts.subscriptions import services
from tests.support.alone import copy_of, outputs_of, start_alone

COMMON = """
import contextlib, importlib, io, json
from shared import edge
from shared.access import Channels
from shared.citizens import CitizenDoor
from shared.batching import Batcher
from shared.health import Health
from shared.person_keys import PersonKeys
from shared.postgres import Database
from shared.program import main
from shared.signin import StaffDoor

database, keys = Database(None), PersonKeys(None, None)
"""

BUILT = {
    "catalog": """
from services.catalog import actions, app
staff = StaffDoor("http://127.0.0.1:1", "mente")
built = app.application(actions.Shelf(database, app.now), staff)
""",
    "intake": """
from services.intake import actions, app
from services.intake.consumer import Letterbox
from services.intake.materials import Materials
from services.intake.policies import Policies
from joserfc.jwk import KeySet
from shared.nonces import Nonces
from shared.sealed_submissions import SubmissionKeys, fresh_key
desk = actions.Desk(database, Policies(database), Materials("memory:///"), b"", keys, app.draw)
nonces = Nonces("redis://127.0.0.1:1")
letterbox = Letterbox(Channels([]), SubmissionKeys(KeySet.import_key_set({"keys": [fresh_key("one")]})))
at = app.Entrances(nonces, StaffDoor("http://127.0.0.1:1", "mente"))
built = app.Process(desk, letterbox, at, with_api=True).application()
""",
    "review": """
from services.review import actions, api, app
built = edge.application("Mente review", "review", Health())
staff = StaffDoor("http://127.0.0.1:1", "mente")
app.add_api(built, api.Office(actions.Desk(database, actions.Shelf(), keys), staff, app.now))
""",
    "notify": """
from services.notify import api, app
from services.notify.actions.opening import Vault
built = edge.application("Mente notify", "notify", Health())
staff = StaffDoor("http://127.0.0.1:1", "mente")
desk = api.Desk(Vault(database, keys), CitizenDoor(Channels([])), staff, "", Batcher(None), app.now)
api.add_routes(built, desk)
""",
}

TOLD = """
def is_there(name):
    with contextlib.suppress(ModuleNotFoundError):
        return bool(importlib.import_module(name))
    return False

complaint = io.StringIO()
with contextlib.redirect_stderr(complaint):
    code = main(importlib.import_module(f"services.{service}.app").PROGRAM, ["serve"])
there = [name for name in [*(f"services.{one}.app" for one in everyone), "deploy", "tests"] if is_there(name)]
paths = sorted(built.openapi()["paths"])
print(json.dumps({"there": there, "paths": paths, "code": code, "complaint": complaint.getvalue()}))
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each service says of itself; all are started at once."""
    running = {}
    for service in services():
        tree = copy_of(tmp_path_factory.mktemp(service), ["shared", f"services/{service}"])
        names = f"service, everyone = {service!r}, {services()!r}\n"
        running[service] = start_alone(tree, COMMON + BUILT[service] + names + TOLD)
    return {service: json.loads(out.splitlines()[-1]) for service, out in outputs_of(running).items()}


@pytest.mark.parametrize("service", services())
def test_a_service_is_built_while_no_other_is_there(told, service):
    assert told[service]["there"] == [f"services.{service}.app"]


@pytest.mark.parametrize("service", services())
def test_a_service_offers_its_routes_under_its_own_prefix(told, service):
    routes = [path for path in told[service]["paths"] if not path.startswith(("/health", "/metrics"))]
    assert routes
    assert [path for path in routes if not path.startswith(f"/api/{service}/")] == []


@pytest.mark.parametrize("service", services())
def test_a_service_without_settings_does_not_start_and_says_what_it_needs(told, service):
    assert told[service]["code"] == 2
    assert "MENTE_DATABASE_URL" in told[service]["complaint"]
    assert len(told[service]["complaint"].strip().splitlines()) == 1
