"""The ASGI application: finds the room, lets the faults strike, counts the call."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from crm_sandbox.calls import folded
from crm_sandbox.exchange import Answer, Call, Room, Route, find_route
from crm_sandbox.faults import Fault
from crm_sandbox.org import Org
from crm_sandbox.reading import Receive, UnreadableBodyError, read_body, spool_body
from crm_sandbox.rooms import ROOMS
from crm_sandbox.rooms.admin import AdminRoom

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# The server puts the means to break a connection here; ASGI itself has none.
ABORT = "recordsmith.abort"
DROPPED = 0
# Salesforce's limit for the address and the headers together.
LONGEST_HEAD = 16_384

log = logging.getLogger(__name__)


class Application:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._admin = AdminRoom(org)
        self._rooms: list[Room] = [make(org) for make in ROOMS.values()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = _head(scope, default_url=self._org.urls[0])
        room = self._room(call.path)
        route, call.words = find_route(room.routes, call.method, call.path) or (None, {})
        try:
            refused = await self._read_body(call, route, scope, receive)
        except ConnectionResetError:
            return
        if refused:
            await _send(send, refused)
            return
        answer = await self._room_answer(room, call, route)
        if call.upload:
            call.upload.unlink(missing_ok=True)
        if answer is None or answer.torn:
            if answer:
                await _send_half(send, answer)
            scope["extensions"][ABORT]()
            # The server complains of silence unless it has seen the connection go.
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(send, answer)

    def _room(self, path: str) -> Room:
        """The room of a path; the administrator's for one that no vendor has, which refuses it."""
        return next((room for room in self._rooms if path.startswith(room.prefixes)), self._admin)

    async def _read_body(self, call: Call, route: Route | None, scope: Scope, receive: Receive) -> Answer | None:
        """Read the body into the call, or say why it is refused."""
        packed = call.headers.get("content-encoding", "").lower() == "gzip"
        try:
            if route and route.uploads:
                call.upload = await spool_body(receive, self._org.uploads, packed=packed)
            else:
                call.body = await read_body(receive, packed=packed)
        except UnreadableBodyError:
            return Answer.json([{"message": "Invalid gzip body", "errorCode": "JSON_PARSER_ERROR"}], 400)
        address = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        head = address + sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if head > LONGEST_HEAD:
            status = 414 if address > LONGEST_HEAD // 2 else 431
            return Answer(status, b"URI or headers too long", (("content-type", "text/plain"),))
        return None

    async def _room_answer(self, room: Room, call: Call, route: Route | None) -> Answer | None:
        """The room's answer, unless a fault gives another or, with None, cuts the line."""
        if room is self._admin:
            # The door's own calls are neither counted nor failed.
            return room.answer(call, route)
        label = route.label(call.words) if route else folded(call.path)
        faults = self._org.faults.hitting(call.method, call.path)
        await asyncio.sleep(sum(fault.latency_s for fault in faults))
        answer: Answer | None = None
        if not any(fault.drop == "before" for fault in faults):
            answer = room.seal(call, _struck(room, faults) or await self._ask(room, call, route, faults))
            if any(fault.drop == "middle" for fault in faults):
                answer = replace(answer, torn=True)
            answer = None if any(fault.drop == "after" for fault in faults) else answer
        self._org.calls.add(call.method, label, answer.status if answer else DROPPED)
        return answer

    async def _ask(self, room: Room, call: Call, route: Route | None, faults: list[Fault]) -> Answer:
        if coded := next((fault for fault in faults if fault.code), None):
            call.fails_first, call.fails_rows = coded.code, coded.rows
        try:
            if route and route.reads_long:
                return await asyncio.get_running_loop().run_in_executor(self._org.reading, room.answer, call, route)
            return room.answer(call, route)
        except Exception:
            # The type and the place help; the message could quote a record.
            log.exception("%s %s failed in the sandbox itself", call.method, folded(call.path))
            return room.failure(500)


def _struck(room: Room, faults: list[Fault]) -> Answer | None:
    for fault in faults:
        if fault.status is not None:
            answer = room.failure(fault.status, fault.code)
            if fault.body is not None:
                answer = Answer(fault.status, fault.body.encode(), (("content-type", _type_of(fault.body)),))
            extra = (("retry-after", fault.retry_after),) if fault.retry_after is not None else ()
            return replace(answer, headers=(*answer.headers, *extra))
    return None


def _type_of(body: str) -> str:
    return "application/json;charset=UTF-8" if body.lstrip()[:1] in ("{", "[") else "text/html;charset=UTF-8"


def _head(scope: Scope, *, default_url: str) -> Call:
    """The request as a call that has no body yet."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    # Clients send doubled and trailing slashes; a redirect would cost them their token.
    path = re.sub(r"/{2,}", "/", raw_path.decode("latin-1")).rstrip("/") or "/"
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    host = headers.get("host")
    base_url = f"{scope['scheme']}://{host}" if host else default_url
    return Call(scope["method"], path, dict(pairs), headers, b"", base_url, pairs=pairs)


async def _send(send: Send, answer: Answer) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status not in (204, 304) and answer.parts is None:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    for part in answer.parts or ():
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": answer.body})


async def _send_half(send: Send, answer: Answer) -> None:
    """The head, which promises the whole body, and half of it; the caller breaks the connection."""
    whole = answer.body or b"".join(answer.parts or ())
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"content-length", str(len(whole) + 1).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": whole[: len(whole) // 2], "more_body": True})
