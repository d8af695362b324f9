"""How the outside world calls Mente: channels with signatures, staff with tokens, citizens at their inbox."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from deploy.demo.papers import File, Paper
from shared.citizens import citizen_token
from shared.contracts.base import Value
from shared.contracts.submissions import Material, Receipt, SubmissionOffered
from shared.sealed_submissions import seal_submission
from shared.signing import SignedCall, sign

TRIES = 6
FIRST_PAUSE = 0.2
"""Seconds before a call is made again; the pause doubles each time."""

CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError)
"""Whether the call was heard is not known then."""

Headers = Mapping[str, str]
Answer = dict[str, Any]
JSON: Headers = {"content-type": "application/json"}


class NotAsTold(RuntimeError):
    """Something went otherwise than the story says; the text is one sentence for a person."""


class Sender:
    """A channel: it signs what it sends, by HTTP or for the bus."""

    def __init__(self, http: httpx.AsyncClient, channel: str, key_file: Path) -> None:
        self.channel = channel
        self._http = http
        self._key = key_file.read_bytes()

    async def upload(self, paper: Paper, file: File) -> Material:
        """Upload a paper and describe it as a submission does."""
        stored = await self._post("/api/intake/materials", file.content, {"content-type": file.content_type})
        return Material(
            kind=paper.kind,
            **stored,
            issued_on=paper.issued_on,
            issuer=paper.issuer,
            issuer_level=paper.issuer_level,
            stamped=paper.stamped if paper.issuer else None,
        )

    async def submit(self, offered: SubmissionOffered) -> Receipt:
        """Hand an application over by HTTP."""
        body = _body(offered)
        answer = await self._post("/api/intake/applications", body, JSON, _key_of(body))
        return Receipt.model_validate(answer)

    def signed_record(self, offered: SubmissionOffered, sealed_to: Answer) -> tuple[str, bytes, Headers]:
        """The same application as a record of the bus, sealed to intake's key: key, value, headers."""
        body = _body(offered)
        key, sealed = _key_of(body), seal_submission(sealed_to, body)
        return key, sealed, sign(self._key, self.channel, SignedCall.publish(key, sealed), utc_now())

    async def read(self, acceptance_no: str) -> Answer:
        """Read an application as the applicant may see it."""
        target = f"/api/intake/applications/{acceptance_no}"
        shown: Answer = await call(self._http, "GET", target, lambda: self._sign(SignedCall("GET", target)))
        return shown

    async def supply(self, acceptance_no: str, supplement: Mapping[str, object]) -> Answer:
        """Hand in what was asked for."""
        body = json.dumps(supplement).encode()
        return await self._post(f"/api/intake/applications/{acceptance_no}/supplements", body, JSON)

    def vouch_for(self, person_id: UUID) -> Headers:
        """Vouch for a person for a quarter of an hour: the header that opens their inbox."""
        return _bearer(citizen_token(self._key, self.channel, person_id, utc_now()))

    async def _post(self, target: str, body: bytes, headers: Headers, key: str = "") -> Answer:
        signed = SignedCall("POST", target, body=body, idempotency_key=key)
        # Each try is signed anew: a nonce is good for one call.
        answer: Answer = await call(
            self._http, "POST", target, lambda: {**headers, **self._sign(signed)}, body
        )
        return answer

    def _sign(self, unsigned: SignedCall) -> dict[str, str]:
        return sign(self._key, self.channel, unsigned, utc_now())


class Office:
    """The staff at their desks, each signed in once."""

    def __init__(self, http: httpx.AsyncClient, issuer: str) -> None:
        self._http = http
        self._issuer = issuer
        self._badges: dict[str, Headers] = {}

    async def sign_in(self, who: str) -> None:
        """Fetch the token of a member of staff; a second time changes nothing."""
        if who not in self._badges:
            form = {"grant_type": "password", "username": who}
            answer = _answer(await self._http.post(f"{self._issuer}/token", data=form))
            self._badges[who] = _bearer(answer["access_token"])

    async def act(self, who: str, case: UUID, act: str, body: object = None) -> Answer:
        """Claim a case and act on it."""
        await self.sign_in(who)
        badge, path = self._badges[who], f"/api/review/cases/{case}"
        claim = await call(self._http, "POST", f"{path}/claim", lambda: badge)
        headers = {**badge, **JSON, "claim-token": str(claim["claim_token"])}
        content = b"" if body is None else json.dumps(body).encode()
        answer: Answer = await call(self._http, "POST", f"{path}/{act}", lambda: headers, content)
        return answer

    async def unmask(self, who: str, case: UUID, fields: Sequence[str], reason: str) -> Answer:
        """See fields of the persons of a case in full; the reason is kept."""
        await self.sign_in(who)
        headers = {**self._badges[who], **JSON}
        content = json.dumps({"fields": fields, "reason": reason}).encode()
        answer: Answer = await call(
            self._http, "POST", f"/api/review/cases/{case}/unmask", lambda: headers, content
        )
        return answer

    async def read(self, who: str, target: str) -> Answer:
        """Read what this member of staff may see."""
        await self.sign_in(who)
        answer: Answer = await call(self._http, "GET", target, lambda: self._badges[who])
        return answer


async def call(
    http: httpx.AsyncClient, method: str, target: str, headers: Callable[[], Headers], content: bytes = b""
) -> Any:
    """Make a call, again while it is answered 503 or cut off; the JSON answer, or NotAsTold if it is refused.

    Raises httpx.TransportError when nobody is there, or when the last try was cut off.
    """
    for attempt in range(TRIES):
        try:
            response = await http.request(method, target, headers=headers(), content=content)
        except CUT_OFF:
            if attempt == TRIES - 1:
                raise
        else:
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
        await asyncio.sleep(FIRST_PAUSE * 2**attempt)
    return _answer(response)


def utc_now() -> datetime:
    """The time by the caller's clock."""
    return datetime.now(UTC)


def _answer(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json()
    raise NotAsTold(f"{response.request.method} {response.request.url.path}: {_refusal(response)}")


def _refusal(response: httpx.Response) -> str:
    try:
        told: Answer = response.json()
    except ValueError:
        return f"status {response.status_code}"
    defects = "; ".join(f"{defect['field']}: {defect['code']}" for defect in told.get("defects", ()))
    return f"{response.status_code} {told.get('code', '')} {told.get('detail', '')} {defects}".strip()


def _body(value: Value) -> bytes:
    return value.model_dump_json(exclude_none=True).encode()


def _key_of(body: bytes) -> str:
    return f"demo-{sha256(body).hexdigest()[:32]}"


def _bearer(token: str) -> Headers:
    return {"authorization": f"Bearer {token}"}
