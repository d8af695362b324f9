"""The issuer of the embedded stack: real tokens for synthetic staff, and for nobody outside of the stack."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from deploy.local.keys import make_keys, staff_list
from deploy.local.oidc import Issuer
from deploy.local.simulated import Answer, Asked

NOW = 1_780_000_000
URL = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> str:
    keys = tmp_path_factory.mktemp("keys")
    make_keys(keys)
    return (keys / "oidc.pem").read_text()


@pytest.fixture
def issuer(pem: str) -> Issuer:
    return Issuer(URL, pem, staff_list(), lambda: NOW)


def asked(**form: str) -> Asked:
    return Asked("/token", {}, {}, urlencode(form).encode())


def token_of(issuer: Issuer, username: str) -> str:
    answer = issuer.token(asked(grant_type="password", username=username))
    assert answer.status == 200
    assert isinstance(answer.body, dict)
    return str(answer.body["access_token"])


def keys_of(issuer: Issuer) -> KeySet:
    body = issuer.keys(asked()).body
    assert isinstance(body, dict)
    return KeySet.import_key_set({"keys": body["keys"]})


def test_a_token_names_the_person_with_roles_and_areas(issuer: Issuer) -> None:
    token = jwt.decode(token_of(issuer, "shangrao-expert-1"), keys_of(issuer), algorithms=["ES256"])
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (URL, "mente", "shangrao-expert-1")
    assert (claims["roles"], claims["areas"]) == (["expert"], ["361100"])
    assert claims["iat"] == NOW < claims["exp"]


def test_the_published_key_is_public(issuer: Issuer) -> None:
    body = issuer.keys(asked()).body
    assert isinstance(body, dict)
    assert "d" not in body["keys"][0]


def test_a_changed_token_is_found_out(issuer: Issuer) -> None:
    head, body, signature = token_of(issuer, "operator").split(".")
    with pytest.raises(BadSignatureError):
        jwt.decode(f"{head}.{body}.{signature[::-1]}", keys_of(issuer), algorithms=["ES256"])


@pytest.mark.parametrize("form", [{"username": "operator"}, {"grant_type": "password", "username": "nobody"}])
def test_an_unknown_person_or_grant_gets_nothing(issuer: Issuer, form: dict[str, str]) -> None:
    assert issuer.token(asked(**form)) == Answer(400, {"error": "invalid_grant"})


@pytest.mark.parametrize("module", ["deploy.local.oidc", "deploy.local.sms_gateway"])
def test_a_stand_in_does_not_start_outside_of_the_embedded_stack(module: str, tmp_path: Path) -> None:
    started = subprocess.run(
        [sys.executable, "-m", module, str(tmp_path), "1"],
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 2
    assert "embedded stack only" in started.stderr
