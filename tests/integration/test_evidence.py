"""An evidence pack holds on its own, and every way of altering it is found and named by its script."""

import base64
import json
import runpy
from hashlib import sha256

import pytest

from deploy.audit.evidence.gathering import require_whole
from deploy.audit.evidence.letter import letter_of
from deploy.audit.evidence.packing import signed, zipped
from deploy.audit.evidence.proving import prove
from deploy.audit.following import Tip
from shared.errors import Refused
from tests.support.evidence import AUDITOR, CANARY, PAPER, PUBLIC, WORDS, Told, checked, run_alone, unzipped


@pytest.fixture(scope="module")
async def told(kafka, tmp_path_factory):
    return await Told.open(kafka, tmp_path_factory.mktemp("objects"))


@pytest.fixture(scope="module")
async def masked(told):
    return await told.files()


@pytest.fixture(scope="module")
async def opened(told):
    return await told.files(opened=True)


def place(files, topic, number):
    """The name of an event's file on the topic that begins so."""
    return next(
        n for n in sorted(files) if n.startswith(f"events/{topic}") and n.endswith(f"{number:06d}.json")
    )


def changed(files, name, change):
    """The files, one of them with its JSON changed."""
    content = json.loads(files[name])
    change(content)
    return {**files, name: json.dumps(content).encode()}


def a_byte_flipped(files):
    name = place(files, "review", 2)

    def flip(stored):
        body = bytearray(base64.b64decode(stored["body"]))
        body[10] ^= 1
        stored["body"] = base64.b64encode(bytes(body)).decode()

    return changed(files, name, flip), "event 2 is not the one that event 3 was written after"


def an_event_removed(files):
    name = place(files, "review", 2)
    return {n: c for n, c in files.items() if n != name}, "event 2 is missing"


def the_last_event_removed(files):
    name = place(files, "review", 3)
    return {n: c for n, c in files.items() if n != name}, "the chain ends with event 2"


def two_events_swapped(files):
    one, other = place(files, "review", 2), place(files, "review", 3)
    return {**files, one: files[other], other: files[one]}, f"{one} holds event 3"


def the_letter_altered(files):
    letter = files["letter.txt"].decode()
    assert "不通过 REJECTED" in letter
    return {
        **files,
        "letter.txt": letter.replace("不通过 REJECTED", "通过 APPROVED").encode(),
    }, "letter.txt: says"


def a_checkpoint_altered(files):
    name = next(n for n in sorted(files) if n.startswith("checkpoints/review") and n.endswith("2.json"))
    return (
        {**files, name: files[name].replace(b'"size":', b'"size":1')},
        f"{name}: signed, and after the one before: the signature does not belong to it",
    )


def a_checkpoint_left_out(files):
    name = next(n for n in sorted(files) if n.startswith("checkpoints/review") and n.endswith("2.json"))
    return {n: c for n, c in files.items() if n != name}, "it was not signed after checkpoint 1"


def the_proof_of_another_event(files):
    name = next(n for n in files if n.startswith("proofs/review"))

    def swap(proofs):
        proofs["events"]["2"] = proofs["events"]["3"]

    return changed(files, name, swap), f"{place(files, 'review', 2)}: stands under"


def growth_told_otherwise(files):
    name = next(n for n in files if n.startswith("proofs/review"))

    def alter(proofs):
        proofs["growth"]["1"][0] = "0" * 64

    return changed(files, name, alter), "does not begin with that of checkpoint 1"


ALTERATIONS = (
    a_byte_flipped,
    an_event_removed,
    the_last_event_removed,
    two_events_swapped,
    the_letter_altered,
    a_checkpoint_altered,
    a_checkpoint_left_out,
    the_proof_of_another_event,
    growth_told_otherwise,
)


def signed_again(files):
    """The list of files made anew by whoever holds the signing key."""
    about = {n: v for n, v in json.loads(files["contents.json"]).items() if n != "files"}
    rest = {n: c for n, c in files.items() if not n.startswith("contents.")}
    return signed(rest, about, AUDITOR)


async def test_a_good_pack_holds_and_names_nobody(masked, tmp_path):
    verdict = checked(tmp_path, masked)
    assert (verdict.code, verdict.faults) == (0, [])
    assert sum("stands under a signed checkpoint" in line for line in verdict.fine) == 4
    everything = b"".join(masked.values()).decode()
    assert CANARY not in everything
    assert WORDS not in everything
    assert not any(name.startswith("opened/") for name in masked)
    (paper,) = json.loads(masked["papers.json"])
    assert len(paper["sealed_sha256"]) == 64


async def test_the_zip_itself_is_checked_by_the_script_of_the_source(masked, tmp_path):
    (tmp_path / "pack.zip").write_bytes(zipped(masked))
    source = tmp_path / "source"
    source.mkdir()
    for name in ("verify.py", "letter.py", "merkle.py"):
        (source / name).write_bytes(masked[name])
    assert run_alone(tmp_path, source / "verify.py", tmp_path / "pack.zip").code == 0


async def test_the_letter_tells_the_decision_in_two_languages(masked, opened):
    letter = masked["letter.txt"].decode()
    for said in (
        "不通过 REJECTED",
        "officer-3",
        "RECORD_TOO_OLD",
        "可申请行政复议。",
        "version 1",
        "PZH-001",
    ):
        assert said in letter
    assert CANARY in opened["letter.txt"].decode()
    assert WORDS in opened["letter.txt"].decode()


