"""A person finds a disease by whatever they know of it: a code, a name, a word for it, or how it sounds."""

import subprocess
import sys
import time
from itertools import permutations

import pytest
from pypinyin import Style, lazy_pinyin

from services.catalog.app import read_documents
from services.catalog.domain.searching import SearchIndex
from shared.contracts.diseases import Disease
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Grade, MaybeKnown, Sourced

POLICIES = {d.region: d for d in read_documents() if isinstance(d, RegionPolicy)}
INDEXES = {region: SearchIndex.of(policy.diseases) for region, policy in POLICIES.items()}
WORDS = [
    (region, disease.code, word)
    for region, policy in POLICIES.items()
    for disease in policy.diseases
    for word in (disease.name.v, *disease.aliases.v)
]


def found(query: str, region: str = "shangrao") -> list[str]:
    return [disease.code for disease in INDEXES[region].find(query)]


def disease(code: str, name: str, *aliases: str, standard: str | None = None) -> Disease:
    unknown = {"src": "test", "grade": Grade.UNVERIFIED, "unknown": True}
    return Disease(
        code=code,
        name=Sourced[str](v=name, src="test", grade=Grade.UNVERIFIED),
        aliases=Sourced[tuple[str, ...]](v=aliases, src="test", grade=Grade.UNVERIFIED),
        disease_class=MaybeKnown[str].model_validate(unknown),
        national_code=MaybeKnown[str].model_validate(unknown),
        re_review_years=MaybeKnown[int].model_validate(unknown),
        annual_cap_yuan=MaybeKnown[int | str].model_validate(unknown),
        standard=standard,
    )


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("gaoxueya", "SRG-012"),
        ("GAOXUEYA", "SRG-012"),
        ("gao xue ya", "SRG-012"),
        ("gāo xuè yā", "SRG-012"),
        ("gao1xue4ya1", "SRG-012"),
        ("ｇａｏｘｕｅｙａ", "SRG-012"),
        ("gaoxuey", "SRG-012"),
        ("gxy", "SRG-012"),
        ("gaoxy", "SRG-012"),
        ("高xue", "SRG-012"),
        ("zhongzheng", "SRG-022"),
        ("zhzhjwl", "SRG-022"),
        ("zhongxing", "SRG-010"),
        ("chongxing", "SRG-010"),
        ("naozuzhong", "SRG-021"),
        ("naocuzhong", "SRG-021"),
        ("lvneizhang", "SRG-035"),
        ("luneizhang", "SRG-035"),
        ("lǜ nèi zhàng", "SRG-035"),
        ("xiyangzheng", None),
    ],
)
def test_a_disease_is_found_by_how_it_sounds(query: str, code: str | None) -> None:
    assert found(query) == ([code] if code else [])


@pytest.mark.parametrize(("region", "code", "word"), WORDS)
def test_every_word_is_found_by_its_pinyin_and_its_initials(region: str, code: str, word: str) -> None:
    spoken = "".join(lazy_pinyin(word))
    initials = "".join(lazy_pinyin(word, style=Style.FIRST_LETTER))
    assert code in found(spoken, region)
    assert code in found(spoken[:-1], region)
    assert code in found(initials, region)


@pytest.mark.parametrize(("region", "code", "word"), WORDS)
def test_every_word_is_found_as_it_is_written(region: str, code: str, word: str) -> None:
    assert code in found(word, region)
    assert code in found(word[1:], region)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("srg-012", ["SRG-012"]),
        ("SRG012", ["SRG-012"]),
        ("m03900", ["SRG-012"]),
        ("M04803", ["SRG-021"]),
        ("033", ["SRG-033"]),
        ("ｃｏｐｄ", ["SRG-018"]),
        ("ＳＲＧ－０１２", ["SRG-012"]),
    ],
)
def test_a_disease_is_found_by_the_local_and_the_national_code(query: str, codes: list[str]) -> None:
    assert found(query) == codes


def test_a_disease_is_found_by_the_code_of_its_standard() -> None:
    first, second = disease("A-1", "甲病", standard="JX-STD-41"), disease("A-2", "乙病", standard="JX-STD-42")
    assert SearchIndex.of([first, second]).find("jx-std-42") == [second]


@pytest.mark.parametrize("query", ["nvbing", "nubing", "nyubing", "nübing", "nǚ bìng", "nu3bing4"])
def test_the_vowel_that_no_keyboard_has_is_typed_in_many_ways(query: str) -> None:
    disease_of_women = disease("A-1", "女病")
    assert SearchIndex.of([disease_of_women]).find(query) == [disease_of_women]


def test_a_letter_that_all_codes_share_is_taken_as_sound() -> None:
    assert 0 < len(found("s")) < len(POLICIES["shangrao"].diseases)
    assert "SRG-013" not in found("s")


def test_the_better_answer_comes_first() -> None:
    ranked = [
        disease("E", "甲"),
        disease("B", "甲乙"),
        disease("I", "丙甲"),
    ]
    for order in permutations(ranked):
        assert [d.code for d in SearchIndex.of(order).find("甲")] == ["E", "B", "I"]


def test_pinyin_ranks_equal_beginning_initials_then_inside() -> None:
    ranked = [
        disease("E", "妈"),
        disease("B", "妈病"),
        disease("N", "没癌"),
        disease("I", "狗妈"),
    ]
    for order in permutations(ranked):
        assert [d.code for d in SearchIndex.of(order).find("ma")] == ["E", "B", "N", "I"]


def test_what_is_written_goes_before_what_only_sounds_so() -> None:
    written, sounding = disease("W", "甲", "SLE-X"), disease("S", "伤了鹅")
    assert SearchIndex.of([sounding, written]).find("sle") == [written, sounding]


def test_a_tie_keeps_the_order_of_the_catalogue() -> None:
    assert found("manxing") == sorted(found("manxing"))
    assert len(found("manxing")) > 3


@pytest.mark.parametrize("region", POLICIES)
@pytest.mark.parametrize("query", ["", " ", "\u3000"])
def test_an_empty_query_gives_the_catalogue_in_its_order(region: str, query: str) -> None:
    assert INDEXES[region].find(query) == list(POLICIES[region].diseases)


@pytest.mark.parametrize(
    "query",
    [
        "q" * 64,
        "a" * 64,
        "zhong" * 12,
        "an" * 32,
        "，" * 64,
        "🙂" * 64,
        "高" * 64,
        "1" * 64,
        "é" * 64,
        "\x00a",
    ],
)
def test_junk_finds_nothing_quickly(query: str) -> None:
    found("gxy")
    began = time.perf_counter()
    assert found(query) == [] or query == "\x00a"
    assert time.perf_counter() - began < 0.1


def test_a_search_by_written_words_does_not_wait_for_pinyin() -> None:
    script = (
        "import sys\n"
        "from services.catalog import app\n"
        "from services.catalog.domain.searching import SearchIndex\n"
        "policies = [d for d in app.read_documents() if hasattr(d, 'diseases')]\n"
        "assert SearchIndex.of(policies[0].diseases).find('高血压')\n"
        "assert 'pypinyin' not in sys.modules\n"
        "assert SearchIndex.of(policies[0].diseases).find('gxy')\n"
        "assert 'pypinyin' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
