"""Wires the service: settings, providers, gates, cache, bus."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from shared.bus import Bus
from shared.bus.topic_admin import ensure_topics
from shared.database import Database
from shared.events import BatchControlled, Event
from shared.serving import serve, service_app
from shared.telemetry import get_logger, start_logs, start_traces
from shared.topics import BATCHES_CONTROL, PROMPTS_BULK, PROMPTS_INTERACTIVE, SLICES
from starlette.applications import Starlette

from generator_svc.clock import SystemClock
from generator_svc.configured import configured_seats, default_chain, settings_of
from generator_svc.design.designer import Designer
from generator_svc.design.recipe_book import RecipeBook
from generator_svc.design.skeletons import Skeletons
from generator_svc.domain.aimd import AimdLimit, LatencyLimit
from generator_svc.domain.breaker import Breaker
from generator_svc.domain.caller import Caller
from generator_svc.domain.chain import Chain
from generator_svc.domain.desk import Desk
from generator_svc.domain.gate import Gate
from generator_svc.domain.plans import PlanBook
from generator_svc.domain.provider import Provider
from generator_svc.domain.retry import RetryPolicy
from generator_svc.handlers import generate_at_once, generate_record, make_slice, tell_failed_record, tell_failed_slice
from generator_svc.observation import LIMIT, Observed
from generator_svc.prices import ListPrices
from generator_svc.providers import NEEDS_NOTHING, PROVIDERS
from generator_svc.recipes import RECIPES
from generator_svc.settings import AISettings, GeneratorSettings
from generator_svc.store.completions import StoredCompletions
from generator_svc.store.designs import StoredDesigns
from generator_svc.transport import Http

SERVICE = "generator-svc"
MIGRATIONS = Path(__file__).with_name("migrations")
SWEEP_S = 3_600.0
SHORTEST_DAYS = 7.0
"""A batch that runs longer keeps its design."""


def main() -> None:
    """Run the service until it is told to stop."""
    settings = GeneratorSettings()
    level = "debug" if settings.ai.generation_log_level == "debug" else "info"
    start_logs(SERVICE, level)
    start_traces(SERVICE)
    _, app = build(settings)
    serve(app, settings.http)


def build(settings: GeneratorSettings) -> tuple[Bus, Starlette]:
    """The bus with its handlers, and the application around it."""
    bus = Bus(settings.kafka, service=SERVICE)
    http, clock, watch = Http(), SystemClock(), Observed(settings.ai.generation_log_level)
    database = Database(settings.database.url_for(SERVICE))
    completions = StoredCompletions(database, time.time)
    desk = desk_of(settings.ai, http, clock)
    retry = RetryPolicy(settings.ai.max_retries, random.random)
    designs = StoredDesigns(database, time.time)
    designer = Designer(configured_seats(settings.ai, http), designs, retry)
    recipes = RecipeBook(RECIPES, designer, designs, watch.designed)
    caller = Caller(retry=retry, prices=ListPrices(), clock=clock, watch=watch)
    chain = Chain(caller, completions)
    plans = PlanBook(desk.open_work, release=bus.release, stopped=lambda batch_id: stop(batch_id))

    def stop(batch_id: str) -> None:
        desk.dismiss(batch_id)
        caller.wake(batch_id)
        if plans.find(batch_id) is None:
            chain.forget(batch_id)

    subscribe(bus, settings, plans, chain, watch, completions, recipes)
    upkeep = Upkeep(completions, designs, settings.ai.cache_days)
    before = (partial(ensure_topics_and_tables, settings, database), upkeep.start)
    after = (upkeep.stop, http.close, completions.idle, partial(asyncio.to_thread, database.close))
    return bus, service_app(bus, before=before, after=after)


def subscribe(
    bus: Bus,
    settings: GeneratorSettings,
    plans: PlanBook,
    chain: Chain,
    watch: Observed,
    completions: StoredCompletions,
    recipes: RecipeBook,
) -> None:
    """The wiring table."""

    def learn(batch_id: str, event: Event | None) -> None:
        was_known = plans.find(batch_id) is not None
        plans.learn(batch_id, event if isinstance(event, BatchControlled) else None)
        is_known = plans.find(batch_id) is not None
        if not is_known or not was_known:
            completions.mark(batch_id, finished=not is_known)

    skeletons = Skeletons(recipes)
    generate = partial(generate_record, plans=plans, chain=chain, watch=watch, skeletons=skeletons)
    make = partial(make_slice, plans=plans, recipes=recipes)
    at_once = partial(generate_at_once, plans=plans, chain=chain)
    limits = settings.in_flight
    bus.follow(BATCHES_CONTROL, learn)
    for topic, most in ((PROMPTS_INTERACTIVE, limits.interactive_in_flight), (PROMPTS_BULK, limits.bulk_in_flight)):
        bus.on(topic, handler=generate, failed=tell_failed_record, max_in_flight=most, at_once=at_once)
    bus.on(SLICES, handler=make, failed=tell_failed_slice, max_in_flight=limits.slices_in_flight)


def desk_of(ai: AISettings, http: Http, clock: SystemClock) -> Desk:
    """Providers that the environment configures, and the chain for batches that name no model."""
    access = settings_of()
    providers: dict[str, Provider] = {
        name: make(access[name], http)
        for name, make in PROVIDERS.items()
        if make.configured(access[name]) or name in NEEDS_NOTHING
    }

    def new_gate(provider: Provider, model: str) -> Gate:
        policy = provider.policy
        limit_class = LatencyLimit if policy.steered_by_latency else AimdLimit
        limit = limit_class(start=policy.start_concurrency or ai.max_concurrency, maximum=ai.max_concurrency)
        meter = LIMIT.labels(provider.name, model)
        meter.set(limit.value)
        return Gate(limit, Breaker(), clock, changed=meter.set)

    chain = default_chain(ai, access)
    return Desk(providers, frozenset(PROVIDERS), chain, ai.timeout_ms / 1000, new_gate, enabled=ai.enabled)


async def ensure_topics_and_tables(settings: GeneratorSettings, database: Database) -> None:
    """What must exist before the first record."""
    await asyncio.to_thread(database.migrate, SERVICE, MIGRATIONS)
    await ensure_topics(settings.kafka)


class Upkeep:
    """Deletes old completions and what old batches were made of, now and then."""

    def __init__(self, completions: StoredCompletions, designs: StoredDesigns, days: float) -> None:
        self._completions = completions
        self._designs = designs
        self._days = days
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                await self._completions.forget(self._days)
                await self._designs.forget(max(self._days, SHORTEST_DAYS))
            except Exception as error:
                get_logger().warning("upkeep_failed", error=type(error).__name__)
            await asyncio.sleep(SWEEP_S)
