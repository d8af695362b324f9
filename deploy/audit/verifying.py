"""Every chain of the bus followed, from its first event or from a checkpoint on, by all cores."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.audit import following
from deploy.audit.archive import Archive, Standing
from deploy.audit.checkpointing import from_there, vanished
from deploy.audit.following import SENTENCES, VANISHED, Break, Entry, Findings, Share, Tip
from deploy.audit.reading import cluster_of, spans_of

TELL_EVERY = 0.2
"""Seconds between two words of progress."""

Progress = Callable[[int], None]

# One server imports what the workers need, and forks them; this process itself has threads of Kafka's client.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["__main__", following.__name__])


@dataclass(frozen=True, slots=True)
class Claim:
    """What the bus is compared with: topics, the ends of chains as their writers told them, checkpoints.

    Everything up to the `tips` was published before they were told; None when nobody was asked. `starts`
    names, by topic, a checkpoint of its archive that is trusted: what came before it is not read.
    """

    topics: Sequence[str]
    tips: Sequence[Tip] | None = None
    archives: Sequence[Archive] = ()
    starts: Mapping[str, int] = field(default_factory=dict)


def verify(kafka: str, claim: Claim, workers: int, progress: Progress) -> Findings:
    """Read topics from their starts; `progress` is given the number of records so far, now and then.

    Raises KafkaSilent.
    """
    with TemporaryDirectory(prefix="mente-audit-") as folder:
        found = _verify_chains(kafka, claim, workers, (Path(folder), progress))
        for archive in claim.archives:
            for leaf in vanished(archive, Path(folder), claim.starts.get(archive.topic, 0)):
                found.breaks.append(
                    Break(archive.topic, leaf.key, leaf.sequence, VANISHED, SENTENCES[VANISHED])
                )
    return found


def _verify_chains(kafka: str, claim: Claim, workers: int, told: tuple[Path, Progress]) -> Findings:
    folder, progress = told
    shares = _shares(kafka, claim, workers, folder if claim.archives else None)
    read = _CONTEXT.Array("Q", workers, lock=False)
    with ProcessPoolExecutor(workers, _CONTEXT, initializer=following.begin, initargs=(read,)) as pool:
        running = [pool.submit(following.follow, kafka, share) for share in shares]
        while wait(running, TELL_EVERY).not_done:
            progress(sum(read))
        return sum((one.result() for one in running), Findings())


def _shares(kafka: str, claim: Claim, workers: int, folder: Path | None) -> list[Share]:
    whole = spans_of(kafka, claim.topics)
    partitions = Counter(span.topic for span in whole)
    begun = [one for one in claim.archives if one.topic in claim.starts]
    entries = [Entry(one, claim.starts[one.topic], partitions[one.topic]) for one in begun]
    standings = {one.archive.topic: one.archive.standing(one.start) for one in entries}
    cluster = cluster_of(kafka) if entries else ""
    spans = [from_there(span, standings.get(span.topic, Standing()), cluster) for span in whole]
    shares = []
    for number in range(workers):
        mine = [span for span in spans if span.partition % workers == number]
        share = Share(number, workers, mine, [], folder, entries, claim.tips is not None)
        tips = [tip for tip in claim.tips or () if share.takes(tip.key, partitions[tip.topic])]
        shares.append(replace(share, tips=tips))
    return shares
