"""Every route of every service names its access in `shared.access.ROUTES`, and no name there is left over."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi import APIRouter

from shared import edge
from shared.access import ROUTES, Caller, Role
from shared.health import Health

SERVICES = ("catalog", "intake", "review", "notify")
PROBES = {"live", "ready", "metrics", "openapi"}
SCOPES = {"applications:write", "applications:read", "materials:write"}
METHODS = {"get", "post", "put", "patch", "delete"}
ROOT = Path(__file__).parents[2]


def the_sources(service: str) -> Iterator[ast.Module]:
    folder = ROOT / "services" / service
    for path in [*folder.glob("api.py"), *folder.glob("api/**/*.py")]:
        yield ast.parse(path.read_text(encoding="utf-8"))


def the_routes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            yield from (_named(node.name, call) for call in node.decorator_list if _is_route(call))
        elif isinstance(node, ast.Call) and _called(node) in {"add_api_route", "hot_route", "Route"}:
            yield _named(_handler(node), node)


def _is_route(call: ast.expr) -> bool:
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in METHODS


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _handler(call: ast.Call) -> str:
    last = call.args[-1].func if isinstance(call.args[-1], ast.Call) else call.args[-1]
    return last.attr if isinstance(last, ast.Attribute) else getattr(last, "id", "")


def _named(name: str, call: ast.expr) -> str:
    told = [keyword.value for keyword in getattr(call, "keywords", []) if keyword.arg == "name"]
    return str(told[0].value) if told and isinstance(told[0], ast.Constant) else name


@pytest.mark.parametrize("service", SERVICES)
def test_the_routes_of_a_service_are_exactly_those_of_the_table(service):
    written = {name for tree in the_sources(service) for name in the_routes(tree)}
    listed = {name.partition(".")[2] for name in ROUTES if name.startswith(f"{service}.")}
    assert written == listed - PROBES


def test_the_search_for_routes_finds_each_way_to_write_one():
    source = """
@router.get("/a")
async def get_a(): ...
@router.post("/b", name="post_b")
def other(): ...
def add(app):
    @app.delete("/c")
    async def delete_c(): ...
    app.add_api_route("/d", put_d)
    edge.hot_route(app, "POST", PATH, submitting.post_e(door))
"""
    assert set(the_routes(ast.parse(source))) == {"get_a", "post_b", "delete_c", "put_d", "post_e"}


def test_each_access_says_what_it_needs_and_nothing_else():
    for name, access in ROUTES.items():
        assert bool(access.scope) == (access.caller is Caller.CHANNEL), name
        assert bool(access.roles) == (access.caller is Caller.STAFF), name
        assert access.roles <= set(Role), name
        assert access.scope in SCOPES | {""}, name


def test_only_probes_the_catalogue_and_a_public_key_are_open_to_everybody():
    public = {name for name, access in ROUTES.items() if access.caller is Caller.PUBLIC}
    editing = {"get_files", "get_file", "get_drafts", "get_draft", "get_changes"}
    reading = {name for name in ROUTES if name.startswith("catalog.get_")}
    catalogue = {name for name in reading if name.partition(".")[2] not in editing}
    told = {name for name in public if name.partition(".")[2] not in PROBES}
    assert told == catalogue | {"catalog.post_advice", "intake.get_submission_key"}


def test_who_decides_is_none_of_those_who_prepared():
    steps = [ROUTES[f"review.{step}"].roles for step in ("post_accept", "post_opinion", "post_decision")]
    assert all(one.isdisjoint(next_one) for one, next_one in pairwise(steps))


def test_those_who_only_watch_never_act():
    watching = {Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR, Role.APPEAL_HANDLER}
    acting = [access for name, access in ROUTES.items() if name.startswith("review.post_")]
    assert acting
    assert all(access.roles.isdisjoint(watching) for access in acting)


def test_a_planted_route_without_access_is_found_however_deep_it_hides():
    async def get_case() -> None: ...
    async def read_secrets() -> None: ...

    inner, outer = APIRouter(prefix="/inner"), APIRouter(prefix="/outer")
    inner.add_api_route("/secrets", read_secrets)
    outer.include_router(inner)
    app = edge.application("Test", "review", Health())
    app.add_api_route("/case", get_case)
    edge.require_access("review", app)
    app.include_router(outer)
    with pytest.raises(RuntimeError, match=r"review\.read_secrets$"):
        edge.require_access("review", app)


def test_a_planted_hot_route_without_access_is_found():
    async def write_secrets(scope: object, receive: object, send: object) -> None: ...

    app = edge.application("Test", "review", Health())
    edge.hot_route(app, "POST", "/secrets", write_secrets)
    with pytest.raises(RuntimeError, match=r"review\.write_secrets"):
        edge.require_access("review", app)
