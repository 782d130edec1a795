"""A session with one Salesforce org."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx

from shared.crm.budget import Budget, DailyLimit
from shared.crm.calls import Calls
from shared.crm.describe import ObjectDescribe, Row, SaveResult
from shared.crm.describes import Describes
from shared.crm.login import Logins, Session
from shared.crm.refusals import error_of, raise_for_refusal
from shared.crm.settings import SalesforceSettings
from shared.errors import Fatal, Retryable

COLLECTION = 200
"""Records of one Collections call (sObject Collections, request limits)."""

Send = Callable[[Session], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Download:
    """An answer that is read while it comes."""

    headers: Mapping[str, str]
    pieces: AsyncIterator[str]


class SalesforceSession:
    """Calls to one org: logs in when it must, repeats what is transient, says what a refusal means.

    Raises `Retryable` (transient), `DailyLimit` (wait), `SalesforceRefused` (never goes well), `Fatal` (credentials).
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
        self.budget = Budget(settings.daily_share, monotonic)
        self._calls = Calls(settings, sleep=sleep, jitter=jitter, monotonic=monotonic)
        self._logins = Logins(settings, self._calls, clock=clock, monotonic=monotonic)
        self._describes = Describes(self._conditional, monotonic)

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

    async def put_stream(
        self, path: str, chunks: Callable[[], AsyncIterator[bytes]], *, content_type: str, operation: str = "upload"
    ) -> None:
        """Upload a body that is made while it is sent. `chunks` is called again if the session had expired.

        `Retryable` where the answer is lost: the caller must find out whether the body was taken.
        """

        async def send(session: Session) -> httpx.Response:
            headers = {**_bearer(session), "content-type": content_type}
            return await self._calls.upload(self._url(session, path), chunks(), operation=operation, headers=headers)

        raise_for_refusal(await self._replayed(send))

    @asynccontextmanager
    async def get_stream(self, path: str, *, operation: str = "download") -> AsyncIterator[AsyncIterator[str]]:
        """The text of an answer, piece by piece, decoded as UTF-8 whatever the header says."""
        async with self.download(path, operation=operation) as download:
            yield download.pieces

    @asynccontextmanager
    async def download(self, path: str, *, operation: str = "download") -> AsyncIterator[Download]:
        """An answer with its headers, whose text is read piece by piece."""
        await self._refuse_if_spent()
        session = await self._logins.current()
        for replayed in (False, True):
            async with self._calls.stream(
                self._url(session, path), operation=operation, headers=_bearer(session)
            ) as response:
                self.budget.note(response)
                if response.status_code != 401:
                    self._refuse(response)
                    response.encoding = "utf-8"
                    yield Download(response.headers, response.aiter_text())
                    return
                session = await self._after(session, replayed)

    async def query(self, soql: str, *, deleted: bool = False) -> AsyncIterator[list[Row]]:
        """The pages of a query: at most 2,000 records each, fewer with long texts. `deleted`: deleted ones, too."""
        page = await self.get(_query_path(deleted), params={"q": soql}, operation="query")
        while True:
            yield page["records"]
            if page.get("done", True) or not page.get("nextRecordsUrl"):
                return
            page = await self.get(page["nextRecordsUrl"], operation="query")

    async def count(self, soql: str, *, deleted: bool = False) -> int:
        """What a query of `COUNT()` says."""
        page = await self.get(_query_path(deleted), params={"q": soql}, operation="count")
        return int(page["totalSize"])

    async def describe(self, sobject: str, *, refresh: bool = False) -> ObjectDescribe:
        """An object's fields as this user sees them, at most an hour old; with `refresh`, as they are now."""
        return await self._describes.get(sobject, refresh=refresh)

    async def collections_update(self, records: Sequence[Row]) -> list[SaveResult]:
        """Update up to 200 records, each with `attributes.type` and `id`; results in the same order."""
        return await self._collect("composite/sobjects", "update", records)

    async def collections_upsert(self, sobject: str, external_id: str, records: Sequence[Row]) -> list[SaveResult]:
        """Upsert up to 200 records of one object by one external id field; results in the same order."""
        return await self._collect(f"composite/sobjects/{sobject}/{external_id}", "upsert", records)

    async def collections_delete(self, ids: Sequence[str]) -> list[SaveResult]:
        """Delete up to 200 records; results in the same order. One that is deleted already says so."""
        answer = await self.delete("composite/sobjects", params={"ids": ",".join(ids), "allOrNone": "false"})
        return cast(list[SaveResult], answer)

    async def has_room(self) -> bool:
        """Whether calls may be made again after a `DailyLimit`; asks the org now and then, not each time."""
        try:
            await self._refuse_if_spent()
        except Retryable:
            return False
        return True

    async def close(self) -> None:
        """Give the connections back."""
        await self._calls.close()

    async def _collect(self, path: str, operation: str, records: Sequence[Row]) -> list[SaveResult]:
        if not 1 <= len(records) <= COLLECTION:
            raise ValueError(f"a Collections call takes 1 to {COLLECTION} records, not {len(records)}")
        results = await self.patch(path, {"allOrNone": False, "records": list(records)}, operation=operation)
        if not isinstance(results, list) or len(results) != len(records):
            raise Retryable(
                "Salesforce did not answer for every record of the call", category="crm", code="RESULTS_MISSING"
            )
        return cast(list[SaveResult], results)

    async def _conditional(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        return await self._answer("GET", path, operation="describe", headers=headers)

    async def _call(self, method: str, path: str, **how: Any) -> Any:
        response = await self._answer(method, path, **how)
        raise_for_refusal(response)
        try:
            return json.loads(response.content) if response.content else None
        except ValueError:
            raise Retryable("Salesforce answered something that is not JSON", category="network") from None

    async def _answer(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        repeat: bool = True,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        spending: bool = True,
    ) -> httpx.Response:
        async def send(session: Session) -> httpx.Response:
            return await self._calls.send(
                method, self._url(session, path), operation=operation, repeat=repeat, params=params, json=body,
                headers={**_bearer(session), **(headers or {})},
            )  # fmt: skip

        return await self._replayed(send, spending=spending)

    async def _replayed(self, send: Send, *, spending: bool = True) -> httpx.Response:
        """The answer with a valid session: a 401 means one login, shared by all, and one replay."""
        if spending:
            await self._refuse_if_spent()
        session = await self._logins.current()
        response = await send(session)
        if response.status_code == 401:
            session = await self._after(session, replayed=False)
            response = await send(session)
            if response.status_code == 401:
                await self._after(session, replayed=True)
        self.budget.note(response)
        self._refuse_daily(response)
        return response

    async def _after(self, session: Session, replayed: bool) -> Session:
        if replayed:
            raise Fatal("Salesforce refuses a session that has just begun", category="auth", code="INVALID_SESSION_ID")
        return await self._logins.after(session)

    async def _refuse_if_spent(self) -> None:
        if not self.budget.spent:
            return
        if (wait_s := self.budget.wait_s()) <= 0:
            # Its own header says how much is used by now.
            response = await self._answer("GET", "limits", operation="limits", spending=False)
            wait_s = self.budget.wait_s() if response.is_success else wait_s
        if self.budget.spent:
            raise self.budget.refusal(wait_s)

    def _refuse(self, response: httpx.Response) -> None:
        self._refuse_daily(response)
        raise_for_refusal(response)

    def _refuse_daily(self, response: httpx.Response) -> None:
        if response.status_code == 403:
            code, said = error_of(response)
            if code == "REQUEST_LIMIT_EXCEEDED" and not said.startswith("Concurrent"):
                self.budget.close()
                raise DailyLimit(wait_s=self.budget.wait_s())

    def _url(self, session: Session, path: str) -> str:
        if path.startswith("/"):
            return session.instance_url + path
        return f"{session.instance_url}/services/data/{self.settings.api_version}/{path}"


def _bearer(session: Session) -> dict[str, str]:
    return {"authorization": f"Bearer {session.token}"}


def _query_path(deleted: bool) -> str:
    return "queryAll" if deleted else "query"
