"""The search for a disease as people write it: by code, name, everyday name or their pinyin; pure."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import lru_cache
from typing import Any, Generic, TypeVar

from shared.contracts.diseases import Disease
from shared.contracts.standards import Standard

D = TypeVar("D", Disease, Standard)

Syllables = tuple[frozenset[str], ...]
"""What may be typed for each letter of a word, one after the other."""


class Rank(IntEnum):
    """How well a disease answers a query, best first."""

    EQUAL = auto()
    BEGINS = auto()
    INSIDE = auto()
    PINYIN_EQUAL = auto()
    PINYIN_BEGINS = auto()
    INITIALS_EQUAL = auto()
    INITIALS_BEGIN = auto()
    PINYIN_INSIDE = auto()
    OTHERWISE_READ = auto()
    NOT_FOUND = auto()


class Reach(IntEnum):
    """How far into a word a query reaches when it is typed from the word's first letter."""

    ALL = auto()
    A_PART = auto()
    LESS_THAN_A_SYLLABLE = auto()
    ASTRAY = auto()


@dataclass(frozen=True, slots=True)
class Entry(Generic[D]):
    """A disease or a standard, the codes it has in three lists that are kept apart, and what it is called."""

    found: D
    codes: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def of(cls, found: D) -> "Entry[D]":
        """Make ready what is compared with a query."""
        one: Disease | Standard = found
        national = one.national_code.v if one.national_code else None
        codes = (one.code, national, getattr(one, "standard", None))
        names = (one.name.v, *(one.aliases.v if one.aliases else ()))
        return cls(
            found,
            tuple(_folded(code) for code in codes if code),
            tuple(_folded(name) for name in names),
        )


@dataclass(frozen=True, slots=True)
class Spelled:
    """How a word may be typed: as it is read here, by initials, or by any reading of each of its letters."""

    here: Syllables
    initials: Syllables
    anywhere: Syllables


@dataclass(frozen=True, slots=True)
class SearchIndex(Generic[D]):
    """The diseases of a catalogue, or the standards of a province, ready to be searched."""

    entries: tuple[Entry[D], ...]

    @classmethod
    def of(cls, diseases: Sequence[D]) -> "SearchIndex[D]":
        """Make the index; the pinyin of a word is worked out when it is first searched for."""
        return cls(tuple(Entry.of(disease) for disease in diseases))

    def find(self, query: str) -> list[D]:
        """Find what is meant, best first and else in the order of the catalogue; an empty query finds all."""
        wanted, typed = _folded(query), _as_pinyin(query)
        if query.strip() and not wanted:
            return []
        ranked = [(_rank(entry, wanted, typed), entry.found) for entry in self.entries]
        return [found for rank, found in sorted(ranked, key=lambda pair: pair[0]) if rank < Rank.NOT_FOUND]


def _rank(entry: Entry[Any], wanted: str, typed: str) -> Rank:
    by_code = _best(_rank_of_code(code, wanted) for code in entry.codes)
    written = min(by_code, _best(_rank_as_written(name, wanted) for name in entry.names))
    if written < Rank.NOT_FOUND or not typed:
        return written
    return _best(_rank_as_spoken(name, typed) for name in entry.names)


def _best(ranks: Iterable[Rank]) -> Rank:
    return min(ranks, default=Rank.NOT_FOUND)


def _rank_of_code(code: str, wanted: str) -> Rank:
    """A query without a digit means no part of a code: all codes of a list begin with the same letters."""
    if code != wanted and not any(letter.isdigit() for letter in wanted):
        return Rank.NOT_FOUND
    return _rank_as_written(code, wanted)


def _rank_as_written(word: str, wanted: str) -> Rank:
    if word == wanted:
        return Rank.EQUAL
    if word.startswith(wanted):
        return Rank.BEGINS
    return Rank.INSIDE if wanted in word else Rank.NOT_FOUND


def _rank_as_spoken(word: str, typed: str) -> Rank:
    if word.isascii():
        return Rank.NOT_FOUND
    spelled = _pinyin(word)
    by_pinyin, by_initials = _reach(spelled.here, typed), _reach(spelled.initials, typed)
    if by_pinyin < Reach.ASTRAY:
        return Rank.PINYIN_EQUAL if by_pinyin is Reach.ALL else Rank.PINYIN_BEGINS
    if by_initials < Reach.ASTRAY:
        return Rank.INITIALS_EQUAL if by_initials is Reach.ALL else Rank.INITIALS_BEGIN
    if any(_reach(spelled.here[place:], typed) <= Reach.A_PART for place in range(1, len(word))):
        return Rank.PINYIN_INSIDE
    return Rank.OTHERWISE_READ if _reach(spelled.anywhere, typed) < Reach.ASTRAY else Rank.NOT_FOUND


def _reach(syllables: Syllables, typed: str) -> Reach:
    """Follow all ways of cutting what was typed into syllables; the last may be unfinished."""
    places = {0}
    for number, readings in enumerate(syllables):
        rests = [typed[place:] for place in places]
        if number and "" in rests:
            return Reach.A_PART
        if any(reading.startswith(rest) and reading != rest for rest in rests for reading in readings):
            return Reach.A_PART if number else Reach.LESS_THAN_A_SYLLABLE
        places = {p + len(r) for p in places for r in readings if typed.startswith(r, p)}
    return Reach.ALL if len(typed) in places else Reach.ASTRAY


@lru_cache(maxsize=4096)
def _pinyin(word: str) -> Spelled:
    from pypinyin import Style, lazy_pinyin, pinyin  # 0.15 s, spent by the first search by pinyin

    one_by_one: Any = list
    in_context = lazy_pinyin(word, errors=one_by_one)
    alone = [pinyin(letter, style=Style.NORMAL, heteronym=True)[0] for letter in word]
    here = tuple(_ways_to_type(letter, [read]) for letter, read in zip(word, in_context, strict=True))
    every = tuple(_ways_to_type(letter, read) for letter, read in zip(word, alone, strict=True))
    anywhere = tuple(now | ever for now, ever in zip(here, every, strict=True))
    return Spelled(here, tuple(ways | _initials(ways) for ways in here), anywhere)


def _initials(ways: frozenset[str]) -> frozenset[str]:
    """Let a syllable be typed by its initial alone, `z` or `zh`."""
    return frozenset(way[:length] for way in ways for length in (1, 2) if length == 1 or way[1:2] == "h")


def _ways_to_type(letter: str, readings: Sequence[str]) -> frozenset[str]:
    """Add the letter itself, and for ü, which no keyboard has, what is typed instead: v, u or yu."""
    for_u = {reading.replace("v", instead) for reading in readings for instead in ("v", "u", "yu")}
    return frozenset({letter, *for_u})


def _as_pinyin(query: str) -> str:
    """Take tone marks, tone numbers and spaces from what may be pinyin; empty without a Latin letter."""
    marked = unicodedata.normalize("NFKD", query.casefold()).replace("u\u0308", "v")
    unmarked = "".join(letter for letter in marked if not unicodedata.combining(letter))
    typed = re.sub(r"(?<=[a-z])[1-5](?![0-9])", "", _folded(unmarked))
    return typed if re.search("[a-z]", typed) else ""


def _folded(text: str) -> str:
    """Full-width and half-width, case, spaces and brackets make no difference to a person."""
    letters = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in letters if letter.isalnum())
