"""Check an evidence pack of Mente with Python 3.11 or later and the package `cryptography`, without Mente.

    python -I verify.py PACK.zip [--fingerprint HEX]

PACK is the ZIP file or the folder it was unpacked to. The files letter.py and merkle.py lie beside this one.
One line is printed per check; the exit code is 0 if all hold, 1 if one does not, 2 if there is no pack.
"""

from __future__ import annotations

import base64
import json
import runpy
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.serialization import load_pem_public_key

Facts = dict[str, Any]
Check = tuple[str, Callable[[], str]]
"""What is checked, and what tells the fault; an empty one when it holds."""

HERE = Path(__file__).parent
CONTENTS, SIGNATURE, LETTER, DATA_KEY = "contents.json", "contents.sig", "letter.txt", "opened/key.json"
UNREADABLE = (LookupError, ValueError, TypeError, AttributeError, OSError, InvalidSignature, InvalidTag)


class Event:
    """An event as it was published, and its hash: over the lines of its envelope, then its body."""

    def __init__(self, stored: bytes) -> None:
        record = json.loads(stored)
        self.topic, self.key, self.headers = record["topic"], record["key"], dict(record["headers"])
        self.body = base64.b64decode(record["body"], validate=True)
        self.type, self.time = self.headers["ce_type"], self.headers["ce_time"]
        self.sequence, self.previous = int(self.headers["ce_sequence"]), self.headers["ce_previoushash"]
        named = (self.key, self.headers["ce_id"], self.type, self.time, str(self.sequence), self.previous)
        if any("\n" in text for text in named) or self.headers["ce_subject"] != self.key:
            raise ValueError("a field with two lines, or another subject than the key")
        lines = "".join(f"{text}\n" for text in ("mente-event-1", *named))
        self.digest = sha256(lines.encode() + self.body).digest()
        self.facts: Facts = json.loads(self.body)
        self.place = f"{self.topic}/{self.sequence:06d}.json"


