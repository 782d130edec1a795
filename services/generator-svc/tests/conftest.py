"""What the generator's tests share: a clock turned by hand, a scripted provider, a loopback LLM server, factories."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson
import pytest
from aiohttp import web
from generator_svc.design.designer import Designer
from generator_svc.design.recipe_book import RecipeBook
from generator_svc.domain.aimd import AimdLimit
from generator_svc.domain.breaker import Breaker
from generator_svc.domain.caller import Caller
from generator_svc.domain.chain import Chain
from generator_svc.domain.completion_cache import Stored
from generator_svc.domain.desk import Desk
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.gate import Gate
from generator_svc.domain.plans import PlanBook
from generator_svc.domain.provider import Access, Ask, Completion, Policy
from generator_svc.domain.retry import RetryPolicy
from generator_svc.recipes import RECIPES
from shared.bus import Received
from shared.events import BatchControlled, BatchPlan, ModelSpec, NoTarget, PromptPrepared, PromptSpec


class HandClock:
    """Time passes only by `pass_time`, or by itself to the next alarm with `run`."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self._alarms: list[tuple[float, int, list[Callable[[], None]]]] = []
        self._count = 0

    def now(self) -> float:
        return self.time

    def call_later(self, delay_s: float, ring: Callable[[], None], /) -> _Alarm:
        self._count += 1
        callbacks = [ring]
        heapq.heappush(self._alarms, (self.time + delay_s, self._count, callbacks))
        return _Alarm(callbacks)

    async def pass_time(self, seconds: float) -> None:
        end = self.time + seconds
        await settle()
        while self._alarms and self._alarms[0][0] <= end:
            self.time, _, callbacks = heapq.heappop(self._alarms)
            for ring in callbacks:
                ring()
            await settle()
        self.time = end

    async def run(self, *tasks: asyncio.Task[Any]) -> None:
        """Pass time until the tasks are done."""
        await settle()
        while not all(task.done() for task in tasks):
            if self._alarms:
                await self.pass_time(max(0.0, self._alarms[0][0] - self.time))
            else:
                await asyncio.sleep(0.001)


@dataclass
class _Alarm:
    callbacks: list[Callable[[], None]]

    def cancel(self) -> None:
        self.callbacks.clear()


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


class Puppet:
    """A provider whose answers a test scripts: texts and errors in order, then the last one for ever."""

    operation: ClassVar[str] = "chat"
    default_model: ClassVar[str] = "m"

    def __init__(self, name: str = "puppet", script: list[str | ProviderError] | None = None) -> None:
        self.name = name
        self.policy = Policy()
        self.script: list[str | ProviderError] = script or ["a fine answer"]
        self.asked: list[Ask] = []
        self.hold: asyncio.Event | None = None

    @staticmethod
    def configured(access: Access) -> bool:
        return True

    async def complete(self, ask: Ask) -> Completion:
        turn = self.script[min(len(self.asked), len(self.script) - 1)]
        self.asked.append(ask)
        if self.hold is not None:
            await self.hold.wait()
        if isinstance(turn, ProviderError):
            raise turn
        return Completion(turn, 10, 5)


class Remembering:
    """A completion cache in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Stored] = {}
        self.alone: list[bool] = []

    async def find(self, keys: Any) -> dict[str, Stored]:
        return {key: self.kept[key] for key in keys if key in self.kept}

    async def keep(self, completion: Stored, *, alone: bool = False) -> None:
        self.kept[completion.key] = completion
        self.alone.append(alone)

    async def spent_usd(self, batch_id: str) -> float:
        return sum(one.cost_usd or 0.0 for one in self.kept.values() if one.batch_id == batch_id)


class Silent:
    """A watch that only counts."""

    def __init__(self) -> None:
        self.fallbacks = 0

    def answered(self, *_: object) -> None: ...
    def answered_at_once(self, *_: object) -> None: ...
    def failed(self, *_: object) -> None: ...
    def repeated(self, *_: object) -> None: ...

    def fell_back(self, *_: object) -> None:
        self.fallbacks += 1


class RememberedDesigns:
    """Designs in this process."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.claimed: set[str] = set()

    async def find(self, key: str) -> dict[str, Any] | None:
        return self.kept.get(key)

    async def keep(self, key: str, schema: dict[str, Any]) -> dict[str, Any]:
        return self.kept.setdefault(key, schema)

    async def claim(self, key: str, lease_s: float) -> bool:
        free = key not in self.claimed
        self.claimed.add(key)
        return free

    async def release(self, key: str) -> None:
        self.claimed.discard(key)