@pytest.mark.parametrize("again", [False, True], ids=["as-it-came", "signed-again"])
@pytest.mark.parametrize("alter", ALTERATIONS)
async def test_each_alteration_is_found_and_named(masked, tmp_path, alter, again):
    files, says = alter(masked)
    verdict = checked(tmp_path, signed_again(files) if again else files)
    assert verdict.code == 1
    assert any(says in fault for fault in verdict.faults), verdict.faults
    assert again or any("contents.json: the file " in fault for fault in verdict.faults)


async def test_a_history_rewritten_with_fitting_hashes_and_letter_is_found(masked, tmp_path):
    """Whoever holds the signing key tells another decision, with a chain, an end and a letter that fit."""
    name = place(masked, "review", 3)
    stored = json.loads(masked[name])
    body = base64.b64decode(stored["body"]).replace(b'"rejected"', b'"approved"')
    files = {**masked, name: json.dumps({**stored, "body": base64.b64encode(body).decode()}).encode()}
    told = []
    for one in (n for n in sorted(files) if n.startswith("events/")):
        record = json.loads(files[one])
        headers, facts = dict(record["headers"]), json.loads(base64.b64decode(record["body"]))
        told.append((headers["ce_type"], headers["ce_time"], facts, {}))
    files["letter.txt"] = letter_of(told).encode()
    headers = dict(stored["headers"])
    fields = ("ce_subject", "ce_id", "ce_type", "ce_time", "ce_sequence", "ce_previoushash")
    lines = "".join(f"{line}\n" for line in ("mente-event-1", *(headers[field] for field in fields)))
    contents = json.loads(files["contents.json"])
    contents["topics"][stored["topic"]] = [3, sha256(lines.encode() + body).hexdigest()]
    files["contents.json"] = json.dumps(contents).encode()
    verdict = checked(tmp_path, signed_again(files))
    assert [fault.split(":")[0] for fault in verdict.faults] == [name]
    assert "does not lead from this event" in verdict.faults[0]


async def test_another_key_is_told_by_its_fingerprint(masked, tmp_path):
    known = sha256(masked["keys/auditor.pem"]).hexdigest()
    assert checked(tmp_path, masked, "--fingerprint", known).code == 0
    verdict = checked(tmp_path, masked, "--fingerprint", "0" * 64)
    assert [fault.split(": ")[-1] for fault in verdict.faults] == ["the agency published another one"]


async def test_opened_parts_are_shown_to_be_what_was_sealed(opened, tmp_path):
    verdict = checked(tmp_path, opened)
    assert (verdict.code, verdict.faults) == (0, [])
    assert PAPER in opened.values()


def another_name(files):
    name = next(n for n in files if n.startswith("opened/events/intake"))
    return {
        **files,
        name: files[name].replace(CANARY.encode(), "张三丰".encode()),
    }, "sealed is something else"


def another_paper(files):
    name = next(n for n in files if n.startswith("opened/papers/"))
    return {**files, name: PAPER + b"more"}, "is not the paper that was handed in"


def another_data_key(files):
    secret = base64.b64encode(b"\x09" * 32).decode()
    return changed(files, "opened/key.json", lambda key: key.update(secret=secret)), "InvalidTag"


@pytest.mark.parametrize("alter", [another_name, another_paper, another_data_key])
async def test_what_was_opened_otherwise_is_found(opened, tmp_path, alter):
    files, says = alter(opened)
    verdict = checked(tmp_path, signed_again(files))
    assert verdict.code == 1
    assert any(says in fault for fault in verdict.faults), verdict.faults


@pytest.mark.parametrize("name", ["contents.json", "contents.sig", "letter.txt", "keys/auditor.pem"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"\xff{"])
async def test_nonsense_is_a_fault_and_no_crash(masked, tmp_path, name, content):
    files = {n: c for n, c in masked.items() if n != name}
    verdict = checked(tmp_path, files if content is None else {**files, name: content})
    assert verdict.code == 1
    assert verdict.faults


async def test_no_byte_of_the_zip_changes_what_it_holds_unseen(masked, tmp_path, capsys):
    whole, file = zipped(masked), tmp_path / "pack.zip"
    for name in ("verify.py", "letter.py", "merkle.py"):
        (tmp_path / name).write_bytes(masked[name])
    main = runpy.run_path(str(tmp_path / "verify.py"))["main"]
    for position in range(0, len(whole), len(whole) // 100):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 16]) + whole[position + 1 :])
        code = main([str(file)])
        assert code == 1 or unzipped(file.read_bytes()) == masked
    assert "Traceback" not in capsys.readouterr().err
    assert main([str(tmp_path / "nothing.zip")]) == 2


async def test_an_event_without_a_checkpoint_is_not_exported(told, kafka, tmp_path):
    evidence = await told.evidence()
    archive = told.archives[0]
    later = [event for event in evidence.events if event.link.topic != archive.topic]
    with pytest.raises(Refused, match="no checkpoint covers"):
        prove(archive, later, PUBLIC)


async def test_a_log_that_ends_otherwise_than_its_writer_knows_is_not_exported(told):
    evidence = await told.evidence()
    last = evidence.events[-1].link
    require_whole(evidence.events, [Tip(last.topic, last.key, last.sequence, last.hash)])
    with pytest.raises(Refused, match="as its writer knows it"):
        require_whole(evidence.events, [Tip(last.topic, last.key, last.sequence + 1, last.hash)])


async def test_equal_contents_make_equal_packs(masked):
    assert zipped(masked) == zipped(unzipped(zipped(masked)))
