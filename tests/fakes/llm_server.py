"""An OpenAI-compatible server on loopback whose answers follow from the prompt alone, and which remembers every call.

    python -m tests.fakes.llm_server --port 0 --latency 0.2       prints its port

Steered over `/steer` (latency, failures) and read over `/calls`. A plain asyncio protocol: it must cost so little that
a benchmark measures the client.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

LATE_S = 0.001
"""A timer of an event loop rings that much late, as epoll counts whole milliseconds: a lone call takes the latency."""

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


def answer_to(prompt: str) -> str:
    """What the server says to a prompt. Quotes, commas, line breaks and letters beyond ASCII show sloppy encoding."""
    digest = hashlib.sha256(prompt.encode()).hexdigest()
    return f'Answer {digest[:16]}: "steady", naïve 患者.\nSee {digest[16:24]}.'


@dataclass
class Behaviour:
    """How the server answers now."""

    latency: float = 0.0
    fail: dict[str, int] = field(default_factory=dict)
    """Text in a prompt → status that its calls get."""
    calls: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    peak: int = 0

    def status_for(self, prompt: str) -> int:
        return next((status for text, status in self.fail.items() if text in prompt), 200)


class _Connection(asyncio.Protocol):
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (request := self._next_request()) is not None:
            self._answer(*request)

    def _next_request(self) -> tuple[str, dict[str, Any]] | None:
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        stated = _LENGTH.search(head)
        length = int(stated[1]) if stated else 0
        if len(rest) < length:
            return None
        self._buffer = rest[length:]
        return head.split(b" ", 2)[1].decode(), orjson.loads(rest[:length] or b"{}")

    def _answer(self, path: str, body: dict[str, Any]) -> None:
        behaviour = self._behaviour
        if path == "/steer":
            behaviour.latency = body.get("latency", behaviour.latency)
            behaviour.fail = body.get("fail", behaviour.fail)
            if body.get("forget"):
                behaviour.calls.clear()
                behaviour.peak = behaviour.in_flight
            return self._send(_response(200, {"ok": True}))
        if path == "/calls":
            known = {"calls": behaviour.calls, "in_flight": behaviour.in_flight, "peak": behaviour.peak}
            return self._send(_response(200, known))
        if path.endswith("/models"):
            return self._send(_response(200, {"object": "list", "data": [{"id": "gpt-4o-mini", "object": "model"}]}))
        prompt = body["messages"][-1]["content"] if "messages" in body else body["prompt"]
        behaviour.calls[prompt] += 1
        behaviour.in_flight += 1
        behaviour.peak = max(behaviour.peak, behaviour.in_flight)
        made = _completion(prompt, "messages" in body)  # now, so that the latency is all that an answer waits for
        asyncio.get_running_loop().call_later(max(0.0, behaviour.latency - LATE_S), self._complete, prompt, made)

    def _complete(self, prompt: str, made: bytes) -> None:
        self._behaviour.in_flight -= 1
        status = self._behaviour.status_for(prompt)
        if status != 200:  # an honest provider error quotes the prompt back: it must not reach logs
            made = _response(status, {"error": {"message": f"Cannot answer: {prompt}", "type": "server_error"}})
        self._send(made)

    def _send(self, response: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(response)


def _completion(prompt: str, chat: bool) -> bytes:
    text = answer_to(prompt)
    usage = {"prompt_tokens": max(1, len(prompt) // 4), "completion_tokens": len(text) // 4}
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
    choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
    return _response(200, {"id": "fake", "model": "fake", "choices": [choice], "usage": usage})


def _response(status: int, payload: dict[str, Any]) -> bytes:
    body = orjson.dumps(payload)
    head = b"HTTP/1.1 %d X\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (status, len(body)) + body


class FakeLLM:
    """A running server, seen from a test."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._root = f"http://127.0.0.1:{port}"

    def steer(self, **behaviour: Any) -> None:
        """`latency` in seconds, `fail` as {text in prompt: status}, `forget` the calls."""
        self._ask("/steer", behaviour)

    def calls(self) -> Counter[str]:
        """How often each prompt was asked."""
        return Counter(self._ask("/calls", {})["calls"])

    def peak(self) -> int:
        """Most calls at one time."""
        return int(self._ask("/calls", {})["peak"])

    def _ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(self._root + path, json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
            return answer


@contextmanager
def fake_llm(latency: float = 0.0) -> Iterator[FakeLLM]:
    """A server in a process of its own."""
    command = [sys.executable, "-m", "tests.fakes.llm_server", "--latency", str(latency)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield FakeLLM(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait(10)


async def serve(port: int, behaviour: Behaviour) -> None:
    """Answer until cancelled; prints the port once it listens."""
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(behaviour), "127.0.0.1", port, backlog=4096
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(serve(options.port, Behaviour(latency=options.latency)))
