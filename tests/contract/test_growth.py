"""What was released may grow, and the gate says who is deployed first; what would break it is refused."""

import copy
import shutil

import pytest

from deploy.contracts import files
from deploy.contracts.__main__ import main
from deploy.contracts.growth import Contracts, NoBaseline, Verdict, judge, read_contracts

COMMITTED = read_contracts(files.SCHEMAS)
TODAY = Contracts({kind: {1: versions[1]} for kind, versions in COMMITTED.types.items()}, COMMITTED.topics)
"""As if nothing had grown yet, so that every change here is from version 1 to 2."""

ASKED = "material-requested"
OFFERED = "submission-offered"
SUBMITTED = "application-submitted"
TEXT = {"type": "string"}


def grown(change, kind: str = ASKED, version: int = 2) -> Verdict:
    """The verdict after a change to the schema of one type, as the version that is given."""
    types = {name: dict(versions) for name, versions in TODAY.types.items()}
    schema = copy.deepcopy(types[kind][1])
    change(schema)
    types[kind][version] = schema
    return judge(TODAY, Contracts(types, TODAY.topics))


def registered(change) -> Verdict:
    """The verdict after a change to the register."""
    topics = copy.deepcopy(TODAY.topics)
    change(topics)
    return judge(TODAY, Contracts(TODAY.types, topics))


def put(*path: str | int, value):
    """Set one thing in a schema."""

    def change(schema):
        *way, last = path
        for step in way:
            schema = schema[step]
        schema[last] = value

    return change


def drop(*path: str | int):
    """Take one thing out of a schema."""

    def change(schema):
        *way, last = path
        for step in way:
            schema = schema[step]
        del schema[last]

    return change


def add_required(schema):
    schema["properties"]["urgency"] = TEXT
    schema["required"].append("urgency")


def require_what_was_optional(schema):
    schema["required"].append("clock_paused_on")


def no_longer_require(schema):
    schema["required"].remove("round")


