"""Making checkpoints of what is on the bus, and finding later what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from deploy.audit.archive import Archive, Leaf, Standing
from deploy.audit.buckets import Buckets, missing_from
from deploy.audit.reading import Span, cluster_of, link_of, records_of, spans_of
from shared.checkpoints import (
    Checkpoint,
    CheckpointFault,
    OpenSlice,
    Slice,
    follows,
    matches,
    sign,
    verify,
)
from shared.errors import Unreadable
from shared.merkle import Frontier

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
"""Before any event: the first slice begins here."""

LEAVES = ".leaves"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the key and the name under which its public part is known."""

    name: str
    key: Ed25519PrivateKey


def take_checkpoint(kafka: str, archive: Archive, signer: Signer, now: datetime) -> Checkpoint | None:
    """Sign what came to a topic since the last checkpoint; None when nothing did.

    Raises KafkaSilent, Refused `checkpoint-exists`, Unavailable `object-store-away`.
    """
    last = archive.last()
    standing = archive.standing(last.number) if last else Standing()
    cluster = cluster_of(kafka)
    same = standing.cluster == cluster
    spans = [from_there(span, standing, cluster) for span in spans_of(kafka, [archive.topic])]
    known = set() if same else _known(archive)
    leaves = [leaf for leaf in _leaves(kafka, spans) if leaf.digest not in known]
    if last and not leaves:
        return None
    frontier = Frontier.resume(last.size if last else 0, standing.peaks)
    opened = OpenSlice(frontier)
    for leaf in leaves:
        opened.append(leaf.digest)
    taken = opened.close(archive.topic, last.until if last else BEGINNING, now)
    checkpoint = sign(taken, last, signer.name, signer.key)
    after = Standing(cluster, {span.partition: span.end for span in spans}, tuple(frontier.peaks))
    archive.keep(checkpoint, leaves, after)
    return checkpoint


def from_there(span: Span, standing: Standing, cluster: str) -> Span:
    """What of a span came after a slice; all of it when that slice was read on another cluster."""
    positions = standing.positions if standing.cluster == cluster else {}
    return Span(span.topic, span.partition, positions.get(span.partition, span.begin), span.end)


def _known(archive: Archive) -> set[bytes]:
    """The hashes of all kept leaves: a broker that came back empty is filled again with the same events."""
    return {leaf.digest for checkpoint in archive.all() for leaf in archive.leaves(checkpoint.number)}


def _leaves(kafka: str, spans: list[Span]) -> Iterator[Leaf]:
    seen: set[bytes] = set()
    for batch in records_of(kafka, spans):
        for message in batch:
            link = link_of(message)
            if link is not None and link.digest not in seen:
                seen.add(link.digest)
                yield Leaf(link.digest, link.key, link.sequence)


def faults_of(archive: Archive, keys: Mapping[str, Ed25519PublicKey], start: int = 0) -> list[str]:
    """What is wrong with the checkpoints of a topic and their leaves, one sentence each.

    Up to checkpoint `start` the leaves are compared slice by slice; the log is counted from its peaks on.
    """
    faults, earlier, frontier = [], None, Frontier()
    try:
        for checkpoint in archive.all():
            if checkpoint.number <= start:
                frontier, unlike = _resumed(archive, checkpoint, earlier)
            else:
                unlike = matches(checkpoint, _counted(archive, checkpoint, frontier))
            found = (verify(checkpoint, keys), follows(earlier, checkpoint) if earlier else None, unlike)
            faults += [f"checkpoint {checkpoint.number}: {fault.sentence}" for fault in found if fault]
            earlier = checkpoint
    except (Unreadable, ValueError) as error:
        faults.append(f"after checkpoint {earlier.number if earlier else 0}: {error}")
    return faults


def _counted(archive: Archive, checkpoint: Checkpoint, frontier: Frontier) -> Slice:
    opened = OpenSlice(frontier)
    for leaf in archive.leaves(checkpoint.number):
        opened.append(leaf.digest)
    return opened.close(archive.topic, checkpoint.since, checkpoint.until)


def _resumed(
    archive: Archive, checkpoint: Checkpoint, earlier: Checkpoint | None
) -> tuple[Frontier, CheckpointFault | None]:
    """The log as it stood at a checkpoint, from its peaks, which must have the signed root."""
    frontier = Frontier.resume(checkpoint.size, archive.standing(checkpoint.number).peaks)
    size, leaves_hash = earlier.size if earlier else 0, sha256()
    for leaf in archive.leaves(checkpoint.number):
        leaves_hash.update(leaf.digest)
        size += 1
    times = (checkpoint.since, checkpoint.until)
    counted = Slice(archive.topic, *times, size, frontier.root().hex(), leaves_hash.hexdigest())
    return frontier, matches(checkpoint, counted)


def base_at(archive: Archive, until: datetime) -> Checkpoint | None:
    """The last checkpoint at or before a moment; None before the first."""
    found = None
    for checkpoint in archive.all():
        if checkpoint.until <= until:
            found = checkpoint
    return found


def vanished(archive: Archive, folder: Path, start: int = 0) -> Iterator[Leaf]:
    """The leaves of the checkpoints after `start` whose hashes are not in the folder's buckets, in order."""
    later = range(start + 1, archive.count() + 1)
    leaves = Buckets(folder, archive.topic + LEAVES)
    for number in later:
        for leaf in archive.leaves(number):
            leaves.add(leaf.digest)
    leaves.close()
    missing = missing_from(folder, archive.topic + LEAVES)
    if missing:
        every = (leaf for number in later for leaf in archive.leaves(number))
        yield from (leaf for leaf in every if leaf.digest in missing)
