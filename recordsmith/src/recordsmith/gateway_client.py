"""The gateway's HTTP API, as far as the demo uses it (interfaces.md section 4)."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import httpx

from recordsmith.problems import Problem

FINAL = ("completed", "cancelled", "failed")


class GatewayClient:
    """One person's view of the running system."""

    def __init__(self, url: str, api_key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {api_key}"}, trust_env=False, timeout=60.0
        )

    async def submit(self, specification: dict[str, Any]) -> str:
        """Ask for a batch; its id."""
        headers = {"idempotency-key": uuid.uuid4().hex}
        answer = await self._ask("POST", "/api/batches", json=specification, headers=headers)
        return str(answer.json()["id"])

    async def batch(self, batch_id: str) -> dict[str, Any]:
        """How far a batch is."""
        content: dict[str, Any] = (await self._ask("GET", f"/api/batches/{batch_id}")).json()
        return content

    async def records(self, batch_id: str, limit: int) -> list[dict[str, Any]]:
        """What became of a batch's first records."""
        answer = await self._ask("GET", f"/api/batches/{batch_id}/records", params={"limit": limit})
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def download_rows(self, batch_id: str, path: Path) -> None:
        """The rows of a batch whose target is `csv`, in one step: a half-written file is never seen."""
        draft = path.with_name(f".{path.name}.new")
        async with self._http.stream("GET", f"/api/batches/{batch_id}/rows.csv") as answer:
            if answer.is_error:
                await answer.aread()
                raise _refused(answer)
            with draft.open("wb") as file:
                async for block in answer.aiter_bytes():
                    file.write(block)
        draft.replace(path)

    async def close(self) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **words: Any) -> httpx.Response:
        try:
            answer = await self._http.request(method, path, **words)
        except httpx.HTTPError as error:
            raise Problem(f"The gateway does not answer ({type(error).__name__}).", "Read logs/gateway.log.") from error
        if answer.is_error:
            raise _refused(answer)
        return answer


def _refused(answer: httpx.Response) -> Problem:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        detail = answer.reason_phrase
    return Problem(
        f"The gateway answered {answer.status_code} to {answer.request.method} {answer.request.url.path}: {detail}.",
        "Read logs/gateway.log.",
    )
