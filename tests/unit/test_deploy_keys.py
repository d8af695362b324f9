"""First-run secrets: made once, readable by their owner alone, never committed."""

import base64
import json
from pathlib import Path

from deploy.local.keys import CHANNELS, make_keys, staff_list


def test_every_secret_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    make_keys(tmp_path / "keys")
    files = [path for path in (tmp_path / "keys").rglob("*") if path.is_file()]
    assert len(files) == len(CHANNELS) + 7
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
