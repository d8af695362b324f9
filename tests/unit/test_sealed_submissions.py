"""What a channel puts on the bus is readable for intake alone."""

import json

import pytest

from shared.errors import Refused
from shared.sealed_submissions import SubmissionKeys, fresh_key, seal_submission

BODY = '{"applicant": {"name": "测试员"}}'.encode()


@pytest.fixture
def keys(tmp_path):
    return load(tmp_path, fresh_key("old"), fresh_key("new"))


def load(folder, *keys):
    (folder / "keys.jwks").write_text(json.dumps({"keys": keys}))
    return SubmissionKeys.load(folder / "keys.jwks")


def code(keys, sealed):
    with pytest.raises(Refused) as caught:
        keys.open(sealed)
    return caught.value.code


def test_a_sealed_body_is_opened_and_shows_nothing(keys):
    sealed = seal_submission(keys.public(), BODY)
    assert keys.open(sealed) == BODY
    assert "测试员".encode() not in sealed


def test_a_body_as_large_as_by_http_is_opened(keys):
    large = bytes(1024 * 1024)
    assert keys.open(seal_submission(keys.public(), large)) == large


def test_the_newest_key_is_offered_and_the_older_one_still_opens(tmp_path):
    old, new = fresh_key("old"), fresh_key("new")
    before, after = load(tmp_path, old), load(tmp_path, old, new)
    assert after.public()["kid"] == "new"
    assert "d" not in after.public()
    assert after.open(seal_submission(before.public(), BODY)) == BODY


def test_what_is_not_sealed_or_not_for_us_is_refused(keys):
    sealed = seal_submission(keys.public(), BODY)
    assert code(keys, BODY) == "submission-unsealed"
    assert code(keys, seal_submission({**fresh_key("new")}, BODY)) == "submission-unopened"
    assert code(keys, seal_submission(fresh_key("strange"), BODY)) == "submission-unopened"
    for broken in (b"", b"a.b.c.d.e", b"\xff" * 40, sealed[:-1], sealed[:-4] + b"AAAA"):
        assert code(keys, broken) == "submission-unopened"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "OKP"}]}'])
def test_a_file_without_usable_keys_is_named(tmp_path, text):
    (tmp_path / "keys.jwks").write_text(text)
    with pytest.raises(ValueError, match="no JWK set"):
        SubmissionKeys.load(tmp_path / "keys.jwks")


def test_a_public_key_alone_opens_nothing(tmp_path):
    public = {name: value for name, value in fresh_key("k").items() if name != "d"}
    with pytest.raises(ValueError, match="no JWK set"):
        load(tmp_path, public)
