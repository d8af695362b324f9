"""The route that must be fast: one body, parsed once, answered when its batch is committed."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Header

from services.intake import actions
from services.intake.actions import Desk
from services.intake.api.door import Door
from services.intake.domain.submitting import Offer, Taken, is_usable_key
from shared import tracing
from shared.batching import Batcher
from shared.contracts.submissions import Receipt, SubmissionOffered
from shared.edge import App, Receive, Send, parse, read_body, send_json
from shared.errors import Refused
from shared.http import Scope

PATH = "/api/intake/applications"
REPLAY = ((b"idempotent-replay", b"true"),)

described = APIRouter()


@dataclass(frozen=True, slots=True)
class Intake:
    """Where submissions meet: the desk, and the batcher that takes those of the same few milliseconds."""

    desk: Desk
    batcher: Batcher[actions.Call, Taken]


def post_application(door: Door, intake: Intake) -> App:
    """Make the raw ASGI function of the route."""

    async def post_application(scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        call = await door.verify(scope, body, "intake.post_application")
        if not is_usable_key(call.idempotency_key):
            told = "the header Idempotency-Key needs 1 to 128 printable characters without blanks"
            raise Refused("idempotency-key-missing", told, status=400)
        offer = Offer(
            channel=call.channel.id,
            serves=call.channel.regions,
            key=call.idempotency_key,
            body_hash=sha256(body).digest(),
            offered=parse(SubmissionOffered, body),
            received_at=call.at,
            traceparent=tracing.current_traceparent(),
        )
        taken = await intake.batcher.submit(actions.Call(offer, call.nonce))
        receipt = taken.receipt.model_dump_json().encode()
        await send_json(send, 201, receipt, REPLAY if taken.replay else ())

    return post_application


@described.post(
    "/applications",
    status_code=201,
    name="post_application",
    operation_id="post_application",
    responses={
        409: {"description": "`idempotency-key-reused`, or `application-open` with `acceptance_no`."},
        422: {"description": "`submission-invalid`; `defects` lists everything that is wrong."},
    },
)
async def describe(
    offered: SubmissionOffered,  # noqa: ARG001
    idempotency_key: Annotated[str, Header(min_length=1, max_length=128)],  # noqa: ARG001
) -> Receipt:
    """Submit an application; the same key and body again get the same receipt, with `Idempotent-Replay`."""
    raise AssertionError("answered by the route in front of FastAPI")
