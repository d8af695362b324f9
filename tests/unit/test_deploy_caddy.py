"""The gateway's settings: four prefixes that are kept, event streams that are not held back."""

import re
from pathlib import Path

import pytest

from deploy.local.caddy import caddyfile
from deploy.local.ports import PREFERRED
from deploy.local.stack import SERVICES, Stack

SETTINGS = caddyfile(Stack(home=Path("/run/mente"), ports=PREFERRED))


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_behind_its_own_prefix(service: str) -> None:
    route = re.search(rf"handle /api/{service}/\* \{{\s*reverse_proxy ([^\s]+)", SETTINGS)
    assert route is not None
    assert route[1] == f"127.0.0.1:{PREFERRED[service]}"


def test_no_prefix_is_stripped() -> None:
    assert "handle_path" not in SETTINGS
    assert "strip_prefix" not in SETTINGS


def test_event_streams_are_not_compressed() -> None:
    assert "encode" not in SETTINGS


def test_it_listens_on_this_machine_alone_and_opens_no_door_of_its_own() -> None:
    assert "default_bind 127.0.0.1" in SETTINGS
    assert "admin off" in SETTINGS
    assert "auto_https off" in SETTINGS
