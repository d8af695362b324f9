"""Ports: the ones of the last time when they are free, others when not, never one twice."""

import subprocess
import sys
from pathlib import Path

from deploy.local.ports import LOWEST, PREFERRED, choose, claim
from deploy.local.stack import Stack, plan


def test_the_wanted_ports_are_kept_when_free() -> None:
    assert choose(["kafka", "valkey"], {"kafka": 17001, "valkey": 17002}, lambda _port: True) == {
        "kafka": 17001,
        "valkey": 17002,
    }


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    chosen = choose(["kafka", "valkey"], {"kafka": 17001, "valkey": 17002}, lambda port: port != 17001)
    assert chosen["valkey"] == 17002
    assert chosen["kafka"] not in {17001, 17002}
    assert chosen["kafka"] >= LOWEST


def test_two_names_never_share_a_port() -> None:
    chosen = choose(["a", "b", "c"], {"a": 17001, "b": 17001}, lambda _port: True)
    assert len(set(chosen.values())) == 3


def test_what_one_program_has_chosen_no_other_gets_until_it_ends() -> None:
    """Both may look before the server of one of them listens."""
    words = "from deploy.local.ports import choose; print(choose(['a'], {})['a'], flush=True); input()"
    command = [sys.executable, "-c", words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        port = int(other.stdout.readline())
        assert not claim(port)
        assert choose(["b"], {"b": port})["b"] != port
        other.communicate(b"\n")
    assert choose(["b"], {"b": port}) == {"b": port}


def test_a_chosen_port_is_not_chosen_again_for_another() -> None:
    first = choose(["a"], {})["a"]
    assert not claim(first)


def test_a_second_start_uses_the_ports_of_the_first(tmp_path: Path) -> None:
    ports = choose(PREFERRED, {})
    Stack(home=tmp_path, ports=ports).save()
    assert plan(tmp_path, ["kafka"]).ports == ports


def test_an_unreadable_description_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text("{half")
    assert set(plan(tmp_path, ["kafka"]).ports) == set(PREFERRED)
