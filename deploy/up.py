"""`mente up`: run the embedded stack in the foreground until it is told to stop."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

from aiokafka.errors import KafkaError

from deploy.local.folder import AlreadyRuns, FolderClaim
from deploy.local.installed import NotInstalled, has_module
from deploy.local.jars import JarsMissing
from deploy.local.preparation import keep_partitions
from deploy.local.processes import StartFailed
from deploy.local.stack import Stack, plan
from deploy.local.supervisor import Supervisor
from deploy.local.watch import Watch
from deploy.topics import TopicsDiffer
from shared.postgres import AWAY, PASSING

LOOK_SECONDS = 0.25
KEEP_SECONDS = 60.0
"""Between two looks at outbox partitions: four of 500,000 events are always ready."""


def run_stack(home: Path, parts: Iterable[str], demo: bool, bench: bool, say: Callable[[str], None]) -> int:
    """Start the parts, watch them, stop them on SIGINT or SIGTERM; the exit code."""
    begun = time.monotonic()
    try:
        claim = FolderClaim(home)
    except AlreadyRuns as reason:
        say(f"{reason} `mente status` shows it, `mente down` stops it.")
        return 1
    stopping = threading.Event()
    supervisor = Supervisor(plan(home, parts), say, bench, claim)
    _stop_on_signals(stopping, supervisor)
    try:
        supervisor.start_all()
        address = supervisor.stack.gateway_url
        say(f"ready in {time.monotonic() - begun:.1f} s: {address} (Ctrl-C stops everything)")
        if demo:
            tell_first_story(supervisor.stack, stopping, say)
        _watch(supervisor, stopping, say)
    except (StartFailed, TopicsDiffer, KafkaError, JarsMissing, NotInstalled, OSError) as failure:
        if not stopping.is_set():
            say(f"{failure}")
            return 1
    finally:
        supervisor.stop_all()
    say("stopped")
    return 0


def tell_first_story(stack: Stack, stopping: threading.Event, say: Callable[[str], None]) -> None:
    """Send the first application through the running stack, beside whatever else happens."""
    if not has_module("deploy.demo"):
        say("no demonstration is installed")
        return
    demo = importlib.import_module("deploy.demo")

    def tell() -> None:
        try:
            asyncio.run(demo.run(stack, only=next(iter(demo.STORIES))))
            say(f"running at {stack.gateway_url}; `mente --help` says what to ask, Ctrl-C stops it")
        except Exception as failure:
            if not stopping.is_set():
                say(f"the demonstration ended early: {type(failure).__name__}: {failure}")

    threading.Thread(target=tell, name="demonstration", daemon=True).start()


def _watch(supervisor: Supervisor, stopping: threading.Event, say: Callable[[str], None]) -> None:
    watch, keep_at = Watch(supervisor, say), time.monotonic()
    while not stopping.wait(LOOK_SECONDS):
        watch.look()
        if time.monotonic() >= keep_at:
            keep_at = time.monotonic() + KEEP_SECONDS
            threading.Thread(target=_keep, args=[supervisor.stack, say], name="keeping", daemon=True).start()


def _keep(stack: Stack, say: Callable[[str], None]) -> None:
    try:
        keep_partitions(stack)
    except (*AWAY, *PASSING) as failure:
        say(f"outbox partitions were not looked after: {type(failure).__name__}")


def _stop_on_signals(stopping: threading.Event, supervisor: Supervisor) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        if not stopping.is_set():
            os.write(1, b"\nMente: stopping\n")  # safe inside a signal handler
        stopping.set()
        supervisor.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
