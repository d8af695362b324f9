"""Signed submissions, made beforehand: every one of another made-up person, every one valid."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from uuid import uuid4

import httpx

from shared.signing import SignedCall, sign
from tests.bench.load import post
from tests.support.intake import an_id_number

CHANNEL = "panzhihua_miniprogram"
PATH = "/api/intake/applications"
PDF = b"%PDF-1.7\n% a paper for benches\n"
PAPER = sha256(PDF).hexdigest()
_people = count(1)


class Requests:
    """Makes requests for one intake process and counts the persons it made up."""

    def __init__(self, port: int, key: bytes) -> None:
        self._port = port
        self._key = key

    async def prepare(self) -> None:
        """Upload the one paper that all submissions name."""
        call = SignedCall("POST", "/api/intake/materials", {}, PDF, "")
        headers = sign(self._key, CHANNEL, call, datetime.now(UTC))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self._port}", timeout=20) as client:
            answer = await client.post(
                "/api/intake/materials", content=PDF, headers={**headers, "content-type": "application/pdf"}
            )
        if answer.status_code >= 300:
            raise SystemExit(f"the paper was not taken: {answer.text}")

    def submissions(self, number: int) -> list[bytes]:
        """So many requests; to be used within five minutes, because they are signed now."""
        return [self._submission() for _ in range(number)]

    def _submission(self) -> bytes:
        body = json.dumps(a_submission(next(_people)), ensure_ascii=False).encode()
        key = uuid4().hex
        call = SignedCall("POST", PATH, {}, body, key)
        headers = sign(self._key, CHANNEL, call, datetime.now(UTC))
        return post(PATH, body, {**headers, "idempotency-key": key})


def a_submission(person: int) -> dict:
    """What a channel sends for one person: hypertension in Panzhihua with all papers."""
    kinds = ("e_insurance_credential", "application_form", "diagnosis_certificate", "test_report")
    day, place = divmod(person, 999)
    birth = (datetime(1930, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y%m%d")
    return {
        "region": "panzhihua",
        "application_type": "new",
        "disease_code": "PZH-001",
        "applicant_class": "employee",
        "applicant": {
            "name": f"测试{person}",
            "id_number": an_id_number(birth, place + 1),
            "phone": f"1990{secrets.randbelow(10**7):07d}",
        },
        "materials": [
            {
                "kind": kind,
                "content_hash": PAPER,
                "content_type": "application/pdf",
                "size": len(PDF),
                "issued_on": datetime.now(UTC).date().isoformat(),
                "issuer_level": 3,
                "stamped": True,
            }
            for kind in kinds
        ],
        "declared_true": True,
        "notice": {"version": "panzhihua-notice-2", "read_at": datetime.now(UTC).isoformat()},
    }
