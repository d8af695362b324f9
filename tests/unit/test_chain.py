"""The chain of one key: every change to what was published breaks it, no repeat does."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.chain import FIRST, ChainCheck, ChainFault, Head, Link

A_LINK = Link(
    topic="review.cases",
    key="0192",
    event_id="0193",
    type="case.decided",
    time="2026-10-05T08:00:00+00:00",
    sequence=1,
    previous=FIRST,
    body=b'{"outcome": "granted"}',
)
TEXTS = ("key", "event_id", "type", "time", "previous")
CHANGES = [
    {"key": "0191"},
    {"event_id": "0194"},
    {"type": "case.returned"},
    {"time": "2026-10-05T08:00:01+00:00"},
    {"sequence": 2},
    {"previous": "1" + FIRST[1:]},
    {"body": b'{"outcome": "refused"}'},
    {"event_id": "", "type": "0193case.decided"},
]


def a_chain(length, key="0192", **told):
    """Sound events of one key."""
    links = []
    previous = FIRST
    for number in range(1, length + 1):
        body = told.get("body", b"%d") % number
        link = replace(A_LINK, key=key, sequence=number, event_id=f"{number}", previous=previous, body=body)
        previous = link.hash
        links.append(link)
    return links


def faults_in(links):
    """The faults with the places where they are told."""
    check = ChainCheck()
    told = [(at, check.take(link)) for at, link in enumerate(links)]
    return [(at, fault) for at, fault in told if fault]


def flipped(body, bit):
    return (int.from_bytes(body, "big") ^ (1 << bit)).to_bytes(len(body), "big")


def test_the_hash_covers_each_field_on_its_line_and_then_the_body():
    published = (
        b"mente-event-1\n0192\n0193\ncase.decided\n2026-10-05T08:00:00+00:00\n1\n"
        + b"0" * 64
        + b'\n{"outcome": "granted"}'
    )
    assert A_LINK.hash == hashlib.sha256(published).hexdigest()
    assert A_LINK.digest.hex() == A_LINK.hash


@pytest.mark.parametrize("change", CHANGES)
def test_every_field_changes_the_hash(change):
    assert replace(A_LINK, **change).hash != A_LINK.hash


def test_a_copy_on_another_topic_has_the_same_hash():
    assert replace(A_LINK, topic="mirror.review.cases").hash == A_LINK.hash


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=200), st.data())
def test_one_flipped_bit_of_the_body_changes_the_hash(body, data):
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    assert replace(A_LINK, body=body).hash != replace(A_LINK, body=flipped(body, bit)).hash


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("text", ["a\nb", "\n", "\ud800"])
def test_a_field_with_a_line_break_or_no_utf8_is_refused(field, text):
    with pytest.raises(ValueError):
        replace(A_LINK, **{field: text})


def test_line_breaks_in_a_body_are_its_own():
    assert replace(A_LINK, body=b"a\n\nb").hash != replace(A_LINK, body=b"a\nb").hash


def test_a_sound_chain_has_no_fault():
    check = ChainCheck()
    links = a_chain(20)
    assert [check.take(link) for link in links] == [None] * 20
    assert check.head("review.cases", "0192") == Head(20, links[-1].hash)
    assert (check.sound, check.broken) == (1, 0)


@settings(deadline=None)
@given(st.integers(1, 12), st.data())
def test_no_repeat_however_late_or_often_is_a_fault(length, data):
    """Publishing is at least once: any stretch of what is there may come again at any time."""
    links = a_chain(length)
    published = []
    for at in range(length):
        published.append(links[at])
        start = data.draw(st.integers(0, at))
        published += links[start : data.draw(st.integers(start, at + 1))]
    assert faults_in(published) == []


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("at", [0, 3, 9])
def test_a_changed_event_is_found_at_the_next_one(at, bit):
    links = a_chain(11)
    links[at] = replace(links[at], body=flipped(links[at].body, bit))
    assert faults_in(links) == [(at + 1, ChainFault.BROKEN_LINK)]


def test_a_changed_last_event_is_found_by_what_its_writer_knows():
    links = a_chain(5)
    check = ChainCheck()
    for link in [*links[:4], replace(links[4], body=b"other")]:
        assert check.take(link) is None
    assert check.head("review.cases", "0192") != Head(5, links[4].hash)


def test_a_cut_tail_is_found_by_what_its_writer_knows():
    links = a_chain(5)
    check = ChainCheck()
    for link in links[:3]:
        check.take(link)
    assert check.head("review.cases", "0192") == Head(3, links[2].hash)


def test_a_deleted_event_is_a_gap():
    links = a_chain(8)
    assert faults_in(links[:3] + links[4:]) == [(3, ChainFault.GAP)]


def test_a_deleted_first_event_is_found():
    assert faults_in(a_chain(8)[1:]) == [(0, ChainFault.WRONG_FIRST)]


def test_a_first_event_that_names_one_before_it_is_found():
    assert faults_in([replace(A_LINK, previous="1" * 64)]) == [(0, ChainFault.WRONG_FIRST)]


@pytest.mark.parametrize("sequence", [0, -1, -(10**30), 10**30])
def test_an_event_with_an_impossible_number_is_found(sequence):
    odd = replace(A_LINK, sequence=sequence)
    assert faults_in([odd]) == [(0, ChainFault.WRONG_FIRST)]
    assert [at for at, _ in faults_in([*a_chain(3), odd])] == [3]


def test_swapped_events_are_found():
    links = a_chain(8)
    links[3], links[4] = links[4], links[3]
    assert faults_in(links) == [(3, ChainFault.GAP)]


def test_an_inserted_event_is_found():
    links = a_chain(8)
    forged = replace(links[3], sequence=5, previous=links[3].hash, body=b"forged")
    assert faults_in([*links[:4], forged, *links[4:]]) == [(5, ChainFault.OTHER_CONTENT)]


@pytest.mark.parametrize("at", [0, 4, 7])
def test_a_repeat_with_other_content_is_found_however_late(at):
    links = a_chain(8)
    assert faults_in([*links, replace(links[at], body=b"other")]) == [(8, ChainFault.OTHER_CONTENT)]
    assert faults_in([*links, replace(links[at], time="earlier")]) == [(8, ChainFault.OTHER_CONTENT)]


def test_a_chain_rewritten_with_right_hashes_is_sound_but_ends_otherwise():
    links, rewritten = a_chain(8), a_chain(8, body=b"rewritten %d")
    assert faults_in(rewritten) == []
    assert rewritten[-1].hash != links[-1].hash


def test_only_the_first_break_of_a_key_is_told_and_other_keys_go_on():
    broken, other = a_chain(9), a_chain(9, key="0555")
    del broken[6]
    del broken[2]
    mixed = [link for pair in zip(broken, other, strict=False) for link in pair] + other[-2:]
    assert faults_in(mixed) == [(4, ChainFault.GAP)]
    check = ChainCheck()
    for link in mixed:
        check.take(link)
    assert (check.sound, check.broken) == (1, 1)
    assert check.is_broken("review.cases", "0192")
    assert not check.is_broken("review.cases", "0555")
    assert check.head("review.cases", "0192") is None
    assert check.head("review.cases", "0555") == Head(9, other[-1].hash)


def test_the_same_key_on_two_topics_has_two_chains():
    other = replace(A_LINK, topic="intake.applications")
    assert faults_in([A_LINK, other]) == []


def test_every_fault_has_a_sentence():
    assert all(fault.sentence.endswith(".") for fault in ChainFault)
