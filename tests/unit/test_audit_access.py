"""Who looked at an application is told in plain words."""

import io
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console
from typer.testing import CliRunner

from deploy.audit.access import DONE, SEEN, Access, table_of
from deploy.audit_cli import app
from shared.access import ROUTES, Caller

APPLICATION = UUID(int=1)
NEVER_RECORDED = {"post_application", "post_material"}
"""They hand something in and show nothing."""


def a_look(**told: Any) -> Access:
    look = {
        "id": 1,
        "at": "2026-09-18T02:00:00Z",
        "actor": "panzhihua-first-1",
        "roles": ["first_reviewer"],
        "act": "get_case",
        "applications": [str(APPLICATION)],
        "person_id": None,
        "fields": [],
        "reason": None,
        "outcome": "shown",
        "code": None,
    }
    return Access("review", {**look, **told})


def test_every_call_that_shows_an_application_has_its_words():
    callers = {Caller.STAFF, Caller.CHANNEL, Caller.CITIZEN}
    closed = [name for name, access in ROUTES.items() if access.caller in callers]
    names = {name.partition(".")[2] for name in closed if not name.startswith("catalog.")}
    assert set(SEEN) | set(DONE) == names - NEVER_RECORDED


def test_a_look_is_told_with_name_fields_reason_and_outcome():
    told = a_look(act="post_unmask", fields=["id_number", "phone"], reason="与身份证核对")
    refused = a_look(act="post_decision", outcome="refused", code="four-eyes", actor="someone")
    by_channel = a_look(act="get_inbox", actor="ganfutong", roles=["citizen"])
    screen = Console(file=io.StringIO(), width=160)
    screen.print(table_of(APPLICATION, [told, refused, by_channel]))
    shown = screen.file.getvalue()
    assert "09-18 10:00:00" in shown
    assert "id number, phone in full" in shown
    assert "reason: 与身份证核对" in shown
    assert "someone (first_reviewer)" in shown
    assert "refused: four-eyes" in shown
    assert "the person, vouched for by" in shown
    assert (told.outcome, a_look(act="post_claim").outcome) == ("shown", "done")


def test_without_a_running_stack_it_says_how_to_start_one(tmp_path: Path):
    ended = CliRunner().invoke(app, ["access", str(APPLICATION)], env={"MENTE_HOME": str(tmp_path)})
    assert ended.exit_code == 2
    assert ended.stderr == "Mente: nothing runs here: `make run` starts it\n"
