"""The one door to the SMS provider: what it answers, told as taken, rejected, busy or unclear."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

import httpx
from pydantic import BaseModel, ValidationError

from services.notify.domain.delivering import Answer, Busy, Rejected, Taken, Unclear, Unknown
from services.notify.domain.message import State
from shared.pools import Pools

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_REPORTS = {"delivered": State.DELIVERED, "undelivered": State.UNDELIVERED}


@dataclass(frozen=True, slots=True)
class Text:
    """A text for one phone; `reference` is the message's id, by which the provider can be asked."""

    reference: UUID
    phone: str
    text: str
    template: str


class Provider(Protocol):
    """A system that takes texts and can be asked what became of them."""

    async def send(self, text: Text) -> Answer:
        """Hand a text over, once."""

    async def ask(self, reference: UUID) -> Taken | Unknown | Unclear:
        """Ask whether the provider has a text."""


def connect(url: str, secret: str, *, timeout: float, connections: int) -> httpx.AsyncClient:
    """Get ready for about so many requests at once; `timeout` in seconds holds for each step of one."""
    return httpx.AsyncClient(
        base_url=url,
        headers={"authorization": f"Bearer {secret}"},
        timeout=timeout,
        transport=Pools(connections),
        follow_redirects=False,
    )


class HttpProvider:
    """A provider behind HTTP; it reports deliveries to `callback`."""

    def __init__(self, client: httpx.AsyncClient, callback: str | None = None) -> None:
        self._client = client
        self._callback = callback

    async def send(self, text: Text) -> Answer:
        """Hand a text over; a silence that may hide an acceptance is Unclear, never Busy."""
        body = {
            "reference": str(text.reference),
            "phone": text.phone,
            "text": text.text,
            "template": text.template,
            "callback": self._callback,
        }
        try:
            response = await self._client.post("/messages", json=body)
        except _NEVER_SENT as error:
            return Busy(_name(error))
        except httpx.HTTPError as error:
            return Unclear(_name(error))
        return _sent(response)

    async def ask(self, reference: UUID) -> Taken | Unknown | Unclear:
        """Ask whether the provider has a text; no answer leaves it Unclear."""
        try:
            response = await self._client.get(f"/messages/by-reference/{reference}")
        except httpx.HTTPError as error:
            return Unclear(_name(error))
        if response.status_code == httpx.codes.NOT_FOUND and "code" in _json(response):
            return Unknown()
        return _taken(response) if response.is_success else Unclear(f"status-{response.status_code}")

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()


class _Taken(BaseModel):
    provider_id: str
    state: str = ""


def _sent(response: httpx.Response) -> Answer:
    status = response.status_code
    if response.is_success:
        return _taken(response)
    if status in {httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY}:
        return Rejected(_code(response))
    if status == httpx.codes.CONFLICT or (
        response.is_server_error and status != httpx.codes.SERVICE_UNAVAILABLE
    ):
        # A gateway in between may have lost the answer of a provider that took the text.
        return Unclear(f"status-{status}")
    return Busy(f"status-{status}", _retry_after(response))


def _taken(response: httpx.Response) -> Taken | Unclear:
    try:
        answer = _Taken.model_validate_json(response.content)
    except ValidationError:
        return Unclear("answer-unreadable")
    return Taken(answer.provider_id, _REPORTS.get(answer.state, State.SENT))


def _code(response: httpx.Response) -> str:
    """Read the provider's code for a refusal, kept to what an event may carry."""
    code = re.sub(r"[^A-Za-z0-9_.:-]", "", str(_json(response).get("code", "")))
    return code[:64] or f"status-{response.status_code}"


def _json(response: httpx.Response) -> dict[str, object]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _retry_after(response: httpx.Response) -> timedelta:
    seconds = response.headers.get("retry-after", "")
    return (
        timedelta(seconds=min(int(seconds), 3600)) if seconds.isascii() and seconds.isdigit() else timedelta()
    )


def _name(error: Exception) -> str:
    """Name an error in kebab case: ReadTimeout is `read-timeout`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()
