"""Apache Kafka of the embedded stack: one KRaft node, broker and controller in one process."""

from __future__ import annotations

import base64
import shutil
import signal
import socket
import struct
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from deploy.local.kafka_cache import (
    AOT,
    AOT_SECONDS,
    CHECKPOINT,
    SMALL_FLAGS,
    aot_flags,
    format_command,
    java_command,
    shared_folder,
)
from deploy.local.ports import ADDRESS, choose
from deploy.local.processes import Part
from deploy.local.stack import Stack

BENCH_FLAGS = ("-Xms256m", "-Xmx512m")
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


def kafka_part(stack: Stack, run: Callable[[Part], None], bench: bool = False) -> Part:
    """The broker; `bench` gives it more heap and the optimising compiler; `run` runs a command to its end."""
    folder = stack.home / "kafka"
    settings = folder / "server.properties"
    java = java_command(BENCH_FLAGS) if bench else java_command((*SMALL_FLAGS, *aot_flags()))

    def prepare() -> None:
        folder.mkdir(exist_ok=True)
        settings.write_text(server_settings(stack, folder / "data"))
        if not (folder / "data" / "meta.properties").exists():
            _make_empty_log(folder, run)

    return Part(
        name="kafka",
        command=(*java, f"-Dkafka.logs.dir={folder}", "kafka.Kafka", str(settings)),
        ready=lambda: _speaks_kafka(stack.ports["kafka"]),
        prepare=prepare,
        environment={"TMPDIR": str(folder)},
        start_seconds=60,
        stop_seconds=20,
    )


def training_part(home: Path, run: Callable[[Part], None]) -> Part:
    """A broker on free ports that leaves the ahead-of-time cache `kafka.aot` in its folder when it stops."""
    stack = Stack(home=home, ports=choose(("kafka", "kafka_controller"), {}), parts=("kafka",))
    broker = kafka_part(stack, run)
    java, *rest = broker.command
    return replace(
        broker,
        command=(java, f"-XX:AOTCacheOutput={home / AOT}", *rest),
        orphan_signal=signal.SIGKILL,
        stop_seconds=AOT_SECONDS,
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


def _make_empty_log(folder: Path, run: Callable[[Part], None]) -> None:
    shutil.rmtree(folder / "data", ignore_errors=True)
    template = shared_folder() / CHECKPOINT
    if not template.exists():
        command = format_command(folder / "server.properties", _new_id())
        run(Part(name="kafka-format", command=command, ready=lambda: True))
        return
    # What the tool writes, without starting Java for it: one file is the same everywhere, one is identity.
    (folder / "data").mkdir()
    shutil.copy(template, folder / "data" / CHECKPOINT)
    identity = f"version=1\nnode.id=1\ncluster.id={_new_id()}\ndirectory.id={_new_id()}\n"
    (folder / "data" / "meta.properties").write_text(identity)


def _new_id() -> str:
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass  # the format tool would take it for an option
    return text


def _speaks_kafka(port: int) -> bool:
    # The port is bound before the broker serves: only an answer shows that it does.
    try:
        with socket.create_connection((ADDRESS, port), timeout=1) as connection:
            connection.sendall(API_VERSIONS_REQUEST)
            return len(connection.recv(8)) > 0
    except OSError:
        return False
