"""Making checkpoints of what is on the bus, and finding later what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from deploy.audit.archive import Archive, Leaf, Standing
from deploy.audit.buckets import Buckets, missing_from
from deploy.audit.reading import Span, cluster_of, link_of, records_of, spans_of
from shared.checkpoints import Checkpoint, OpenSlice, follows, matches, sign, verify
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
    spans = [_from_there(span, standing, same) for span in spans_of(kafka, [archive.topic])]
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


def _from_there(span: Span, standing: Standing, same: bool) -> Span:
    begin = standing.positions.get(span.partition, span.begin) if same else span.begin
    return Span(span.topic, span.partition, begin, span.end)


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


def faults_of(archive: Archive, keys: Mapping[str, Ed25519PublicKey]) -> list[str]:
    """What is wrong with the checkpoints of a topic and their leaves, one sentence each."""
    faults, earlier, frontier = [], None, Frontier()
    try:
        for checkpoint in archive.all():
            opened = OpenSlice(frontier)
            for leaf in archive.leaves(checkpoint.number):
                opened.append(leaf.digest)
            counted = opened.close(archive.topic, checkpoint.since, checkpoint.until)
            found = (
                verify(checkpoint, keys),
                follows(earlier, checkpoint) if earlier else None,
                matches(checkpoint, counted),
            )
            faults += [f"checkpoint {checkpoint.number}: {fault.sentence}" for fault in found if fault]
            earlier = checkpoint
    except (Unreadable, ValueError) as error:
        faults.append(f"after checkpoint {earlier.number if earlier else 0}: {error}")
    return faults


def vanished(archive: Archive, folder: Path) -> Iterator[Leaf]:
    """The leaves of all checkpoints whose hashes are not in the folder's buckets, in order."""
    leaves = Buckets(folder, archive.topic + LEAVES)
    for checkpoint in archive.all():
        for leaf in archive.leaves(checkpoint.number):
            leaves.add(leaf.digest)
    leaves.close()
    missing = missing_from(folder, archive.topic + LEAVES)
    if missing:
        every = (leaf for one in archive.all() for leaf in archive.leaves(one.number))
        yield from (leaf for leaf in every if leaf.digest in missing)
