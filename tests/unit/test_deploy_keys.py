"""First-run secrets: made once, readable by their owner alone, never committed."""

import base64
import importlib
import json
from pathlib import Path

import pytest

from deploy.local.keys import CHANNELS, make_keys, staff_list
from deploy.local.ports import PREFERRED
from deploy.local.stack import SERVICES, Stack, service_environment
from shared.key_service import MasterKeys, fresh_line
from shared.sealed_submissions import SubmissionKeys, seal_submission
from shared.sealing import Algorithm


def test_every_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys")
    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert len(files) == len(CHANNELS) + 9
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_a_second_start_keeps_every_secret(tmp_path: Path) -> None:
    make_keys(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    make_keys(tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_an_empty_secret_is_made_again(tmp_path: Path) -> None:
    make_keys(tmp_path)
    (tmp_path / "lookup.key").write_text("")
    make_keys(tmp_path)
    assert len(bytes.fromhex((tmp_path / "lookup.key").read_text())) == 32


def test_the_master_keys_begin_with_one_that_wraps(tmp_path: Path) -> None:
    make_keys(tmp_path)
    assert MasterKeys.load(tmp_path / "master.keys", Algorithm.A256GCM).current == "local-1"


def test_a_master_key_that_is_appended_wraps_from_then_on(tmp_path: Path) -> None:
    make_keys(tmp_path)
    with (tmp_path / "master.keys").open("a") as file:
        file.write(fresh_line("local-2", Algorithm.A256GCM))
    make_keys(tmp_path)
    assert MasterKeys.load(tmp_path / "master.keys", Algorithm.A256GCM).current == "local-2"


@pytest.mark.parametrize(
    ("service", "needs"), [("catalog", False), ("intake", True), ("review", True), ("notify", True)]
)
def test_who_reads_what_is_sealed_is_told_where_the_master_keys_are(
    tmp_path: Path, service: str, needs: bool
) -> None:
    make_keys(tmp_path / "keys")
    stack = Stack(home=tmp_path, ports=PREFERRED)
    told = service_environment(stack, service).get("MENTE_MASTER_KEYS")
    assert told == (str(tmp_path / "keys" / "master.keys") if needs else None)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_finds_in_its_environment_all_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, service: str
) -> None:
    make_keys(tmp_path / "keys")
    stack = Stack(home=tmp_path, ports=PREFERRED)
    for name, value in service_environment(stack, service).items():
        monkeypatch.setenv(name, value)
    app = importlib.import_module(f"services.{service}.app")
    assert app.PROGRAM.read_settings().kafka == stack.kafka


def test_channels_seal_to_the_key_that_intake_opens_with(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys")
    stack = Stack(home=tmp_path, ports=PREFERRED)
    sealed = seal_submission(stack.submission_key(), b"{}")
    told = service_environment(stack, "intake")["MENTE_SUBMISSION_KEYS"]
    assert SubmissionKeys.load(told).open(sealed) == b"{}"
    assert "d" not in stack.submission_key()


def test_the_services_get_public_keys_only(tmp_path: Path) -> None:
    make_keys(tmp_path)
    text = (tmp_path / "channels.json").read_text()
    assert "PRIVATE" not in text
    for channel in json.loads(text)["channels"]:
        assert len(base64.b64decode(channel["public_key"])) == 32
        assert set(channel["regions"]) <= {"panzhihua", "shangrao"}


def test_each_region_has_enough_staff_for_four_eyes() -> None:
    for area in ("510400", "361100"):
        roles = [role for person in staff_list() if person["areas"] == [area] for role in person["roles"]]
        assert sorted(roles) == sorted(
            ["acceptance_officer", *["first_reviewer", "expert", "final_reviewer"] * 2]
        )
