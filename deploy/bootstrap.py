"""Make `.mente/venv` with everything this project needs; standard library only, for the system's own Python.

Run as `python3 -m deploy.bootstrap [--extras local,test]`. Packages come from whatever index pip uses on this
machine; downloads are cached outside of the tree. A finished environment is recognised by a stamp that is
written last, so a half-finished one is made again.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from deploy.package_index import NoNetwork, Stopped, failure, last_line, pip_settings, uv_environment

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".mente"
VENV = HOME / "venv"
PYTHON: str = getattr(sys, "_base_executable", sys.executable)
"""Never the environment's own, which may be the first on the PATH and be made again."""

STAMP = VENV / "mente-installed.json"
LOG = HOME / "bootstrap.log"
UV_VERSION = "0.13.9"


def main() -> None:
    """Make or mend the environment; exit 1 with one sentence when that is impossible."""
    parser = argparse.ArgumentParser(description="Make .mente/venv with everything this project needs.")
    parser.add_argument("--extras", default="local", help="local, or local,test")
    extras = sorted(set(parser.parse_args().extras.split(",")))
    try:
        require_python(sys.version_info[:2])
        with_lock(extras)
    except Stopped as reason:
        sys.stderr.write(f"Mente: {reason}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def require_python(version: tuple[int, ...]) -> None:
    """Stopped when this Python is older than 3.11."""
    if version < (3, 11):
        raise Stopped(
            f"Python 3.11 or newer is needed and this is {version[0]}.{version[1]}; "
            "install one and run `make run PYTHON=/path/to/python3`."
        )


def with_lock(extras: list[str]) -> None:
    """Install unless done already; a second bootstrap of the same tree waits for the first."""
    wanted = digest()
    if is_done(STAMP, wanted, extras):
        return
    HOME.mkdir(mode=0o700, exist_ok=True)
    with (HOME / "bootstrap.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_done(STAMP, wanted, extras):
            install(extras, wanted)


def digest() -> str:
    """SHA-256 (hex) over everything that decides what is installed: the two files, the Python, the place."""
    seen = hashlib.sha256(place().encode())
    for name in ("pyproject.toml", "constraints.txt"):
        seen.update((ROOT / name).read_bytes())
    return seen.hexdigest()


def is_done(stamp: Path, wanted: str, extras: list[str]) -> bool:
    """Whether a finished installation of these files with at least these extras is there."""
    try:
        found = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return False
    return found["digest"] == wanted and set(extras) <= set(found["extras"])


def install(extras: list[str], wanted: str) -> None:
    """Make the environment from nothing and stamp it."""
    begun = time.monotonic()
    LOG.write_text("")
    begin_again_unless_whole()
    say("installing Mente's packages (first time: about 150 MB of downloads)")
    uv = find_uv()
    target = ["-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[{','.join(extras)}]"]
    if uv is None:
        say("uv cannot be had here: pip does the same, slower")
        if not VENV.exists():
            make_venv(VENV)
        run([str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", *target], pip_environment())
    else:
        environment = {**os.environ, **uv_environment(pip_settings(uv), cache() / "uv")}
        if not VENV.exists():
            run([uv, "venv", "--quiet", "--python", PYTHON, str(VENV)], environment)
        python = str(VENV / "bin" / "python")
        # Compiled now: where Python is told to write no bytecode, every start would compile everything again.
        command = [uv, "pip", "install", "--compile-bytecode", "--python", python, *target]
        install_with_uv(command, environment)
    STAMP.write_text(json.dumps({"digest": wanted, "extras": extras, "place": place()}))
    say(f"packages installed in {time.monotonic() - begun:.0f} s")


def begin_again_unless_whole() -> None:
    """Remove an environment that is half-finished or was moved; a whole one is only added to.

    A stack that runs from it keeps its files that way.
    """
    try:
        whole = json.loads(STAMP.read_text())["place"] == place()
    except (OSError, ValueError, KeyError):
        whole = False
    STAMP.unlink(missing_ok=True)
    if VENV.exists() and not whole:
        say("an unfinished installation is there: it is made again")
        shutil.rmtree(VENV)


def place() -> str:
    """What an environment cannot be carried over: the Python and the folder it was made with."""
    return f"{sys.version_info[:2]} {PYTHON} {ROOT}"


def install_with_uv(command: list[str], environment: dict[str, str]) -> None:
    """Install from the index, or from the cache alone when the index is out of reach."""
    try:
        run(command, environment)
    except Stopped as reason:
        try:
            run([*command, "--offline"], environment, quiet=True)
        except Stopped:
            raise reason from None


def find_uv() -> str | None:
    """The pinned uv from a small environment in the cache, made when missing; None when it cannot be had."""
    folder = cache() / "tools" / f"uv-{UV_VERSION}-{sys.version_info[0]}.{sys.version_info[1]}"
    program = folder / "bin" / "uv"
    if works([str(program), "--version"]):
        return str(program)
    say(f"fetching the installer (uv {UV_VERSION})")
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    make_venv(draft)
    try:
        fetch = ("-m", "pip", "install", "--quiet", "--retries", "1", "--no-deps")
        run([str(draft / "bin" / "python"), *fetch, f"uv=={UV_VERSION}"], pip_environment(), quiet=True)
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    except (Stopped, OSError) as reason:
        shutil.rmtree(draft, ignore_errors=True)
        if isinstance(reason, NoNetwork):
            raise
    return str(program) if works([str(program), "--version"]) else None


def make_venv(folder: Path) -> None:
    """A plain environment with pip; Stopped when this Python was installed without the module for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run([PYTHON, "-m", "venv", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode == 0:
        return
    shutil.rmtree(folder, ignore_errors=True)
    said = made.stdout + made.stderr
    if "ensurepip" in said or "No module named venv" in said:
        raise Stopped("this Python has no venv module: install your system's python3-venv package.")
    raise Stopped(f"a virtual environment could not be made: {last_line(said)}")


def run(command: list[str], environment: dict[str, str], quiet: bool = False) -> None:
    """Run one step, showing its lines as they come; Stopped with one sentence when it fails."""
    said: list[str] = []
    with (
        LOG.open("a") as log,
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            said.append(line)
            if not quiet and line.lstrip().startswith(("Resolved", "Downloading", "Prepared", "Installed")):
                say(f"  {line.strip()}")
    if process.returncode != 0:
        raise failure("".join(said), LOG)


def pip_environment() -> dict[str, str]:
    """Pip with its own cache beside ours."""
    return {**os.environ, "PIP_CACHE_DIR": str(cache() / "pip"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def cache() -> Path:
    """Where downloads are kept, outside of the tree: `$MENTE_CACHE`, else the user's cache."""
    named = os.environ.get("MENTE_CACHE")
    if named:
        return Path(named).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mente"


def works(command: list[str]) -> bool:
    """Whether the program can be run."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def say(text: str) -> None:
    """One line of progress."""
    sys.stdout.write(f"Mente: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
