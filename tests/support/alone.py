"""Python in a tree of its own: what is installed from here in development mode is not seen."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

PRELUDE = """
import sys
sys.meta_path = [f for f in sys.meta_path if not getattr(f, "__module__", "").startswith("__editable__")]
sys.path = ["", *(place for place in sys.path if "__editable__" not in place and place != "")]
"""


def copy_of(tree: Path, folders: Iterable[str], *, ending: str = "*") -> Path:
    """Copy folders of the sources into a tree, without what Python has compiled."""
    for path in (path for folder in folders for path in (ROOT / folder).rglob(ending)):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = tree / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return tree


def start_alone(tree: Path, script: str) -> subprocess.Popen[str]:
    """Start a script that sees the modules of the tree and no settings of this process."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MENTE_", "PYTHONPATH"))
    }
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PRELUDE + script],
        cwd=tree,
        env=kept,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def outputs_of(running: Mapping[str, subprocess.Popen[str]], within: float = 60) -> dict[str, str]:
    """What the scripts printed, by name; AssertionError with the complaint of one that failed or took longer.

    All are waited for first (seconds for each), so that none outlives the test.
    """
    told = {name: _ended(one, within) for name, one in running.items()}
    for name, one in running.items():
        assert one.returncode == 0, f"{name}: {told[name][1][-3000:]}"
    return {name: out for name, (out, _) in told.items()}


def _ended(running: subprocess.Popen[str], within: float) -> tuple[str, str]:
    try:
        return running.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        running.kill()
        return running.communicate()
