"""Intake does not start with less than it needs."""

import json

import pytest

from services.intake.app import PROGRAM
from shared.key_service import fresh_line
from shared.program import SettingsIncomplete
from shared.sealed_submissions import fresh_key
from shared.sealing import Algorithm


@pytest.fixture
def environment(monkeypatch, tmp_path):
    channels = tmp_path / "channels.json"
    channels.write_text(json.dumps({"channels": []}))
    masters = tmp_path / "master.keys"
    masters.write_text(fresh_line("m-1", Algorithm.A256GCM))
    submissions = tmp_path / "submission.jwks"
    submissions.write_text(json.dumps({"keys": [fresh_key("s-1")]}))
    values = {
        "MENTE_DATABASE_URL": "postgresql://mente_intake@localhost/mente_intake",
        "MENTE_KAFKA": "127.0.0.1:9092",
        "MENTE_HTTP_PORT": "18102",
        "MENTE_REDIS_URL": "redis://127.0.0.1:6379/0",
        "MENTE_OBJECT_STORE": "file:///tmp/objects",
        "MENTE_CHANNELS": str(channels),
        "MENTE_OIDC_ISSUER": "http://127.0.0.1:9",
        "MENTE_OIDC_AUDIENCE": "mente",
        "MENTE_LOOKUP_KEY": "00" * 32,
        "MENTE_MASTER_KEYS": str(masters),
        "MENTE_SUBMISSION_KEYS": str(submissions),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_full_environment_is_enough(environment):
    settings = PROGRAM.read_settings()
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 18102)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MENTE_LOOKUP_KEY", None),
        ("MENTE_LOOKUP_KEY", "short"),
        ("MENTE_MASTER_KEYS", None),
        ("MENTE_SUBMISSION_KEYS", None),
        ("MENTE_MASTER_KEYS", "nowhere"),
        ("MENTE_REDIS_URL", None),
        ("MENTE_OBJECT_STORE", "objects"),
        ("MENTE_CHANNELS", "/nowhere/channels.json"),
        ("MENTE_HTTP_PORT", "99999"),
    ],
)
def test_one_sentence_names_what_is_missing_and_tells_no_value(environment, name, value):
    environment.delenv(name)
    if value:
        environment.setenv(name, value)
    with pytest.raises(SettingsIncomplete, match=name) as caught:
        PROGRAM.read_settings()
    assert value is None or value not in str(caught.value)
