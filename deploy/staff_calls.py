"""Calls to a service's API as a member of staff, for commands that two people do."""

from __future__ import annotations

from typing import Any

import httpx

from deploy.local.stack import Stack

FORM = {"grant_type": "password"}
SECONDS = 30


class NotDone(Exception):
    """A service did not do what was asked; the text is one sentence for a person."""


def call_intake(stack: Stack, who: str, path: str, body: dict[str, str]) -> dict[str, Any]:
    """Post to intake's API as somebody; raises NotDone."""
    try:
        with httpx.Client(timeout=SECONDS, trust_env=False) as http:
            signed_in = http.post(f"{stack.oidc_issuer}/token", data={**FORM, "username": who})
            if signed_in.status_code != 200:
                raise NotDone(f"Nobody of the name {who} works here.")
            badge = {"authorization": f"Bearer {signed_in.json()['access_token']}"}
            answer = http.post(f"{stack.service_url('intake')}{path}", json=body, headers=badge)
    except httpx.HTTPError:
        raise NotDone("The services do not answer: `mente status` shows what is wrong.") from None
    found: dict[str, Any] = answer.json()
    if answer.status_code >= 300:
        raise NotDone(f"Not done: {found.get('detail', answer.status_code)} ({found.get('code', '')}).")
    return found
