"""Records that can never be handled, and a producer that puts them on any topic."""

import random
from collections.abc import Iterable, Mapping, Sequence
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.record.util import calc_crc32c

from shared.contracts.base import Event
from tests.support.bus import headers_of
from tests.support.recorder import Poison, Recorder

Headers = list[tuple[str, bytes]]
Bad = tuple[bytes | None, bytes, Headers]
"""Key, body, headers."""

FIVE_MIB = 5 << 20


def poison_like(event: Event) -> Mapping[str, Bad]:
    """Every way to spoil a record of an event whose type its readers know; the keys are nobody's."""
    good, body = headers_of(event, 1), event.model_dump_json(exclude_none=True).encode()
    later = [(n, b"%s/99" % event.type.encode() if n == "ce_dataschema" else v) for n, v in good]

    def key() -> bytes:
        return str(uuid4()).encode()

    return {
        "bad JSON": (key(), b"{not json", good),
        "a version that means something else": (key(), b'{"moved": {"elsewhere": true}}', later),
        "five MiB": (key(), b'{"application_id": "' + b"x" * FIVE_MIB, good),
        "deep nesting": (key(), b"[" * 100_000 + b"]" * 100_000, good),
        "a body that is not UTF-8": (key(), body.replace(b'"', b'"\xff', 1), good),
        "a header that is not UTF-8": (key(), body, [*good, ("x-marker", b"\xff\xfe")]),
        "a key that is not UTF-8": (b"\xff\xfe", body, good),
        "no key": (None, body, good),
        "no headers": (key(), body, []),
        "a sequence that is no number": (key(), body, [*good, ("ce_sequence", b"first")]),
        "NUL in the key": (b"a\x00key", body, good),
        "NUL in a header": (key(), b"{", [*good, ("x\x00name", b"a\x00b")]),
    }


class Poisoner:
    """Puts poison on partitions at random and notes where it lies."""

    def __init__(self, kafka: str, recorder: Recorder, rng: random.Random) -> None:
        self._recorder = recorder
        self._rng = rng
        self._producer = AIOKafkaProducer(
            bootstrap_servers=kafka, acks="all", enable_idempotence=False, max_request_size=FIVE_MIB * 2
        )

    async def __aenter__(self) -> "Poisoner":
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def put(self, topic: str, name: str, bad: Bad, readers: Sequence[str]) -> None:
        """Put one record anywhere on a topic; of one that the broker finds too large, half."""
        key, body, headers = bad
        partition = self._rng.choice(sorted(await self._producer.partitions_for(topic)))
        try:
            told = await self._producer.send_and_wait(topic, body, key, partition, headers=headers)
        except MessageSizeTooLargeError:
            await self.put(topic, name, (key, body[: len(body) // 2], headers), readers)
            return
        place = (topic, partition, told.offset)
        self._recorder.poison.append(Poison(name, *place, key, body, tuple(headers), tuple(readers)))


def an_unknown_type(event: Event) -> Bad:
    """A record of a type that no reader knows yet: it is passed, not parked."""
    headers = [(n, b"moon-risen" if n == "ce_type" else v) for n, v in headers_of(event, 1)]
    return str(uuid4()).encode(), orjson.dumps({"new": True}), headers


async def send_unreadable_header_names(kafka: str, topic: str, partitions: Iterable[int]) -> None:
    """One record per partition; clients refuse such a name, so its bytes are changed in the built batch."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        for partition in partitions:
            batch = producer.create_batch()
            batch.append(timestamp=None, key=b"k", value=b"{}", headers=[("marker", b"1")])
            batch.close()
            raw = bytearray(batch._build().replace(b"marker", b"mark\xff\xfe"))
            raw[17:21] = calc_crc32c(bytes(raw[21:])).to_bytes(4, "big")
            batch._buffer = bytes(raw)
            await (await producer.send_batch(batch, topic, partition=partition))
    finally:
        await producer.stop()
