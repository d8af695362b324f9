"""The staff of Panzhihua at their desks: they accept, forward, and decide, sometimes two at once."""

import asyncio
from typing import Any
from uuid import UUID

import httpx

from deploy.local.stack import Stack
from tests.support.bus import until
from tests.support.recorder import Duel, Recorder

ACCEPTANCE, FIRST, FINAL, OTHER_FINAL = "acceptance", "first-1", "final-1", "final-2"
APPROVAL = {"outcome": "approved", "opinion": "同意。", "reasons": []}
HANDOVER = {"to_stage": "final", "opinion": "材料齐全。"}


class Officers:
    """Acts on cases over review's API, each officer with a token of their own."""

    def __init__(self, stack: Stack, recorder: Recorder) -> None:
        self._recorder = recorder
        self._issuer = stack.oidc_issuer
        self._badges: dict[str, dict[str, str]] = {}
        url = f"{stack.service_url('review')}/api/review/cases"
        self._http = httpx.AsyncClient(base_url=url, timeout=20, trust_env=False)

    async def __aenter__(self) -> "Officers":
        for who in (ACCEPTANCE, FIRST, FINAL, OTHER_FINAL):
            form = {"grant_type": "password", "username": f"panzhihua-{who}"}
            answer = await self._http.post(f"{self._issuer}/token", data=form)
            self._badges[who] = {"authorization": f"Bearer {answer.json()['access_token']}"}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def review(self, application_id: UUID) -> Duel:
        """Carry a case from acceptance to its decision; three decisions are sent at the same moment."""
        await self.act(ACCEPTANCE, application_id, "accept")
        await self.act(FIRST, application_id, "forward", HANDOVER)
        token = await self.claim(FINAL, application_id)
        rivals = (FINAL, FINAL, OTHER_FINAL)
        sent = (self._post(who, application_id, "decision", token, APPROVAL) for who in rivals)
        answers = await asyncio.gather(*sent)
        duel = Duel(application_id, tuple(answer.status_code for answer in answers))
        self._recorder.duels.append(duel)
        return duel

    async def act(self, who: str, application_id: UUID, act: str, body: Any = None) -> None:
        """Claim a case as soon as it is in review, and act on it."""
        token = await self.claim(who, application_id)

        async def done() -> httpx.Response | None:
            answer = await self._post(who, application_id, act, token, body)
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

        # A case may be there before the key of its person; then the officer is told to come again.
        answer = await until(done, within=60)
        assert answer.is_success, answer.text

    async def claim(self, who: str, application_id: UUID) -> int:
        """Claim a case as soon as it is in review; the claim's token."""

        async def claimed() -> dict[str, Any] | None:
            answer = await self._post(who, application_id, "claim")
            assert answer.status_code in {200, 404}, answer.text
            return answer.json() if answer.status_code == 200 else None

        found = await until(claimed, within=60)
        return int(found["claim_token"])

    async def _post(
        self, who: str, application_id: UUID, act: str, claim: int | None = None, body: Any = None
    ) -> httpx.Response:
        headers = self._badges[who] | ({} if claim is None else {"claim-token": str(claim)})
        return await self._http.post(f"/{application_id}/{act}", json=body, headers=headers)
