"""Imports go the ways that are allowed, and each rule is shown to catch what it forbids."""

import ast
import json
import shutil
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

from tests.support.alone import ROOT, copy_of, outputs_of, start_alone

SOURCES = ("services", "shared", "deploy")
RULES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
NAMES = {rule["id"]: rule["name"] for rule in RULES}

PLANTS = [
    (
        "services-apart",
        "services/review/actions/opening.py",
        "from services.intake import store",
        "services.intake.store",
    ),
    ("roots-down", "shared/outbox.py", "from services.intake import store", "services.intake.store"),
    ("roots-down", "services/catalog/store.py", "from deploy import topics", "deploy.topics"),
    (
        "layers-down",
        "services/review/store/claims.py",
        "from services.review import actions",
        "services.review.actions",
    ),
    (
        "layers-down",
        "services/notify/consumer.py",
        "from services.notify import delivery",
        "services.notify.delivery",
    ),
    ("layers-down", "services/review/helpers.py", "", ""),
    ("domain-pure", "services/review/domain/case.py", "import asyncio", "asyncio"),
    ("domain-pure", "services/intake/domain/numbering.py", "import random", "random"),
    ("domain-pure", "services/catalog/domain/places.py", "from shared import postgres", "shared.postgres"),
    ("domain-pure", "services/notify/templates.py", "import httpx", "httpx"),
    ("domain-pure", "shared/calendar.py", "import time", "time"),
    ("domain-pure", "shared/recognition/facts.py", "import random", "random"),
    ("contracts-data", "shared/contracts/cases.py", "import orjson", "orjson"),
    ("contracts-data", "shared/contracts/messages.py", "from shared import errors", "shared.errors"),
    (
        "effects-elsewhere",
        "services/notify/actions/stating.py",
        "from services.notify import sms",
        "services.notify.sms",
    ),
    ("effects-elsewhere", "shared/inbox.py", "import redis", "redis"),
    ("driver-named-once", "services/review/actions/claiming.py", "import asyncpg", "asyncpg"),
    ("kafka-at-the-edges", "services/intake/actions.py", "import aiokafka", "aiokafka"),
    ("kafka-at-the-edges", "services/catalog/app.py", "import faststream", "faststream"),
    (
        "settings-at-the-root",
        "services/review/api/queue.py",
        "from services.review import settings",
        "services.review.settings",
    ),
]

JUDGE = """
import json
from importlinter.application import use_cases
from importlinter.configuration import configure

configure()
options = use_cases.read_user_options("pyproject.toml")
use_cases._register_contract_types(options)
report = use_cases.create_report(options, cache_dir=None)
print(json.dumps({c.name: [k.kept, str(k.metadata)] for c, k in report.get_contracts_and_checks()}))
"""


def judged(tree: Path) -> dict[str, tuple[bool, str]]:
    """Each rule's verdict on a tree: whether it is kept, and what was found."""
    verdicts = json.loads(outputs_of({"judge": start_alone(tree, JUDGE)})["judge"].splitlines()[-1])
    return {name: (kept, found) for name, (kept, found) in verdicts.items()}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The verdicts on a copy of the sources in which every rule is broken."""
    tree = copy_of(tmp_path_factory.mktemp("planted"), SOURCES, ending="*.py")
    shutil.copy(ROOT / "pyproject.toml", tree)
    for _, place, line, _ in PLANTS:
        with (tree / place).open("a") as file:
            file.write(f"\n{line}\n")
    return judged(tree)


def test_every_rule_is_kept():
    assert {name: found for name, (kept, found) in judged(ROOT).items() if not kept} == {}


def test_every_rule_has_a_planted_violation():
    assert {rule for rule, *_ in PLANTS} == set(NAMES)


@pytest.mark.parametrize(
    ("rule", "place", "line", "imported"), PLANTS, ids=[f"{p[0]}-{p[1]}" for p in PLANTS]
)
def test_a_planted_violation_is_caught(planted, rule, place, line, imported):
    kept, told = planted[NAMES[rule]]
    module = place.removesuffix(".py").replace("/", ".")
    assert not kept
    assert (f"'importer': '{module}', 'imported': '{imported}'" if line else f"'{module}'") in told


@pytest.mark.parametrize(
    ("rule", "free"), [("contracts-data", {"pydantic"}), ("domain-pure", {"pydantic", "pypinyin", "yaml"})]
)
def test_a_rule_forbids_every_library_that_is_not_free(rule, free):
    graph = grimp.build_graph(*SOURCES, include_external_packages=True, cache_dir=None)
    libraries = {name for name in graph.modules if graph.is_module_squashed(name)} - sys.stdlib_module_names
    of_services = {
        name
        for name in libraries
        if any(not user.startswith("deploy") for user in graph.find_modules_that_directly_import(name))
    }
    (forbidden,) = [set(listed["forbidden_modules"]) for listed in RULES if listed["id"] == rule]
    assert of_services - free - forbidden == set(), f"name it in the rule {rule} of pyproject.toml"


CLOCK_AND_CHANCE = {"now", "utcnow", "today", "monotonic", "perf_counter", "uuid1", "uuid4", "uuid7"}


def impure_calls(source: str) -> list[str]:
    """Calls that ask a clock, draw by chance, or reach a file: what no import rule sees."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    asked = [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCK_AND_CHANCE]
    named = [call.id for call in calls if isinstance(call, ast.Name)]
    return asked + [name for name in named if name in CLOCK_AND_CHANCE | {"open", "print", "input"}]


def test_rules_ask_no_clock_and_draw_nothing():
    pure = [*ROOT.glob("services/*/domain/**/*.py"), *ROOT.glob("services/*/templates.py")]
    pure += [
        *ROOT.glob("shared/contracts/*.py"),
        *ROOT.glob("shared/clock/*.py"),
        ROOT / "shared/calendar.py",
    ]
    assert {str(path): calls for path in pure if (calls := impure_calls(path.read_text()))} == {}


@pytest.mark.parametrize("call", ["datetime.now(UTC)", "date.today()", "uuid4()", "open('x')"])
def test_a_rule_that_asks_is_found(call):
    assert impure_calls(f"def decide():\n    return {call}\n")
