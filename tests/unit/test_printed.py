"""Checkpoints come back from paper as they were, or not at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.checkpoints import read, sign, verify
from shared.errors import Unreadable
from shared.printed import parse_printed, printable
from tests.support.checkpoints import KEY, KEYS, a_checkpoint, a_slice, three

TYPED = "abcdefghijklmnopqrstuvwxyzABCDEF0123456789:+-=. \n\tß€"


def test_a_printed_checkpoint_is_short_and_comes_back_as_it_was():
    for checkpoint in three():
        text = printable(checkpoint)
        assert len(text.splitlines()) == 19
        assert max(len(line) for line in text.splitlines()) <= 57
        assert parse_printed(text) == checkpoint
        assert verify(parse_printed(text), KEYS) is None


@settings(deadline=None)
@given(
    st.from_regex(r"[a-z0-9][a-z0-9._-]{0,248}", fullmatch=True),
    st.integers(0, 2**62),
    st.datetimes(timezones=st.just(UTC), max_value=datetime(9999, 1, 1)),  # noqa: DTZ001
    st.text("0123456789abcdef", min_size=64, max_size=64),
)
def test_every_checkpoint_comes_back_from_paper(topic, size, since, root):
    taken = replace(
        a_slice([]), topic=topic, size=size, since=since, until=since + timedelta(microseconds=1), root=root
    )
    checkpoint = sign(taken, None, "audit-2026", KEY)
    assert parse_printed(printable(checkpoint)) == checkpoint
    assert read(checkpoint.stored()) == checkpoint


def test_spaces_empty_lines_capitals_and_lookalikes_of_digits_do_not_matter():
    checkpoint = three()[2]
    text = printable(checkpoint)
    loose = "\n\n".join(f"  {line.replace('  ', '   ')} " for line in text.splitlines())
    assert parse_printed(loose) == checkpoint
    assert parse_printed(text.upper()) == checkpoint
    roots = [line for line in text.splitlines() if line.startswith(("Root", "Signature"))]
    for line in roots:
        label, rest = line[:10], line[10:]
        text = text.replace(line, label + rest.replace("0", "O").replace("1", "l"))
    assert parse_printed(text) == checkpoint


def noticed(text, checkpoint):
    """Whether a print with a slip is refused; one that still says the same was not hurt by it."""
    try:
        return parse_printed(text) == checkpoint
    except Unreadable:
        return True


def test_every_mistyped_character_in_a_print_is_noticed():
    checkpoint = three()[1]
    text = printable(checkpoint)
    for at in range(len(text)):
        typed = TYPED[at % len(TYPED)]
        slips = [typed + text[at + 1 :], text[at + 1 :], typed + text[at:], text[at + 1 : at + 2] + text[at:]]
        for slip in slips:
            assert noticed(text[:at] + slip, checkpoint)
    assert all(
        _refused(text[:at] + ("1" if text[at] != "1" else "2") + text[at + 1 :])
        for at in range(len(text))
        if text[at] in "0123456789abcdef"
    )


def _refused(text):
    try:
        parse_printed(text)
    except Unreadable:
        return True
    return False


def test_the_mistyped_line_is_named():
    lines = printable(a_checkpoint()).splitlines()
    lines[8] = lines[8].replace("=", "0 =")
    with pytest.raises(Unreadable, match="line 8, 'root'") as error:
        parse_printed("\n".join(lines))
    assert error.value.code == "print-mistyped"


def test_missing_swapped_and_repeated_lines_are_noticed():
    lines = printable(a_checkpoint()).splitlines()
    for at in range(len(lines)):
        with pytest.raises(Unreadable):
            parse_printed("\n".join(lines[:at] + lines[at + 1 :]))
        with pytest.raises(Unreadable):
            parse_printed("\n".join(lines[: at + 1] + lines[at:]))
        for other in range(at):
            moved = list(lines)
            moved[at], moved[other] = moved[other], moved[at]
            with pytest.raises(Unreadable):
                parse_printed("\n".join(moved))


@settings(deadline=None)
@given(st.text() | st.text().map(lambda text: f"MENTE CHECKPOINT\n{text}\n{text}"))
def test_any_other_text_is_unreadable(text):
    with pytest.raises(Unreadable):
        parse_printed(text)
