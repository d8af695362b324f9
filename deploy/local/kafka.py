"""Apache Kafka of the embedded stack: one KRaft node, broker and controller in one process."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import struct
import uuid
from collections.abc import Callable
from pathlib import Path

from deploy.local.installed import java_binary
from deploy.local.jars import Report, classpath, ensure_jars, pinned_jars
from deploy.local.ports import ADDRESS
from deploy.local.processes import Part
from deploy.local.stack import Stack

DEMO_FLAGS = ("-Xms48m", "-Xmx192m", "-XX:TieredStopAtLevel=1")
BENCH_FLAGS = ("-Xms256m", "-Xmx512m")
SHARED_FLAGS = ("-Xss512k", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")
LOG_FLAGS = ("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true")
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{address}:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{address}:{port},CONTROLLER://{address}:{controller}
advertised.listeners=PLAINTEXT://{address}:{port}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
delete.topic.enable=true
num.partitions=4
default.replication.factor=1
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.segment.bytes=4194304
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.segment.bytes=4194304
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=4
num.replica.fetchers=1
num.recovery.threads.per.data.dir=2
background.threads=2
log.cleaner.threads=1
log.cleaner.dedupe.buffer.size=2097152
log.segment.bytes=16777216
log.retention.check.interval.ms=60000
metadata.log.segment.bytes=8388608
controlled.shutdown.enable=true
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
message.max.bytes=6291456
"""


def cache_folder() -> Path:
    """Where downloads are kept between runs, outside of the tree: `$MENTE_CACHE`, else the user's cache."""
    named = os.environ.get("MENTE_CACHE")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mente"


def jar_folder() -> Path:
    """The Maven repository of Kafka's jars inside the cache."""
    return cache_folder() / "jars"


def fetch_jars(report: Report) -> list[Path]:
    """Kafka's jars, whole, from the cache or the network; JarsMissing when they cannot be had."""
    return ensure_jars(pinned_jars(), jar_folder(), report=report)


def kafka_part(stack: Stack, run: Callable[[Part], None], bench: bool = False) -> Part:
    """The broker; `bench` gives it more heap and the optimising compiler; `run` runs a command to its end."""
    flags = (*(BENCH_FLAGS if bench else DEMO_FLAGS), *SHARED_FLAGS, *LOG_FLAGS)
    folder = stack.home / "kafka"
    jars = [jar_folder() / jar.path for jar in pinned_jars()]
    java = (str(java_binary()), *flags, "-cp", classpath(jars))
    settings = folder / "server.properties"

    def prepare() -> None:
        folder.mkdir(exist_ok=True)
        settings.write_text(server_settings(stack, folder / "data"))
        if not (folder / "data" / "meta.properties").exists():
            _format(folder, java, run)

    return Part(
        name="kafka",
        command=(*java, f"-Dkafka.logs.dir={folder}", "kafka.Kafka", str(settings)),
        ready=lambda: _speaks_kafka(stack.ports["kafka"]),
        prepare=prepare,
        environment={"TMPDIR": str(folder)},
        start_seconds=60,
        stop_seconds=20,
    )


def server_settings(stack: Stack, data: Path) -> str:
    """The broker's settings file."""
    ports = stack.ports
    return SETTINGS.format(
        address=ADDRESS, port=ports["kafka"], controller=ports["kafka_controller"], data=data
    )


def wipe(stack: Stack) -> None:
    """Throw the broker's records away; its next start is a new cluster with another id."""
    shutil.rmtree(stack.home / "kafka", ignore_errors=True)


def _format(folder: Path, java: tuple[str, ...], run: Callable[[Part], None]) -> None:
    shutil.rmtree(folder / "data", ignore_errors=True)
    identity = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    settings = str(folder / "server.properties")
    tool = ("kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", identity, "-c", settings)
    run(Part(name="kafka-format", command=(*java, *tool), ready=lambda: True))


def _speaks_kafka(port: int) -> bool:
    # The port is bound before the broker serves: only an answer shows that it does.
    try:
        with socket.create_connection((ADDRESS, port), timeout=1) as connection:
            connection.sendall(API_VERSIONS_REQUEST)
            return len(connection.recv(8)) > 0
    except OSError:
        return False
