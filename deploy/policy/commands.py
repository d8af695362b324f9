"""The commands `mente policy …`: check, compare, import, publish and export policy files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from deploy.local.folder import supervisor_pid
from deploy.local.stack import default_home
from deploy.policy.reading import read
from deploy.policy.rehearsing import rehearse
from deploy.staff_calls import StaffCalls, stop

if TYPE_CHECKING:
    from datetime import date

    from deploy.policy.files import Base
    from services.catalog.domain.sheets import Sheet

EDITOR, PUBLISHER = "policy_editor", "policy_publisher"
MOST_SHOWN = 60

app = typer.Typer(
    help="Each region's rules: check, compare, publish and rehearse them.", no_args_is_help=True
)
Paths = Annotated[
    list[Path], typer.Argument(metavar="FILE", exists=True, help="Policy files, or folders of them.")
]
Drafted = Annotated[UUID, typer.Argument(metavar="ID", help="The draft; `mente policy list` shows it.")]


@app.command()
def check(paths: Paths) -> None:
    """Check files: form, references, every test vector, legal bases; exit 1 if one may not be published.

    They stand with what is published here, or with the files of the product where nothing runs.
    """
    from services.catalog.domain.checking import check as check_one
    from services.catalog.forms import faults
    from shared.errors import Unreadable

    base = _base()
    try:
        sheets = read(paths)
        layers, calendars = base.layers_with(sheets), base.calendars_with(sheets)
        reports = {sheet: check_one(sheet, layers, calendars, _from(base, sheet), faults) for sheet in sheets}
    except Unreadable as error:
        stop("\n".join(error.detail.split("; ")))
    typer.echo(f"Checked with {base.name}.")
    for sheet, report in reports.items():
        verdict = "sound" if report.passed else f"{len(report.errors)} things are wrong"
        reach = f", makes {', '.join(report.regions)}" if report.regions else ""
        typer.echo(f"{sheet.file.name} ({sheet.key}): {verdict}; {report.vectors} vectors{reach}")
        for told in (*report.errors, *(f"note: {warning}" for warning in report.warnings)):
            typer.echo(f"  {told}")
    if not all(report.passed for report in reports.values()):
        raise typer.Exit(1)


@app.command()
def diff(paths: Paths) -> None:
    """Tell value by value what files say otherwise than what is published."""
    from services.catalog.domain.comparing import compare

    base = _base()
    for sheet in read(paths):
        held = base.newest(sheet.key)
        found = compare(held.sheet.values if held else {}, sheet.values)
        before = f"version {held.version}" if held else "nothing"
        typer.echo(f"{sheet.key}: {len(found)} values differ from {before} of {base.name}")
        for one in found[:MOST_SHOWN]:
            typer.echo(f"  {one.path}: {_told(one.before)} → {_told(one.after)}")
        if len(found) > MOST_SHOWN:
            typer.echo(f"  and {len(found) - MOST_SHOWN} more")


@app.command("import")
def import_files(
    paths: Paths,
    note: Annotated[str, typer.Option(help="What the change is about; it is kept.")] = "imported",
    by: Annotated[str, typer.Option(metavar="WHO", help="Who writes them: a policy editor.")] = EDITOR,
) -> None:
    """Make drafts of files that differ from what is published, and check them."""
    base, sheets = _base(), read(paths)
    with StaffCalls("catalog") as calls:
        for sheet in sheets:
            held = base.newest(sheet.key)
            if held and held.sheet.file.text == sheet.file.text:
                typer.echo(f"{sheet.key}: is what is published already")
                continue
            text = {"name": Path(sheet.file.name).name, "text": sheet.file.text}
            draft = calls.post(by, "/drafts", note=note, **text)
            typer.echo(f"{sheet.key}: draft {draft['draft_id']}, holds from {draft['effective_from']}")
            _tell_check(calls.post(by, f"/drafts/{draft['draft_id']}/check"), draft["draft_id"])


@app.command()
def publish(
    draft: Drafted,
    by: Annotated[
        str, typer.Option(metavar="WHO", help="Who publishes: a policy publisher who did not write it.")
    ],
) -> None:
    """Publish a draft that somebody else wrote; it is checked once more before."""
    with StaffCalls("catalog") as calls:
        report = calls.post(by, f"/drafts/{draft}/check")
        if not report["passed"]:
            _tell_check(report, str(draft))
            raise typer.Exit(1)
        stated = calls.post(by, f"/drafts/{draft}/publication")
    for one in stated:
        since = f", holds from {one['effective_from']}" if one["effective_from"] else ""
        typer.echo(f"published {one['topic']} {one['key']}, version {one['version']}{since}")
    if not stated:
        typer.echo("published; no region's policy says anything else by it")


@app.command()
def withdraw(
    draft: Drafted,
    by: Annotated[str, typer.Option(metavar="WHO", help="An editor or a publisher.")] = EDITOR,
) -> None:
    """Take back a draft that is not published."""
    with StaffCalls("catalog") as calls:
        calls.post(by, f"/drafts/{draft}/withdrawal")
    typer.echo("withdrawn")


@app.command("list")
def list_files(
    by: Annotated[str, typer.Option(metavar="WHO", help="Who looks.")] = EDITOR,
) -> None:
    """Show which version of which file holds, and the drafts that are on their way."""
    from rich.console import Console
    from rich.table import Table

    with StaffCalls("catalog") as calls:
        files, drafts = calls.get(by, "/files"), calls.get(by, "/drafts")
    table = Table("file", "version", "holds from", "standing", "written by", "published by", box=None)
    for one in files:
        people = (one["written_by"] or "the product", one["published_by"] or "-")
        table.add_row(one["key"], str(one["version"]), one["effective_from"], one["standing"], *people)
    screen = Console(markup=False, highlight=False)
    screen.print(table)
    for one in drafts:
        if one["standing"] in {"draft", "checked"}:
            screen.print(
                f"{one['standing']} {one['draft_id']}: {one['key']} from {one['effective_from']}, "
                f"by {one['written_by']} ({one['note']})"
            )


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="The folder to write to; files there are written over.")],
    by: Annotated[str, typer.Option(metavar="WHO", help="Who looks.")] = EDITOR,
) -> None:
    """Write the newest published version of every file to a folder, for `import` elsewhere."""
    from deploy.policy.files import place_of, published

    with StaffCalls("catalog") as calls:
        base = published(calls, by)
    for key, held in base.files.items():
        place = place_of(folder, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(held[-1].sheet.file.text, encoding="utf-8")
    typer.echo(f"wrote {len(base.files)} files to {folder}")


app.command()(rehearse)


def _base() -> Base:
    from deploy.policy.files import delivered, published

    if supervisor_pid(default_home()) == 0:
        return delivered()
    with StaffCalls("catalog") as calls:
        return published(calls, EDITOR)


def _from(base: Base, sheet: Sheet) -> date:
    """The day from which a change may hold: any for a file that says what is published already."""
    from datetime import UTC, date, datetime

    from shared.clock import shanghai_date

    held = base.newest(sheet.key)
    same = held is not None and held.sheet.file.text == sheet.file.text
    return date.min if same else shanghai_date(datetime.now(UTC))


def _tell_check(report: dict[str, Any], draft: str) -> None:
    for told in (*report["errors"], *(f"note: {warning}" for warning in report["warnings"])):
        typer.echo(f"  {told}")
    if report["passed"]:
        typer.echo(f"  checked. Somebody else, WHO, publishes it by\n  mente policy publish {draft} --by WHO")
    else:
        typer.echo("  it stays a draft: mend the file and import it again")


def _told(value: Any) -> str:
    if isinstance(value, dict) and ("v" in value or "unknown" in value):
        value = "unknown" if value.get("unknown") else value.get("v")
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 80 else text[:77] + "…"