class Pack:
    """The files of a pack by their names, out of a ZIP file or a folder."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            found = (file for file in path.rglob("*") if file.is_file())
            self.files = {file.relative_to(path).as_posix(): file.read_bytes() for file in found}
        else:
            with ZipFile(path) as archive:
                self.files = {name: archive.read(name) for name in archive.namelist()}

    def json(self, name: str) -> Any:
        """What a file holds; KeyError when it is not there."""
        return json.loads(self.files[name])

    def under(self, folder: str) -> list[str]:
        """The names below a folder, in order."""
        return sorted(name for name in self.files if name.startswith(f"{folder}/"))

    def listed(self, part: str) -> Facts:
        """A part of contents.json; empty when that is not readable."""
        try:
            return dict(self.json(CONTENTS)[part])
        except UNREADABLE:
            return {}

    def verify(self, key_id: str, signature: str, signed: bytes) -> None:
        """Raise InvalidSignature unless the key of that name signed this."""
        key = load_pem_public_key(self.files[f"keys/{key_id}.pem"])
        if not isinstance(key, Ed25519PublicKey):
            raise TypeError("no Ed25519 key")
        key.verify(bytes.fromhex(signature), signed)


def checks(pack: Pack, fingerprint: str = "") -> Iterator[Check]:
    """Everything that is checked, in order."""
    for name in pack.under("keys"):
        found = sha256(pack.files[name]).hexdigest()
        other = "the agency published another one" if fingerprint not in {"", found} else ""
        yield f"{name}: has the fingerprint {found}", partial(str, other)
    yield f"{CONTENTS}: signed", partial(_contents, pack)
    for name in sorted({*pack.files, *pack.listed("files")} - {CONTENTS, SIGNATURE}):
        yield f"{name}: as listed in {CONTENTS}", partial(_file, pack, name)
    for topic in sorted({*pack.listed("topics"), *(name.split("/")[1] for name in pack.under("events"))}):
        yield f"{topic}: the chain is whole", partial(_chain, pack, topic)
        for name in pack.under(f"checkpoints/{topic}"):
            yield f"{name}: signed, and after the one before", partial(_checkpoint, pack, name)
        for name in pack.under(f"events/{topic}"):
            yield f"{name}: stands under a signed checkpoint", partial(_included, pack, name)
        yield f"{topic}: the log only grew up to the newest checkpoint", partial(_grown, pack, topic)
    for name in pack.under("events") if pack.under("opened") else ():
        yield f"{name}: private part and papers are what was sealed", partial(_opened, pack, name)
    yield f"{LETTER}: says what the events say", partial(_letter, pack)


def _contents(pack: Pack) -> str:
    pack.verify(pack.json(CONTENTS)["key_id"], pack.files[SIGNATURE].decode().strip(), pack.files[CONTENTS])
    return ""


def _file(pack: Pack, name: str) -> str:
    if name not in pack.files:
        return "the file is missing"
    listed = pack.listed("files").get(name)
    if listed is None:
        return "the file was added"
    return "" if sha256(pack.files[name]).hexdigest() == listed else "the file was altered"


def _chain(pack: Pack, topic: str) -> str:
    contents, previous, count = pack.json(CONTENTS), "0" * 64, 0
    for count, name in enumerate(pack.under(f"events/{topic}"), 1):
        event = Event(pack.files[name])
        if (event.topic, event.key) != (topic, contents["application_id"]):
            return f"{name} is an event of something else"
        if event.sequence != count or name != f"events/{event.place}":
            return f"event {count} is missing or not in its place: {name} holds event {event.sequence}"
        if event.previous != previous:
            return f"event {count - 1} is not the one that event {count} was written after"
        previous = event.digest.hex()
    if [count, previous] != contents["topics"][topic]:
        return f"the chain ends with event {count}, not as {CONTENTS} says: an event is missing, or another"
    return ""


def _checkpoint(pack: Pack, name: str) -> str:
    folder, stated = name.rpartition("/")[0], _statement(pack, name)
    pack.verify(stated["key_id"], pack.json(name)["signature"], _canonical(stated))
    if name != f"checkpoints/{stated['topic']}/{stated['number']:06d}.json":
        return "it is the checkpoint of another place"
    place = pack.under(folder).index(name)
    if place:
        before = _statement(pack, pack.under(folder)[place - 1])
        if stated["previous"] != sha256(_canonical(before)).hexdigest():
            return f"it was not signed after checkpoint {before['number']}"
    return ""


def _statement(pack: Pack, name: str) -> Facts:
    return {field: value for field, value in pack.json(name).items() if field != "signature"}


def _canonical(stated: Facts) -> bytes:
    return json.dumps(stated, sort_keys=True, separators=(",", ":")).encode()


def _included(pack: Pack, name: str) -> str:
    event, topic = Event(pack.files[name]), name.split("/")[1]
    proof = pack.json(f"proofs/{topic}.json")["events"][str(event.sequence)]
    signed = pack.json(f"checkpoints/{topic}/{proof['checkpoint']:06d}.json")
    path, root = [bytes.fromhex(one) for one in proof["path"]], bytes.fromhex(signed["root"])
    holds = _merkle("verify_inclusion")(event.digest, proof["index"], signed["size"], path, root)
    return "" if holds else f"the proof does not lead from this event to checkpoint {proof['checkpoint']}"


def _grown(pack: Pack, topic: str) -> str:
    proofs, newest = pack.json(f"proofs/{topic}.json"), pack.json(pack.under(f"checkpoints/{topic}")[-1])
    for number in sorted({proof["checkpoint"] for proof in proofs["events"].values()}):
        older = pack.json(f"checkpoints/{topic}/{number:06d}.json")
        path = [bytes.fromhex(one) for one in proofs["growth"][str(number)]]
        logs = [part for one in (older, newest) for part in (one["size"], bytes.fromhex(one["root"]))]
        if not _merkle("verify_consistency")(*logs, path):
            return f"the log of checkpoint {newest['number']} does not begin with that of checkpoint {number}"
    return ""


def _merkle(name: str) -> Callable[..., bool]:
    found: Callable[..., bool] = runpy.run_path(str(HERE / "merkle.py"))[name]
    return found


def _opened(pack: Pack, name: str) -> str:
    event, key = Event(pack.files[name]), pack.json(DATA_KEY)
    opened = pack.files.get(f"opened/{name}")
    if "sealed" not in event.facts:
        return "" if opened is None else "nothing was sealed here"
    if event.facts["key_id"] != key["key_id"]:
        return "it was sealed under another key"
    if _unsealed(key, event.facts["sealed"], f"{event.type}/{event.key}") != opened:
        return "what was sealed is something else"
    papers = json.loads(opened).get("papers", ())
    for paper, private in zip(event.facts.get("materials", ()), papers, strict=True):
        (file,) = (one for one in pack.under("opened/papers") if paper["name"] in one)
        if sha256(pack.files[file]).hexdigest() != private["content_hash"]:
            return f"{file} is not the paper that was handed in"
    return ""


def _unsealed(key: Facts, text: str, context: str) -> bytes:
    box = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    cipher = {"A256GCM": AES, "SM4GCM": SM4}[key["algorithm"]](base64.b64decode(key["secret"]))
    opening = Cipher(cipher, GCM(box[1:13], box[-16:])).decryptor()
    opening.authenticate_additional_data(box[:1] + context.encode())
    return opening.update(box[13:-16]) + opening.finalize()


def _letter(pack: Pack) -> str:
    events = [Event(pack.files[name]) for name in pack.under("events")]
    opened = {one.place: pack.files.get(f"opened/events/{one.place}", b"{}") for one in events}
    told = [(one.type, one.time, one.facts, json.loads(opened[one.place])) for one in events]
    made: str = runpy.run_path(str(HERE / "letter.py"))["letter_of"](told)
    return "" if pack.files[LETTER].decode() == made else "the letter was altered, or belongs to other events"


def _outcome(check: Callable[[], str]) -> str:
    try:
        return check()
    except InvalidSignature:
        return "the signature does not belong to it"
    except UNREADABLE as error:
        return f"it cannot be checked: {type(error).__name__} {error}".strip()


def main(arguments: list[str]) -> int:
    """Check the pack that is named; the exit code."""
    fingerprint = arguments[2] if arguments[1:2] == ["--fingerprint"] else ""
    try:
        pack = Pack(Path(arguments[0]))
    except (IndexError, OSError) as error:
        sys.stderr.write(f"{__doc__}\nthere is no pack to be checked: {error}\n")
        return 2
    except (BadZipFile, zlib.error, EOFError, RuntimeError, ValueError) as error:
        sys.stdout.write(f"FAULT {arguments[0]}: it is no ZIP file, or was altered: {error}\n")
        return 1
    found = [(what, _outcome(check)) for what, check in checks(pack, fingerprint)]
    for what, fault in found:
        sys.stdout.write(f"FAULT {what}: {fault}\n" if fault else f"ok    {what}\n")
    faults = sum(bool(fault) for _, fault in found)
    sys.stdout.write(f"{faults} faults in {len(found)} checks 共 {len(found)} 项，不符 {faults} 项\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
