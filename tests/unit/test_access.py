import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.access import ROUTES, Access, Caller, Channel, Channels, Role, SignedCall, Staff, sign
from shared.errors import Refused

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)


def pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def a_channel(**told: frozenset[str]) -> Channel:
    channel = Channel(
        "city_app", "City app", "app", frozenset({"applications:write"}), frozenset({"panzhihua"})
    )
    return replace(channel, **told)


def the_channels() -> Channels:
    return Channels([(a_channel(), KEY.public_key())])


def a_call() -> SignedCall:
    return SignedCall("POST", "/api/intake/applications?x=1", body=b'{"a":1}', idempotency_key="order-1")


def signed(call: SignedCall, key: Ed25519PrivateKey = KEY, channel: str = "city_app") -> SignedCall:
    return replace(call, headers=sign(pem(key), channel, call, NOW))


def refusal(call: SignedCall, now: datetime = NOW) -> tuple[str, int]:
    with pytest.raises(Refused) as caught:
        the_channels().verify(call, now)
    return caught.value.code, caught.value.status


def test_a_signed_call_tells_its_channel():
    assert the_channels().verify(signed(a_call()), NOW) == a_channel()


def test_the_signature_is_the_documented_one():
    call = signed(a_call())
    text = (
        "POST\n/api/intake/applications?x=1\n"
        "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862\n"
        f"1772438400000\n{call.headers['mente-nonce']}\norder-1"
    )
    KEY.public_key().verify(base64.b64decode(call.headers["mente-signature"]), text.encode())


@pytest.mark.parametrize(
    "altered",
    [
        {"method": "PUT"},
        {"target": "/api/intake/applications?x=2"},
        {"target": "/api/intake/materials"},
        {"body": b'{"a":2}'},
        {"body": b""},
        {"idempotency_key": "order-2"},
        {"idempotency_key": ""},
    ],
)
def test_nothing_that_is_signed_can_be_altered(altered):
    assert refusal(replace(signed(a_call()), **altered)) == ("signature-invalid", 401)


@pytest.mark.parametrize("name", ["mente-timestamp", "mente-nonce"])
def test_time_and_nonce_cannot_be_altered(name):
    call = signed(a_call())
    changed = {"mente-timestamp": "1772438400001", "mente-nonce": "another-nonce-of-length"}
    assert refusal(replace(call, headers={**call.headers, name: changed[name]})) == ("signature-invalid", 401)


@pytest.mark.parametrize("name", ["mente-channel", "mente-timestamp", "mente-nonce", "mente-signature"])
def test_a_call_without_one_of_the_headers_is_not_signed(name):
    call = signed(a_call())
    left = {key: value for key, value in call.headers.items() if key != name}
    assert refusal(replace(call, headers=left)) == ("signature-missing", 401)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("mente-nonce", "short", "signature-missing"),
        ("mente-nonce", "n" * 129, "signature-missing"),
        ("mente-nonce", "line\nbreak-in-a-nonce", "signature-missing"),
        ("mente-timestamp", "soon", "signature-missing"),
        ("mente-timestamp", "١٧٧٢٤٣٨٤٠٠٠٠٠", "signature-missing"),
        ("mente-timestamp", "1" * 5000, "signature-missing"),
        ("mente-signature", "not base64!", "signature-invalid"),
        ("mente-signature", "AAAA", "signature-invalid"),
        ("mente-channel", "nobody", "channel-unknown"),
    ],
)
def test_a_malformed_header_is_refused_and_never_a_crash(name, value, code):
    call = signed(a_call())
    assert refusal(replace(call, headers={**call.headers, name: value})) == (code, 401)


