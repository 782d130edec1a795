"""A session with one HubSpot portal."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx

from shared.crm.hubspot_calls import SEARCH, HubSpotCalls
from shared.crm.hubspot_limits import hold_of, seconds_until_midnight
from shared.crm.hubspot_paths import ACCOUNT, HubSpotPaths
from shared.crm.hubspot_refusals import HubSpotRefused, error_for
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.hubspot_shapes import BatchAnswer, CrmObject, PropertyDefinition
from shared.crm.hubspot_tokens import HubSpotTokens
from shared.errors import Fatal, RecordsmithError, Retryable

METADATA_S = 3_600.0
"""How long property definitions are believed (S2-67); drift is noticed by the errors it causes."""

BATCH = 100
"""Inputs of one batch call; HubSpot answers 400 to more."""

DAILY = "DAILY"
UNKNOWN_ZONE_S = 3_600.0
"""The daily limit is met before the portal's time zone was learnt: look again after so long."""


class HubSpotSession:
    """Calls to one portal: renews its token, repeats what is transient, says what a refusal means.

    Raises `Retryable` (transient, limits), `HubSpotRefused` (will never go well) and `Fatal` (credentials). After the
    daily limit was met, no call is made until the portal's midnight: `Retryable` with the code DAILY says when.
    """

    def __init__(
        self,
        settings: HubSpotSettings,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.paths = HubSpotPaths(settings.api_version)
        self._calls = HubSpotCalls(settings, sleep=sleep, jitter=jitter, monotonic=monotonic)
        self._tokens = HubSpotTokens(settings, self._calls, monotonic=monotonic)
        self._clock = clock
        self._monotonic = monotonic
        self._definitions: dict[str, tuple[float, asyncio.Task[list[PropertyDefinition]]]] = {}
        self._zone: str | None = None
        self._day_ends = 0.0

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        operation: str,
        repeat: bool = True,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON of an answer, None where there is none. `repeat=False`: the change must not be made twice."""
        if (wait_s := self._day_ends - self._monotonic()) > 0:
            raise _daily(wait_s)
        response = await self._answer(method, path, body, operation=operation, repeat=repeat, params=params)
        if not response.is_success:
            raise self._error(response)
        try:
            return json.loads(response.content) if response.content else None
        except ValueError:
            raise Retryable("HubSpot answered something that is not JSON", category="network") from None

    async def account(self) -> Mapping[str, Any]:
        """The portal's details; its time zone is remembered for the daily limit."""
        details: Mapping[str, Any] = await self.call("GET", ACCOUNT, operation="account")
        self._zone = str(details.get("timeZone") or "UTC")
        return details

    async def definitions(self, object_type: str, *, refresh: bool = False) -> list[PropertyDefinition]:
        """An object's properties, at most `METADATA_S` old; `refresh` asks anew."""
        until, task = self._definitions.get(object_type, (0.0, None))
        failed = task is not None and task.done() and (task.cancelled() or task.exception() is not None)
        if task is None or failed or refresh or self._monotonic() >= until:
            task = asyncio.create_task(self._ask_definitions(object_type))
            self._definitions[object_type] = (self._monotonic() + METADATA_S, task)
        return await asyncio.shield(task)

    async def batch(
        self,
        object_type: str,
        verb: str,
        inputs: Sequence[Any],
        *,
        repeat: bool = True,
        archived: bool = False,
        **more: Any,
    ) -> BatchAnswer:
        """`verb` (read, create, update, upsert) for up to 100 inputs; no call for none."""
        if not inputs:
            return BatchAnswer()
        if len(inputs) > BATCH:
            raise ValueError(f"a HubSpot batch takes up to {BATCH} inputs, not {len(inputs)}")
        body = {"inputs": list(inputs), **more}
        path = self.paths.objects(object_type, "batch", verb)
        params = {"archived": "true"} if archived else None
        answer = await self.call("POST", path, body, operation=verb, repeat=repeat, params=params)
        return BatchAnswer(answer.get("results") or (), answer.get("errors") or ())

    async def read(
        self,
        object_type: str,
        ids: Sequence[str],
        properties: Sequence[str],
        *,
        id_property: str | None = None,
        archived: bool = False,
    ) -> list[CrmObject]:
        """Those of up to 100 records that exist, in any order; with `archived` those in the recycling bin instead."""
        more: dict[str, Any] = {"properties": list(properties), "propertiesWithHistory": []}
        if id_property is not None:
            more["idProperty"] = id_property
        return list(
            (await self.batch(object_type, "read", [{"id": one} for one in ids], archived=archived, **more)).results
        )

    async def page(
        self, object_type: str, *, after: str | None, limit: int, archived: bool = False
    ) -> tuple[list[CrmObject], str | None]:
        """A page of all records of an object, or of those in its recycling bin, and where the next one begins."""
        params = {"limit": str(limit), "archived": str(archived).lower()} | ({"after": after} if after else {})
        answer = await self.call("GET", self.paths.objects(object_type), operation="list", params=params)
        # The cursor, not the link: the link's host is the vendor's.
        return answer.get("results") or [], (answer.get("paging") or {}).get("next", {}).get("after")

    async def search(self, object_type: str, body: Mapping[str, Any]) -> list[CrmObject]:
        """One page of a search. What was written seconds ago may not be found yet."""
        answer = await self.call("POST", self.paths.objects(object_type, "search"), body, operation=SEARCH)
        return answer.get("results") or []

    async def associate(
        self, of: str, to: str, pairs: Sequence[tuple[str, str]], verb: str, **each: Any
    ) -> BatchAnswer:
        """`batch/{verb}` for pairs of ids; `each` is added to every input."""
        inputs = [{"from": {"id": a}, "to": {"id": b}, **each} for a, b in pairs]
        path = self.paths.associations(of, to, "batch", *verb.split("/"))
        answer = await self.call("POST", path, {"inputs": inputs}, operation="associate") or {}
        return BatchAnswer(answer.get("results") or (), answer.get("errors") or ())

    async def associations(self, of: str, to: str, inputs: Sequence[Mapping[str, str]]) -> list[Any]:
        """`{"from", "to", "paging"}` of each record that has some; an input may say an `after` for its next page."""
        path = self.paths.associations(of, to, "batch", "read")
        answer = await self.call("POST", path, {"inputs": list(inputs)}, operation="associations") or {}
        # Records without any are told as errors (NO_ASSOCIATIONS_FOUND), which they are not for us.
        return list(answer.get("results") or ())

    async def dissociate(self, of: str, to: str, inputs: Sequence[Any], verb: str) -> None:
        """`batch/{verb}`, which says nothing of associations that are not there."""
        path = self.paths.associations(of, to, "batch", *verb.split("/"))
        await self.call("POST", path, {"inputs": list(inputs)}, operation="dissociate")

    async def archive(self, object_type: str, ids: Sequence[str]) -> None:
        """Archive up to 100 records; those that are gone already are no error."""
        path = self.paths.objects(object_type, "batch", "archive")
        await self.call("POST", path, {"inputs": [{"id": one} for one in ids]}, operation="archive")

    async def has_room(self) -> bool:
        """Whether calls are made: not from the daily limit on until the portal's midnight."""
        return self._monotonic() >= self._day_ends

    async def close(self) -> None:
        """Give the connections back."""
        await self._calls.close()

    async def _ask_definitions(self, object_type: str) -> list[PropertyDefinition]:
        if self._zone is None:
            # Learnt while calls still go through: at the daily limit even this one is refused.
            try:
                await self.account()
            except HubSpotRefused:
                self._zone = "UTC"
        answer = await self.call("GET", self.paths.properties(object_type), operation="properties")
        found: list[PropertyDefinition] = answer.get("results") or []
        return [one for one in found if not one.get("archived")]

    async def _answer(
        self, method: str, path: str, body: Any, *, operation: str, repeat: bool, params: Mapping[str, str] | None
    ) -> httpx.Response:
        token = await self._tokens.current()
        url = self.settings.base_url.rstrip("/") + path
        for replayed in (False, True):
            response = await self._calls.send(
                method, url, operation=operation, repeat=repeat, params=params, json=body,
                headers={"authorization": f"Bearer {token.text}"},
            )  # fmt: skip
            if response.status_code != 401:
                break
            if replayed:
                raise Fatal("HubSpot refuses a token that it has just given out", category="auth")
            token = await self._tokens.after(token)
        return response

    def _error(self, response: httpx.Response) -> RecordsmithError:
        hold = hold_of(response)
        if hold is None or hold.policy != DAILY:
            return error_for(response)
        wait_s = seconds_until_midnight(self._clock(), self._zone) if self._zone else UNKNOWN_ZONE_S
        self._day_ends = self._monotonic() + wait_s
        return _daily(wait_s)


def _daily(wait_s: float) -> Retryable:
    return Retryable(
        "The portal's HubSpot calls of today are used up", category="rate_limit", code=DAILY, retry_after_s=wait_s
    )
