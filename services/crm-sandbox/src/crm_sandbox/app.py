"""The ASGI application: finds the room, lets the faults strike, counts the call."""

import asyncio
import gzip
import logging
import re
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

from crm_sandbox.calls import folded
from crm_sandbox.exchange import Answer, Call, Room, Route, find_route
from crm_sandbox.faults import Fault
from crm_sandbox.org import Org
from crm_sandbox.rooms import ROOMS
from crm_sandbox.rooms.admin import AdminRoom

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
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
        # One thread, because the store reads through one connection; a long scan leaves the loop free.
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = await _read(scope, receive, default_url=self._org.urls[0])
        if isinstance(call, Answer):
            await _send(send, call)
            return
        room = self._room(call.path)
        answer = await self._admin_answer(call) if room is None else await self._room_answer(room, call)
        if answer is None:
            scope["extensions"][ABORT]()
            # The server complains of silence unless it has seen the connection go.
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(send, answer)

    def close(self) -> None:
        self._reading.shutdown(wait=False, cancel_futures=True)

    def _room(self, path: str) -> Room | None:
        return next((room for room in self._rooms if path.startswith(room.prefixes)), None)

    async def _admin_answer(self, call: Call) -> Answer:
        if not call.path.startswith(self._admin.prefixes):
            return Answer.json({"error": "no CRM of this sandbox answers here"}, 404)
        route = find_route(self._admin.routes, call.method, call.path)
        call.words = route[1] if route else {}
        return self._admin.answer(call, route and route[0])

    async def _room_answer(self, room: Room, call: Call) -> Answer | None:
        """The room's answer, unless a fault gives another or, with None, cuts the line."""
        found = find_route(room.routes, call.method, call.path)
        route, call.words = found or (None, {})
        label = route.label(call.words) if route else folded(call.path)
        faults = list(self._org.faults.hitting(call.method, call.path))
        await asyncio.sleep(sum(fault.latency_s for fault in faults))
        answer: Answer | None = None
        if not any(fault.drop == "before" for fault in faults):
            answer = room.seal(call, _struck(room, faults) or await self._ask(room, call, route, faults))
            answer = None if any(fault.drop == "after" for fault in faults) else answer
        self._org.calls.add(call.method, label, answer.status if answer else DROPPED)
        return answer

    async def _ask(self, room: Room, call: Call, route: Route | None, faults: list[Fault]) -> Answer:
        call.fails_first = next((fault.code for fault in faults if fault.code), None)
        try:
            if route and route.reads_long:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._reading, room.answer, call, route)
            return room.answer(call, route)
        except Exception:
            # The type and the place help; the message could quote a record.
            log.exception("%s %s failed in the sandbox itself", call.method, folded(call.path))
            return room.failure(500)


def _struck(room: Room, faults: list[Fault]) -> Answer | None:
    for fault in faults:
        if fault.status is not None:
            answer = room.failure(fault.status, fault.code)
            extra = (("retry-after", fault.retry_after),) if fault.retry_after is not None else ()
            return Answer(answer.status, answer.body, (*answer.headers, *extra))
    return None


async def _read(scope: Scope, receive: Receive, *, default_url: str) -> Call | Answer:
    """The request as a call, or the refusal of one that is too large to be read."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    head = len(raw_path) + len(query) + sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    body = await _body(receive)
    if head > LONGEST_HEAD:
        too_long = len(raw_path) + len(query) > LONGEST_HEAD // 2
        return Answer(414 if too_long else 431, b"URI or headers too long", (("content-type", "text/plain"),))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    if headers.get("content-encoding", "").lower() == "gzip":
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            return Answer.json([{"message": "Invalid gzip body", "errorCode": "JSON_PARSER_ERROR"}], 400)
    # Clients send doubled and trailing slashes; a redirect would cost them their token.
    path = re.sub(r"/{2,}", "/", raw_path.decode("latin-1")).rstrip("/") or "/"
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    host = headers.get("host")
    base_url = f"{scope['scheme']}://{host}" if host else default_url
    return Call(scope["method"], path, dict(pairs), headers, body, base_url, pairs=pairs)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, answer: Answer) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.status not in (204, 304):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
