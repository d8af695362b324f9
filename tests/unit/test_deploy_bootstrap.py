"""The bootstrap: uv looks where pip looks, and what goes wrong is one sentence."""

import json
from pathlib import Path

import pytest

from deploy.bootstrap import is_done, require_python
from deploy.package_index import NoNetwork, Stopped, failure, parse_pip_settings, uv_environment


def test_uv_uses_the_index_and_certificates_of_pip(tmp_path: Path) -> None:
    settings = parse_pip_settings("global.cert='/c.pem'\nglobal.index-url='https://index.example/simple'\n")
    chosen = uv_environment(settings, tmp_path)
    assert chosen["UV_DEFAULT_INDEX"] == "https://index.example/simple"
    assert chosen["UV_CACHE_DIR"] == str(tmp_path)


def test_the_environment_wins_over_files() -> None:
    listed = ":env:.index-url='https://one.example'\nglobal.index-url='https://two.example'\n"
    assert parse_pip_settings(listed) == {"index-url": "https://one.example"}


def test_a_folder_of_wheels_that_is_not_there_is_left_out(tmp_path: Path) -> None:
    found = uv_environment({"find-links": f"{tmp_path} /does/not/exist"}, tmp_path)
    assert found["UV_FIND_LINKS"] == str(tmp_path)


@pytest.mark.parametrize(
    "said",
    [
        "error: Failed to fetch: `x`\n  Caused by: dns error",
        "ERROR: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
        "hint: Packages were unavailable because the network was disabled.",
    ],
)
def test_no_network_is_one_plain_sentence(said: str, tmp_path: Path) -> None:
    reason = failure(said, tmp_path)
    assert isinstance(reason, NoNetwork)
    assert "connect this machine to the network" in str(reason)


def test_another_failure_tells_its_last_line_and_where_the_rest_is(tmp_path: Path) -> None:
    assert "it broke (all of it is in" in str(failure("first\nit broke\n", tmp_path / "log"))


def test_an_old_python_is_refused() -> None:
    with pytest.raises(Stopped, match=r"3\.11 or newer"):
        require_python((3, 10))


def test_an_installation_without_a_stamp_is_not_done(tmp_path: Path) -> None:
    assert not is_done(tmp_path / "stamp", "digest", ["local"])


@pytest.mark.parametrize(
    ("have", "digest", "done"),
    [(["local"], "d", False), (["local", "test"], "d", True), (["local", "test"], "old", False)],
)
def test_a_stamp_counts_for_its_files_and_extras(
    tmp_path: Path, have: list[str], digest: str, done: bool
) -> None:
    stamp = tmp_path / "stamp"
    stamp.write_text(json.dumps({"digest": digest, "extras": have}))
    assert is_done(stamp, "d", ["local", "test"]) is done
