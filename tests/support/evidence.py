"""Evidence packs of a made-up application on real Kafka, and the script that checks them, alone."""

import asyncio
import importlib.util
import subprocess
import sys
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.audit.archive import Archive
from deploy.audit.checkpointing import Signer, take_checkpoint
from deploy.audit.evidence.gathering import published_about
from deploy.audit.evidence.opening import Permission, opened_files
from deploy.audit.evidence.packing import Evidence, pack
from deploy.audit.evidence.papers import SealedPaper
from deploy.audit.evidence.proving import prove
from services.intake.materials import place_of
from shared.contracts.cases import ApplicationAccepted, DecisionMade, Outcome, Reason, ReviewForwarded, Stage
from shared.contracts.submissions import Material
from shared.contracts.topics import APPLICATIONS, CASES
from shared.sealed_objects import encrypt
from shared.sealing import Algorithm, DataKey
from tests.support.bus import Bus, fresh_topic
from tests.support.intake import a_material
from tests.support.private import KEY, told
from tests.support.samples import NOON, a_person, an_application_submitted

AUDITOR = Signer("auditor", Ed25519PrivateKey.from_private_bytes(b"\x05" * 32))
PUBLIC = {AUDITOR.name: AUDITOR.key.public_key()}
PAPER = b"%PDF-1.7\n% a canary sings here\n"
PAPER_NAME, PAPER_KEY = "d" * 64, DataKey(UUID(int=8), Algorithm.A256GCM, bytes(range(1, 33)))
CANARY, WORDS = "金丝雀", "检查报告为2025年1月"
CHECKED_WITH = ("cryptography", "cffi", "_cffi_backend", "pycparser")


@dataclass
class Told:
    """An application on topics of its own, told in three parts with a checkpoint after each."""

    kafka: str
    application_id: UUID
    archives: list[Archive]

    @classmethod
    async def open(cls, kafka: str, folder: Path) -> "Told":
        """The application among others, until its decision and a while on."""
        topics = [(await fresh_topic(kafka, like)).name for like in (APPLICATIONS, CASES)]
        made = cls(kafka, uuid4(), [Archive(folder.as_uri(), name) for name in topics])
        async with Bus(kafka) as bus:
            for part in _parts(made.application_id):
                for name, events in zip(topics, part, strict=True):
                    await bus.send(name, events)
                await made.sign()
        return made

    async def sign(self) -> None:
        """Take the next checkpoint of each topic."""
        for archive in self.archives:
            await asyncio.to_thread(take_checkpoint, self.kafka, archive, AUDITOR, datetime.now(UTC))

    async def evidence(self, *, opened: bool = False) -> Evidence:
        """What a pack of it is made of."""
        topics = [archive.topic for archive in self.archives]
        events = await asyncio.to_thread(published_about, self.kafka, self.application_id, topics)
        proven = {
            one.topic: prove(one, [event for event in events if event.link.topic == one.topic], PUBLIC)
            for one in self.archives
        }
        sealed = b"".join(encrypt(PAPER_KEY, [PAPER], place_of(PAPER_KEY.key_id).encode()))
        facts = {"name": PAPER_NAME, "kind": "test_report", "content_type": "application/pdf"}
        evidence = Evidence(events, [SealedPaper(facts, sealed)], proven)
        if not opened:
            return evidence
        permission = Permission(KEY, {PAPER_NAME: PAPER_KEY}, {"asked_by": "operator"})
        return replace(evidence, opened=opened_files(events, evidence.papers, permission))

    async def files(self, *, opened: bool = False) -> dict[str, bytes]:
        """The files of its pack."""
        return unzipped(pack(await self.evidence(opened=opened), AUDITOR, NOON))


def _parts(application_id):
    """By part: what goes on each of the two topics, with numbers; others stand beside."""
    paper = a_material("test_report", content_hash=sha256(PAPER).hexdigest(), size=len(PAPER))
    values = {"materials": [Material.model_validate(paper)], "applicant": a_person(name=CANARY)}
    mine = an_application_submitted(application_id, **values)
    case = {
        "application_id": application_id,
        "acceptance_no": mine.acceptance_no,
        "region": mine.region,
        "occurred_at": NOON,
    }
    accepted = ApplicationAccepted(
        **case,
        accepted_by="officer-1",
        policy_version=1,
        clock_started_on=date(2026, 9, 18),
        budget_working_days=15,
        due_on=date(2026, 10, 15),
    )
    forwarded = told(
        ReviewForwarded,
        **case,
        forwarded_by="officer-2",
        from_stage=Stage.FIRST,
        to_stage=Stage.FINAL,
        opinion="材料不齐。",
    )
    decided = _rejected(case)
    yield [(mine, 1), *others(an_application_submitted)], [(accepted, 1), *others(_accepted)]
    yield others(an_application_submitted), [(forwarded, 2), (decided, 3), *others(_accepted)]
    yield others(an_application_submitted), others(_accepted)


def _rejected(case):
    return told(
        DecisionMade,
        **case,
        outcome=Outcome.REJECTED,
        decided_by="officer-3",
        first_reviewer="officer-2",
        policy_version=1,
        opinion="不同意。",
        reasons=[Reason(code="RECORD_TOO_OLD", text="病历资料超过规定期限", detail=WORDS)],
        remedy="可申请行政复议。",
    )


def others(make):
    """First events of three other applications."""
    return [(make(uuid4()), 1) for _ in range(3)]


def _accepted(application_id):
    return ApplicationAccepted(
        application_id=application_id,
        acceptance_no="x",
        region="panzhihua",
        occurred_at=NOON,
        accepted_by="officer-1",
        policy_version=1,
        clock_started_on=date(2026, 9, 18),
        budget_working_days=15,
        due_on=date(2026, 10, 15),
    )


def unzipped(content: bytes) -> dict[str, bytes]:
    """The files of a ZIP."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@dataclass
class Verdict:
    """What the script said of a pack."""

    code: int
    faults: list[str]
    fine: list[str]


def checked(folder: Path, files: dict[str, bytes], *more: str) -> Verdict:
    """Unpack a pack and let its own script check it, in a Python that finds cryptography and nothing else."""
    for name, content in files.items():
        file = folder / "pack" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return run_alone(folder, folder / "pack" / "verify.py", folder / "pack", *more)


def run_alone(folder: Path, script: Path, pack: Path, *more: str) -> Verdict:
    """Let a script check a pack."""
    libraries = folder / "libraries"
    libraries.mkdir(exist_ok=True)
    for name in CHECKED_WITH:
        spec = importlib.util.find_spec(name)
        place = Path((spec.submodule_search_locations or [spec.origin])[0]) if spec else None
        if place and not (libraries / place.name).exists():
            (libraries / place.name).symlink_to(place)
    start = "import runpy, sys; sys.path.append(sys.argv.pop(1)); sys.argv.pop(0); "
    start += "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", start, str(libraries), str(script), str(pack), *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=folder)
    assert done.stderr == "", done.stderr
    lines = done.stdout.splitlines()
    faults = [line.removeprefix("FAULT ") for line in lines if line.startswith("FAULT ")]
    return Verdict(done.returncode, faults, [line[6:] for line in lines if line.startswith("ok    ")])
