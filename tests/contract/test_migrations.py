"""Migrations block no live table: squawk reads each of them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("shared/migrations", "services/*/migrations")
MIGRATIONS = sorted(path for place in PLACES for path in ROOT.glob(f"{place}/*.sql"))


def squawk(*paths: Path) -> subprocess.CompletedProcess[str]:
    """What squawk says to files, by the rules of this tree."""
    found = shutil.which("squawk", path=str(Path(sys.executable).parent)) or shutil.which("squawk")
    assert found, "squawk-cli is not installed"
    command = [found, "--reporter", "gcc", "--config", str(ROOT / ".squawk.toml"), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_no_migration_blocks_a_live_table():
    told = squawk(*MIGRATIONS)
    assert (told.returncode, told.stdout.strip()) == (0, "")


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX by_topic ON outbox (topic);", "require-concurrent-index-creation"),
        ("ALTER TABLE parked ADD COLUMN area text NOT NULL;", "adding-required-field"),
        ("ALTER TABLE parked ALTER COLUMN code TYPE jsonb USING code::jsonb;", "changing-column-type"),
        ("ALTER TABLE parked ADD CONSTRAINT tried CHECK (attempts > 0);", "constraint-missing-not-valid"),
        ("ALTER TABLE parked RENAME COLUMN code TO cause;", "renaming-column"),
        ("DROP TABLE progress;", "ban-drop-table"),
    ],
)
def test_a_migration_that_blocks_or_breaks_is_found(tmp_path, sql, rule):
    (tmp_path / "0001_later.sql").write_text(sql)
    told = squawk(tmp_path / "0001_later.sql")
    assert told.returncode != 0
    assert rule in told.stdout


@pytest.mark.parametrize("folder", sorted({path.parent for path in MIGRATIONS}), ids=lambda f: f.parent.name)
def test_migrations_are_numbered_without_a_gap(folder):
    numbers = [int(path.name[:4]) for path in MIGRATIONS if path.parent == folder]
    assert numbers == list(range(1, len(numbers) + 1))
    assert all(path.name[4] == "_" for path in MIGRATIONS)