BREAKING = {
    "an optional field removed": (
        drop("properties", "clock_paused_on"),
        "`clock_paused_on` was removed: records that are already written hold it",
    ),
    "a required field removed": (
        lambda schema: (drop("properties", "round")(schema), no_longer_require(schema)),
        "`round` was removed",
    ),
    "a required field added": (add_required, "`urgency` was added as a required field"),
    "a field made required": (require_what_was_optional, "`clock_paused_on` is now required"),
    "a type changed": (
        put("properties", "round", "type", value="string"),
        "`round` changed its type from integer to string",
    ),
    "a list changed": (
        put("properties", "kinds", "items", value={"type": "integer"}),
        "`kinds[]` changed its type from string to integer",
    ),
    "a value removed": (drop("$defs", "Stage", "enum", 2), "`stage` lost the value 'expert'"),
    "a format changed": (
        put("properties", "answer_due_on", "format", value="date-time"),
        "`answer_due_on` has format 'date-time' instead of 'date'",
    ),
    "a pattern changed": (
        put("properties", "region", "pattern", value="^[a-z]+$"),
        "`region` has pattern '^[a-z]+$' instead of",
    ),
    "a limit narrowed": (
        put("properties", "kinds", "maxItems", value=10),
        "`kinds` has maxItems 10 instead of 60: records may lie outside",
    ),
    "a limit added": (
        put("properties", "round", "maximum", value=3),
        "`round` has maximum 3 instead of None",
    ),
    "null no longer taken": (
        put("properties", "clock_paused_on", value={"type": "string", "format": "date", "default": None}),
        "`clock_paused_on` may no longer be null",
    ),
    "a default changed": (
        put("properties", "clock_paused_on", "default", value="2026-01-01"),
        "`clock_paused_on` has the default '2026-01-01' instead of None",
    ),
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_refused_with_its_place_and_reason(name):
    change, told = BREAKING[name]
    verdict = grown(change)
    assert [refusal for refusal in verdict.refusals if told in refusal and refusal.startswith(ASKED)]
    assert verdict.advice == []


ADDITIVE = {
    "an optional field": (put("properties", "urgency", value=TEXT), "in any order"),
    "a value": (
        lambda schema: schema["$defs"]["Stage"]["enum"].append("appeal"),
        "Deploy its readers first (intake and notify), then its writer (review)",
    ),
    "a wider limit": (put("properties", "kinds", "maxItems", value=80), "readers first (intake and notify)"),
    "a field no longer required": (no_longer_require, "readers first (intake and notify)"),
    "null taken": (
        put("properties", "round", value={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        "readers first (intake and notify)",
    ),
}


@pytest.mark.parametrize("name", ADDITIVE)
def test_growth_passes_and_says_which_side_goes_first(name):
    change, told = ADDITIVE[name]
    verdict = grown(change)
    assert verdict.refusals == []
    (advice,) = verdict.advice
    assert advice.startswith(ASKED)
    assert told in advice


def test_a_part_of_a_body_grows_as_the_body_does():
    (refusal,) = grown(drop("$defs", "Paper", "properties", "stamped"), SUBMITTED).refusals
    assert "`materials[].stamped` was removed" in refusal
    (advice,) = grown(put("$defs", "Paper", "properties", "pages", value=TEXT), SUBMITTED).advice
    assert "in any order" in advice


def test_what_is_sealed_grows_as_a_body_does():
    inside = "decision-made.private"
    (refusal,) = grown(drop("properties", "opinion"), inside).refusals
    assert refusal.startswith(f"{inside}: `opinion` was removed")
    (advice,) = grown(put("properties", "opinion", "maxLength", value=8000), inside).advice
    assert "Deploy its readers first (intake and notify), then its writer (review)" in advice


def test_what_channels_send_is_understood_before_they_send_it():
    (advice,) = grown(put("properties", "language", value=TEXT), OFFERED).advice
    assert "Deploy its readers first (intake), then its writer (channels)" in advice


def test_a_channel_of_today_must_still_be_understood():
    (refusal,) = grown(lambda schema: schema["required"].append("declared_true"), OFFERED).refusals
    assert "`declared_true` is now required" in refusal


def test_other_words_in_a_description_are_no_change():
    verdict = grown(put("description", value="Something else."), version=1)
    assert verdict == Verdict([], [])


def test_growth_without_a_new_version_is_refused():
    (refusal,) = grown(put("properties", "urgency", value=TEXT), version=1).refusals
    assert "still version 1. Raise `version` to 2" in refusal


def test_the_schema_of_an_earlier_version_stays_as_it_was():
    types = {**TODAY.types, ASKED: {2: TODAY.types[ASKED][1]}}
    (refusal,) = judge(TODAY, Contracts(types, TODAY.topics)).refusals
    assert refusal.startswith(f"{ASKED}/1: the released schema was changed or removed")


def test_a_version_never_goes_back():
    later = {**TODAY.types, ASKED: {1: TODAY.types[ASKED][1], 2: TODAY.types[ASKED][1]}}
    (refusal,) = judge(Contracts(later, TODAY.topics), TODAY).refusals
    assert "went back from 2 to 1" in refusal


def test_a_type_is_never_removed():
    types = {kind: versions for kind, versions in TODAY.types.items() if kind != ASKED}
    (refusal,) = judge(TODAY, Contracts(types, TODAY.topics)).refusals
    assert refusal.startswith(f"{ASKED}: the type was removed")


def test_a_new_type_is_read_before_it_is_stated():
    types = {kind: versions for kind, versions in TODAY.types.items() if kind != ASKED}
    (advice,) = judge(Contracts(types, TODAY.topics), TODAY).advice
    assert "a new type. Deploy its readers first (intake and notify), then its writer (review)" in advice


def test_a_new_topic_is_made_before_it_is_used():
    topics = {name: topic for name, topic in TODAY.topics.items() if name != "notify.messages"}
    (advice,) = judge(Contracts(TODAY.types, topics), TODAY).advice
    assert advice.startswith("notify.messages: a new topic. Make it first")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("partitions", 24, "partitions changed from 12 to 24: keys would move"),
        ("writer", "intake", "writer changed from review to intake"),
        ("key", "region", "key changed from application id to region"),
        ("cleanup_policy", "compact", "cleanup_policy changed from delete to compact"),
        ("retention_ms", 1000, "kept for a shorter time"),
    ],
)
def test_a_topic_keeps_what_its_readers_count_on(field, value, told):
    (refusal,) = registered(put("review.cases", field, value=value)).refusals
    assert refusal.startswith("review.cases: ")
    assert told in refusal


def test_a_compacted_topic_may_keep_everything_from_now_on():
    before = registered(put("catalog.policies", "cleanup_policy", value="compact"))
    assert len(before.refusals) == 1
    topics = copy.deepcopy(TODAY.topics)
    topics["catalog.policies"]["cleanup_policy"] = "compact"
    assert judge(Contracts(TODAY.types, topics), TODAY).refusals == []
    topics["catalog.policies"]["retention_ms"] = -1
    shorter = copy.deepcopy(TODAY.topics)
    shorter["catalog.policies"]["retention_ms"] = 1000
    assert judge(Contracts(TODAY.types, topics), Contracts(TODAY.types, shorter)).refusals


def test_a_topic_is_never_removed():
    assert [
        refusal
        for refusal in registered(drop("review.cases")).refusals
        if "review.cases: the topic was removed" in refusal
    ]


def test_a_type_never_moves_to_another_topic():
    def move(topics):
        topics["review.cases"]["events"].remove(ASKED)
        topics["notify.messages"]["events"].append(ASKED)

    (refusal,) = registered(move).refusals
    assert "moved from review.cases to notify.messages" in refusal


def test_a_change_inside_a_choice_of_types_is_left_to_the_second_judge():
    def narrow(schema):
        (text,) = [part for part in schema["$defs"]["Claim"]["properties"]["v"]["anyOf"] if part == TEXT]
        text["maxLength"] = 3

    (refusal,) = grown(narrow, "policy-published").refusals
    assert "jsoncompat finds records of version 1 that version 2 could not read" in refusal


def test_todays_contracts_pass_the_gate(capsys):
    assert main(["gate"]) == 0, capsys.readouterr().out


def test_the_gate_compares_with_any_folder_of_schemas(tmp_path, capsys):
    base = tmp_path / "schemas"
    shutil.copytree(files.SCHEMAS, base)
    old = base / "case-closed" / "1.json"
    old.write_text(old.read_text().replace('"reason"', '"cause"'))
    assert main(["gate", "--base", str(base)]) == 1
    assert "REFUSED  case-closed: `cause` was removed" in capsys.readouterr().out


def test_a_folder_without_schemas_is_named(tmp_path, capsys):
    assert main(["gate", "--base", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
    with pytest.raises(NoBaseline):
        read_contracts(tmp_path)
