"""The command `mente demo` refuses in one sentence what it cannot do."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from deploy.demo_cli import command

app = typer.Typer()
app.command()(command)


def demo(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"MENTE_HOME": str(home), "COLUMNS": "200"})


def test_without_a_running_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    ended = demo(tmp_path)

    assert ended.exit_code == 1
    assert ended.stderr == "Mente: nothing runs here: `make run` starts it\n"


def test_an_unknown_story_is_answered_with_those_there_are(tmp_path: Path) -> None:
    ended = demo(tmp_path, "--only", "cinderella")

    assert ended.exit_code == 2
    assert "hypertension-panzhihua, missing-opinion-shangrao, old-record-panzhihua" in ended.stderr


@pytest.mark.parametrize("words", [("--count", "-1"), ("--count", "3", "--only", "hypertension-panzhihua")])
def test_a_senseless_wish_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert demo(tmp_path, *words).exit_code == 2
