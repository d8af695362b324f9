"""Kafka's settings and the files that all brokers of a machine share."""

from pathlib import Path

import pytest

from deploy.local.kafka import server_settings
from deploy.local.kafka_cache import AOT, CHECKPOINT, SIZE, is_finished
from deploy.local.ports import PREFERRED
from deploy.local.stack import Stack


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    (tmp_path / CHECKPOINT).write_bytes(b"log")
    (tmp_path / AOT).write_bytes(b"classes")
    (tmp_path / SIZE).write_text("7")
    return tmp_path


def test_whole_files_are_used(shared: Path) -> None:
    assert is_finished(shared)


@pytest.mark.parametrize("name", [CHECKPOINT, AOT, SIZE])
def test_a_missing_file_is_noticed(shared: Path, name: str) -> None:
    (shared / name).unlink()
    assert not is_finished(shared)


def test_a_half_file_is_noticed(shared: Path) -> None:
    (shared / AOT).write_bytes(b"cla")
    assert not is_finished(shared)


def test_a_machine_whose_java_makes_no_such_file_is_not_asked_again(shared: Path) -> None:
    (shared / AOT).unlink()
    (shared / SIZE).write_text("0")
    assert is_finished(shared)


def test_the_broker_listens_on_this_machine_alone_and_makes_no_topics_by_itself() -> None:
    lines = server_settings(Stack(home=Path("/run/mente"), ports=PREFERRED), Path("/run/data")).splitlines()
    settings = dict(line.split("=", 1) for line in lines)
    port, controller = PREFERRED["kafka"], PREFERRED["kafka_controller"]
    assert settings["listeners"] == f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}"
    assert settings["auto.create.topics.enable"] == "false"
    assert settings["log.dirs"] == "/run/data"
