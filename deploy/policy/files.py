"""Policy files given on the command line, and the published ones that they stand with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.staff_calls import StaffCalls
from services.catalog.domain.composing import Edition
from services.catalog.domain.places import File
from services.catalog.domain.sheets import Sheet, calendar_of, read_sheet
from shared.contracts.calendars import CalendarDocument
from shared.errors import Unreadable

FOLDERS = {"national": "", "province": "provinces", "region": "regions", "calendar": "calendars"}


@dataclass(frozen=True, slots=True)
class Base:
    """The policy files that hold, by key and oldest first; `name` says where they come from."""

    name: str
    files: dict[str, list[Edition]]

    def newest(self, key: str) -> Edition | None:
        """Give the newest version of a file, or None."""
        return self.files[key][-1] if key in self.files else None

    def layers_with(self, sheets: Sequence[Sheet]) -> dict[str, list[Edition]]:
        """Give all layers with these as their newest versions."""
        layers = defaultdict(
            list, {k: list(v) for k, v in self.files.items() if not k.startswith("calendar:")}
        )
        for sheet in sheets:
            if sheet.kind != "calendar":
                held = self.newest(sheet.key)
                layers[sheet.key].append(Edition(sheet, held.version + 1 if held else 1))
        return layers

    def calendars_with(self, sheets: Sequence[Sheet]) -> list[CalendarDocument]:
        """Give the calendar of each year, with these in the place of the published ones."""
        years = {key: held[-1] for key, held in self.files.items() if key.startswith("calendar:")}
        years |= {sheet.key: Edition(sheet, 1) for sheet in sheets if sheet.kind == "calendar"}
        return [calendar_of(edition.sheet, edition.version) for _, edition in sorted(years.items())]


def published(calls: StaffCalls, who: str) -> Base:
    """Read every published version of every file from a running catalog."""
    files = defaultdict[str, list[Edition]](list)
    listed = calls.get(who, "/files")
    newest = {one["key"]: one["version"] for one in listed}
    for one in listed:
        key, version = one["key"], one["version"]
        file = File(f"{key}, version {version}", calls.text(who, f"/files/{key}/versions/{version}"))
        try:
            files[key].append(Edition(read_sheet(file), version))
        except Unreadable:
            if version == newest[key]:
                raise
            # An older release wrote it, and what replaced it can be read.
    return Base("what is published here", files)


def delivered() -> Base:
    """Read the files that come with the product, where no catalog runs."""
    from services.catalog.app import POLICIES, read_sheets

    return Base(
        "the files that come with the product", {s.key: [Edition(s, 1)] for s in read_sheets(POLICIES)}
    )


def read_files(paths: Sequence[Path]) -> list[Sheet]:
    """Read files and all files of folders, lower layers first; Unreadable with line and every reason."""
    found = [file for path in paths for file in (sorted(path.rglob("*.yaml")) if path.is_dir() else [path])]
    if not found:
        raise Unreadable("no-files", "there is no policy file (*.yaml) in that folder")
    sheets = [read_sheet(File(str(path), path.read_text(encoding="utf-8"))) for path in found]
    return sorted(sheets, key=lambda sheet: list(FOLDERS).index(sheet.kind))


def place_of(folder: Path, key: str) -> Path:
    """Tell where a file belongs in a folder of policy files."""
    kind, _, name = key.partition(":")
    return folder / FOLDERS[kind] / f"{name or kind}.yaml"