def test_a_channel_cannot_sign_with_the_key_of_another():
    assert refusal(signed(a_call(), key=OTHER_KEY)) == ("signature-invalid", 401)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_signature_holds_for_five_minutes_both_ways(minutes):
    assert the_channels().verify(signed(a_call()), NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_outside_the_window_is_refused(seconds):
    assert refusal(signed(a_call()), NOW + timedelta(seconds=seconds)) == ("timestamp-outside-window", 401)


def test_a_call_is_read_from_its_scope_as_it_was_sent():
    scope = {
        "method": "GET",
        "path": "/api/x/王",
        "raw_path": b"/api/x/%E7%8E%8B",
        "query_string": b"a=%20",
        "headers": [(b"idempotency-key", b"k"), (b"mente-channel", b"city_app")],
    }
    call = SignedCall.from_scope(scope, b"body")
    assert (call.method, call.target) == ("GET", "/api/x/%E7%8E%8B?a=%20")
    assert (call.idempotency_key, call.body, call.headers["mente-channel"]) == ("k", b"body", "city_app")


def a_record(key: str = "order-1", body: bytes = b"{}") -> list[tuple[str, bytes]]:
    headers = sign(pem(KEY), "city_app", SignedCall.publish(key, body), NOW)
    return [(name, value.encode()) for name, value in headers.items()]


def test_a_signed_record_is_judged_by_the_time_the_broker_gave_it():
    years_later_it_still_holds = the_channels().verify_record(a_record(), b"order-1", b"{}", NOW)
    assert years_later_it_still_holds.id == "city_app"
    with pytest.raises(Refused, match="timestamp-outside-window"):
        the_channels().verify_record(a_record(), b"order-1", b"{}", NOW + timedelta(minutes=6))


@pytest.mark.parametrize(
    ("key", "body", "code"),
    [
        (b"order-2", b"{}", "signature-invalid"),
        (None, b"{}", "signature-invalid"),
        (b"order-1", b"{ }", "signature-invalid"),
        (b"\xff", b"{}", "signature-invalid"),
    ],
)
def test_an_altered_record_is_refused(key, body, code):
    with pytest.raises(Refused, match=code):
        the_channels().verify_record(a_record(), key, body, NOW)


def test_the_key_of_a_record_is_the_key_it_was_signed_for():
    headers = [(name, b"order-2" if name == "idempotency-key" else value) for name, value in a_record()]
    with pytest.raises(Refused, match="signature-invalid"):
        the_channels().verify_record(headers, b"order-1", b"{}", NOW)


def test_a_record_without_signature_is_refused():
    with pytest.raises(Refused, match="signature-missing"):
        the_channels().verify_record([("idempotency-key", b"order-1")], b"order-1", b"{}", NOW)


def test_a_record_with_an_unreadable_header_is_refused():
    with pytest.raises(Refused, match="signature-invalid"):
        the_channels().verify_record([*a_record(), ("traceparent", b"\xff")], b"order-1", b"{}", NOW)


def test_a_signature_for_http_is_no_signature_for_the_bus():
    headers = sign(pem(KEY), "city_app", replace(a_call(), body=b"{}"), NOW)
    with pytest.raises(Refused, match="signature-invalid"):
        the_channels().verify_record([(k, v.encode()) for k, v in headers.items()], b"order-1", b"{}", NOW)


def test_scope_and_region_are_refused_by_name():
    with pytest.raises(Refused, match="scope-missing") as caught:
        ROUTES["intake.post_material"].admit_channel(a_channel())
    assert caught.value.status == 403
    ROUTES["intake.post_application"].admit_channel(a_channel())
    a_channel().require_region("panzhihua")
    with pytest.raises(Refused, match="region-outside-scope") as caught:
        a_channel().require_region("shangrao")
    assert caught.value.status == 403


def test_staff_need_a_role_of_the_route_and_the_area():
    officer = Staff("u1", "受理员", frozenset({"acceptance_officer"}), frozenset({"510400"}))
    ROUTES["review.post_accept"].admit_staff(officer)
    officer.require_area("510400")
    with pytest.raises(Refused, match="scope-missing"):
        ROUTES["review.post_decision"].admit_staff(officer)
    with pytest.raises(Refused, match="region-outside-scope"):
        officer.require_area("361100")


def test_a_route_for_staff_without_roles_admits_nobody():
    with pytest.raises(Refused, match="scope-missing"):
        Access(Caller.STAFF).admit_staff(Staff("u1", "", frozenset(Role), frozenset()))


def a_file(tmp_path: Path, **told: object) -> Path:
    entry = {
        "id": "city_app",
        "name": "City app",
        "kind": "app",
        "public_key": base64.b64encode(KEY.public_key().public_bytes_raw()).decode(),
        "scopes": ["applications:write"],
        "regions": ["panzhihua"],
    }
    path = tmp_path / "channels.json"
    path.write_text(json.dumps({"channels": [entry | told]}))
    return path


def test_the_channel_file_is_read(tmp_path):
    channels = Channels.load(a_file(tmp_path))
    assert channels.get("city_app") == a_channel()
    assert channels.get("nobody") is None
    assert channels.verify(signed(a_call()), NOW).id == "city_app"


@pytest.mark.parametrize(
    "told", [{"public_key": "AAAA"}, {"public_key": "?"}, {"id": "bad\nid"}, {"scopes": 1}, {"secret": "x"}]
)
def test_a_channel_file_with_a_fault_is_refused_in_one_sentence(tmp_path, told):
    with pytest.raises(ValueError, match=r"^the channel file \S+ cannot be used: [^\n]+$"):
        Channels.load(a_file(tmp_path, **told))


def test_a_missing_channel_file_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(ValueError, match="cannot be used"):
        Channels.load(tmp_path / "none.json")
