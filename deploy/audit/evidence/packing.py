"""An evidence pack: all of its files, the signed list of them, and the ZIP."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from deploy.audit.checkpointing import Signer
from deploy.audit.evidence.gathering import Published
from deploy.audit.evidence.letter import letter_of
from deploy.audit.evidence.papers import SealedPaper
from deploy.audit.evidence.proving import Proven
from shared import merkle

HERE = Path(__file__).parent
COPIED = {
    "README.txt": HERE / "README.txt",
    "verify.py": HERE / "verify.py",
    "letter.py": HERE / "letter.py",
    "merkle.py": Path(merkle.__file__),
}
"""Files of the repository that go into every pack as they are."""

EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the ZIP, so that equal contents make equal packs."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a pack is made of; `opened` are the files below `opened/`, empty in a masked pack."""

    events: Sequence[Published]
    papers: Sequence[SealedPaper]
    proven: Mapping[str, Proven]
    opened: Mapping[str, bytes] = field(default_factory=dict)


def pack(evidence: Evidence, signer: Signer, now: datetime) -> bytes:
    """The ZIP file of an evidence pack; KeyError unless the application's submission is among the events."""
    files = {name: path.read_bytes() for name, path in COPIED.items()}
    files["letter.txt"] = _letter(evidence)
    files["papers.json"] = _json([paper.listed() for paper in evidence.papers])
    files[f"keys/{signer.name}.pem"] = public_pem(signer.key.public_key())
    files |= {f"events/{event.place}": event.stored() for event in evidence.events}
    for topic, proven in evidence.proven.items():
        files[f"proofs/{topic}.json"] = proven.stored()
        for checkpoint in proven.checkpoints:
            files[f"checkpoints/{topic}/{checkpoint.number:06d}.json"] = checkpoint.stored()
    files |= evidence.opened
    return zipped(signed(files, _about(evidence, signer, now), signer))


def signed(files: Mapping[str, bytes], about: Mapping[str, Any], signer: Signer) -> dict[str, bytes]:
    """The files of a pack with the list of them and its signature."""
    listed = {name: sha256(content).hexdigest() for name, content in sorted(files.items())}
    contents = _json({**about, "files": listed})
    return {
        **files,
        "contents.json": contents,
        "contents.sig": f"{signer.key.sign(contents).hex()}\n".encode(),
    }


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a ZIP, those that a reader begins with first."""
    stored = io.BytesIO()
    with ZipFile(stored, "w", ZIP_DEFLATED) as archive:
        for name in sorted(files, key=lambda name: ("/" in name, name)):
            archive.writestr(ZipInfo(name, EARLIEST), files[name], ZIP_DEFLATED)
    return stored.getvalue()


def public_pem(key: Ed25519PublicKey) -> bytes:
    """A public key as it stands in a pack; its fingerprint is the SHA-256 of this."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _about(evidence: Evidence, signer: Signer, now: datetime) -> dict[str, Any]:
    """What the list says beside the files: where the chain of each topic ends, by number and hash."""
    ends = {one.link.topic: (one.link.sequence, one.link.hash) for one in evidence.events}
    return {
        "format": "mente-evidence-1",
        "application_id": evidence.events[0].link.key,
        "made_at": now.isoformat(),
        "key_id": signer.name,
        "masked": not evidence.opened,
        "topics": ends,
    }


def _letter(evidence: Evidence) -> bytes:
    private = {
        one.place: json.loads(evidence.opened.get(f"opened/events/{one.place}", b"{}"))
        for one in evidence.events
    }
    told = [(one.link.type, one.link.time, one.facts, private[one.place]) for one in evidence.events]
    return letter_of(told).encode()


def _json(told: Any) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()
