"""A session with one Salesforce org."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from shared.crm.calls import Calls
from shared.crm.describe import ObjectDescribe, Row, SaveResult
from shared.crm.login import Logins, Session
from shared.crm.refusals import raise_for_refusal
from shared.crm.settings import SalesforceSettings
from shared.errors import Fatal, Retryable

DESCRIBE_S = 3_600.0
"""How long a describe is believed; schema drift is noticed by the errors it causes."""

COLLECTION = 200
"""Records of one Collections call (sObject Collections, request limits)."""


class SalesforceSession:
    """Calls to one org: logs in when it must, repeats what is transient, says what a refusal means.

    Raises `Retryable` (transient, limits), `SalesforceRefused` (will never go well) and `Fatal` (credentials).
    """

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._calls = Calls(settings, sleep=sleep, jitter=jitter)
        self._logins = Logins(settings, self._calls, clock=clock, monotonic=monotonic)
        self._monotonic = monotonic
        self._describes: dict[str, tuple[float, asyncio.Task[ObjectDescribe]]] = {}

    async def get(self, path: str, *, params: Mapping[str, str] | None = None, operation: str = "get") -> Any:
        """Read `path` (below `/services/data/vXX.0/`, or absolute)."""
        return await self._call("GET", path, operation=operation, params=params)

    async def post(self, path: str, body: Any, *, repeat: bool = False, operation: str = "post") -> Any:
        """Post `body`; only with `repeat` is it sent again after a lost answer."""
        return await self._call("POST", path, operation=operation, repeat=repeat, body=body)

    async def patch(self, path: str, body: Any, *, operation: str = "patch") -> Any:
        """Change what `path` names: the same again changes nothing."""
        return await self._call("PATCH", path, operation=operation, body=body)

    async def delete(self, path: str, *, params: Mapping[str, str] | None = None) -> Any:
        """Delete what `path` names."""
        return await self._call("DELETE", path, operation="delete", params=params)

    async def query(self, soql: str) -> AsyncIterator[list[Row]]:
        """The pages of a query: at most 2,000 records each, fewer with long texts."""
        page = await self.get("query", params={"q": soql}, operation="query")
        while True:
            yield page["records"]
            if page.get("done", True) or not page.get("nextRecordsUrl"):
                return
            page = await self.get(page["nextRecordsUrl"], operation="query")

    async def describe(self, sobject: str, *, refresh: bool = False) -> ObjectDescribe:
        """An object's fields as this user sees them, at most `DESCRIBE_S` old."""
        until, task = self._describes.get(sobject, (0.0, None))
        failed = task is not None and task.done() and (task.cancelled() or task.exception() is not None)
        if task is None or failed or refresh or self._monotonic() >= until:
            task = asyncio.create_task(self._describe(sobject))
            self._describes[sobject] = (self._monotonic() + DESCRIBE_S, task)
        return await asyncio.shield(task)

    async def collections_update(self, records: Sequence[Row]) -> list[SaveResult]:
        """Update up to 200 records, each with `attributes.type` and `id`; results in the same order."""
        return await self._collect("composite/sobjects", "update", records)

    async def collections_upsert(self, sobject: str, external_id: str, records: Sequence[Row]) -> list[SaveResult]:
        """Upsert up to 200 records of one object by one external id field; results in the same order."""
        return await self._collect(f"composite/sobjects/{sobject}/{external_id}", "upsert", records)

    async def close(self) -> None:
        """Give the connections back."""
        await self._calls.close()

    async def _describe(self, sobject: str) -> ObjectDescribe:
        return cast(ObjectDescribe, await self.get(f"sobjects/{sobject}/describe", operation="describe"))

    async def _collect(self, path: str, operation: str, records: Sequence[Row]) -> list[SaveResult]:
        if not 1 <= len(records) <= COLLECTION:
            raise ValueError(f"a Collections call takes 1 to {COLLECTION} records, not {len(records)}")
        results = await self.patch(path, {"allOrNone": False, "records": list(records)}, operation=operation)
        if not isinstance(results, list) or len(results) != len(records):
            raise Retryable(
                "Salesforce did not answer for every record of the call", category="crm", code="RESULTS_MISSING"
            )
        return cast(list[SaveResult], results)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        repeat: bool = True,
        params: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Any:
        session = await self._logins.current()
        for replayed in (False, True):
            response = await self._calls.send(
                method, self._url(session, path), operation=operation, repeat=repeat, params=params, json=body,
                headers={"authorization": f"Bearer {session.token}"},
            )  # fmt: skip
            if response.status_code != 401:
                break
            if replayed:
                raise Fatal(
                    "Salesforce refuses a session that has just begun", category="auth", code="INVALID_SESSION_ID"
                )
            session = await self._logins.after(session)
        raise_for_refusal(response)
        try:
            return json.loads(response.content) if response.content else None
        except ValueError:
            raise Retryable("Salesforce answered something that is not JSON", category="network") from None

    def _url(self, session: Session, path: str) -> str:
        if path.startswith("/"):
            return session.instance_url + path
        return f"{session.instance_url}/services/data/{self.settings.api_version}/{path}"