class FlatPrices:
    """A dollar a thousand tokens; models called `unpriced` have no price."""

    def cost_usd(self, provider: str, model: str, input_tokens: int, output_tokens: int) -> float | None:
        return None if model == "unpriced" else (input_tokens + output_tokens) / 1000


@dataclass
class Generator:
    """The service without bus, database and network."""

    clock: HandClock
    max_retries: int = 2
    concurrency: int = 64
    enabled: bool = True
    providers: dict[str, Any] = field(default_factory=lambda: {"puppet": Puppet()})
    released: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cache, self.watch = Remembering(), Silent()
        default = [ModelSpec(provider=name, model="m") for name in self.providers]
        self.desk = Desk(
            self.providers, frozenset((*self.providers, "unconfigured")), default, 10.0, self._gate, self.enabled
        )
        retry = RetryPolicy(self.max_retries, lambda: 0.5)
        self.caller = Caller(retry=retry, prices=FlatPrices(), clock=self.clock, watch=self.watch)
        self.chain = Chain(self.caller, self.cache)
        self.designs = RememberedDesigns()
        self.recipes = RecipeBook(RECIPES, Designer((), self.designs, retry), self.designs)
        self.plans = PlanBook(self.desk.open_work, release=self.released.append, stopped=self._stop)

    def control(self, state: str = "running", batch_id: str = "b", **plan: Any) -> None:
        self.plans.learn(batch_id, BatchControlled(batch_id=batch_id, state=state, plan=plan_of(**plan)))

    def _gate(self, provider: Any, model: str) -> Gate:
        return Gate(AimdLimit(start=self.concurrency, maximum=self.concurrency), Breaker(), self.clock)

    def _stop(self, batch_id: str) -> None:
        self.desk.dismiss(batch_id)
        self.caller.wake(batch_id)


def plan_of(template: str = "Describe {{name}}", schema: dict[str, Any] | None = None, **other: Any) -> BatchPlan:
    prompt = PromptSpec(template=template, response_schema=schema)
    return BatchPlan(**({"name": "test", "prompt": prompt, "target": NoTarget(kind="none"), "requested": 1} | other))


def prompt_of(index: int = 0, batch_id: str = "b", **values: Any) -> Received[PromptPrepared]:
    event = PromptPrepared(batch_id=batch_id, index=index, record_id=f"r{index}", values=values or {"name": "it"})
    return Received(event, {}, "prompts.bulk.v1", 0, index, 1, None)


class LoopbackLLM:
    """An HTTP server that answers as it is told, in any dialect, and remembers what it was asked."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.status, self.body, self.headers = 200, None, {}  # type: ignore[var-annotated]
        self.delay_s = 0.0
        self.drop = False
        self.url = ""

    def says(self, status: int, body: Any, **headers: str) -> None:
        self.status, self.body = status, body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(self, request: web.Request) -> web.Response:
        content = orjson.loads(await request.read())
        self.requests.append((request.path, dict(request.headers), content))
        await asyncio.sleep(self.delay_s)
        if self.drop:
            assert request.transport is not None
            request.transport.abort()
        body = answer_body(request.path, "a fine answer") if self.body is None else self.body
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        return web.Response(status=self.status, body=raw, headers=self.headers, content_type="application/json")


def answer_body(path: str, text: str) -> dict[str, Any]:
    """A good answer as the API behind the path gives it."""
    if path.endswith("/messages"):
        usage = {"input_tokens": 7, "output_tokens": 3}
        return {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop"}
    choice |= {"message": {"role": "assistant", "content": text}} if "/chat/" in path else {"text": text}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}


@pytest.fixture
async def llm() -> AsyncIterator[LoopbackLLM]:
    server = LoopbackLLM()
    app = web.Application()
    app.router.add_post("/{path:.*}", server.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def new_generator(clock: HandClock) -> Callable[..., Generator]:
    return lambda **other: Generator(clock, **other)


@pytest.fixture
def a_prompt() -> Callable[..., Received[PromptPrepared]]:
    return prompt_of


@pytest.fixture
def some_designs() -> RememberedDesigns:
    return RememberedDesigns()


@pytest.fixture
def a_puppet() -> type[Puppet]:
    return Puppet
