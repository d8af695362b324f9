"""What notify needs before it starts."""

import json

import pytest

from services.notify.app import PROGRAM
from shared.key_service import fresh_line
from shared.program import main
from shared.sealing import Algorithm


@pytest.fixture
def environment(tmp_path, monkeypatch):
    channels = tmp_path / "channels.json"
    channels.write_text(json.dumps({"channels": []}))
    masters = tmp_path / "master.keys"
    masters.write_text(fresh_line("m1", Algorithm.A256GCM))
    usual = {
        "MENTE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "MENTE_KAFKA": "127.0.0.1:9",
        "MENTE_HTTP_PORT": "18099",
        "MENTE_CHANNELS": str(channels),
        "MENTE_MASTER_KEYS": str(masters),
        "MENTE_OIDC_ISSUER": "http://127.0.0.1:9",
        "MENTE_OIDC_AUDIENCE": "mente",
        "MENTE_SMS_URL": "http://127.0.0.1:9",
        "MENTE_SMS_SECRET": "a secret that only tests know",
    }
    for name, value in usual.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.parametrize(
    "broken",
    [
        {"MENTE_SMS_SECRET": "", "MENTE_KAFKA": None},
        {"MENTE_SMS_SECRET": "short"},
        {"MENTE_SMS_URL": "ftp://provider"},
        {"MENTE_CHANNELS": "/nowhere/channels.json"},
        {"MENTE_MASTER_KEYS": None},
        {"MENTE_MASTER_KEYS": "/nowhere/master.keys"},
        {"MENTE_SEALING": "ROT13"},
        {"MENTE_SMS_TIMEOUT": "0"},
        {"MENTE_HTTP_PORT": "none"},
    ],
)
def test_a_process_without_a_usable_setting_ends_with_2_and_names_it(environment, capsys, broken):
    for name, value in broken.items():
        if value is None:
            environment.delenv(name)
        else:
            environment.setenv(name, value)
    assert main(PROGRAM, ["serve"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert all(name in said.err for name in broken)
    assert "short" not in said.err
