"""Makes calls to one model: admission, budget, bound, repetition after failures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from generator_svc.domain.budget import Budget, Prices, estimated_tokens
from generator_svc.domain.clock import Clock
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.gate import Dismissed, Unavailable
from generator_svc.domain.provider import Ask, Completion, Instant
from generator_svc.domain.question import Question
from generator_svc.domain.retry import RetryPolicy
from generator_svc.domain.tally import Interrupted, Tally
from generator_svc.domain.work import Link


class Watch(Protocol):
    """Who is told about calls: metrics and logs."""

    def answered(self, question: Question, link: Link, completion: Completion, seconds: float) -> None: ...

    def answered_at_once(
        self, questions: Sequence[Question], link: Link, completions: Sequence[Completion], seconds: float
    ) -> None: ...

    def failed(self, question: Question, link: Link, error: ProviderError, seconds: float) -> None: ...

    def repeated(self, question: Question, link: Link, attempt: int, wait_s: float) -> None: ...


class Caller:
    """Turns an ask into a completion, or into the error that ends this model's part."""

    def __init__(self, *, retry: RetryPolicy, prices: Prices, clock: Clock, watch: Watch) -> None:
        self._retry = retry
        self._prices = prices
        self._clock = clock
        self._watch = watch
        self._sleeping: dict[str, set[asyncio.Future[None]]] = {}

    def may_call(self, link: Link, tally: Tally) -> bool:
        """Whether the bound allows another call: AI_MAX_RETRIES + 1 a provider and record, and of these one each for
        the models of the same provider that follow in the chain.
        """
        allowed = max(1, self._retry.calls - link.held_back)
        return tally.by_provider.get(link.provider.name, 0) < allowed

    def wake(self, batch_id: str) -> None:
        """A batch stopped: whoever waits to repeat a call looks again."""
        for sleeper in self._sleeping.pop(batch_id, ()):
            _ring(sleeper)

    async def completion(self, question: Question, link: Link, ask: Ask, tally: Tally) -> Completion:
        """The next completion within the bound. Raises `ProviderError` when there is none, `Interrupted`."""
        if not self.may_call(link, tally):
            raise ProviderError("the calls a record may make are used up", category="model_error")
        while True:
            try:
                return await self._one_call(question, link, ask, tally)
            except ProviderError as error:
                if not self.may_call(link, tally):
                    raise
                if error.refuses_schema and ask.schema is not None:
                    link.plain = True
                    ask = ask.without_schema()
                elif error.retryable:
                    await self._wait_to_repeat(question, link, error, tally)
                else:
                    raise

    def at_once(self, questions: Sequence[Question], link: Link) -> list[tuple[Completion, Tally]] | None:
        """The completions of a model that has them without waiting, each with what it took; None where it has to be
        waited for after all.
        """
        provider, lane = link.instant, questions[0].work.lane
        if provider is None or not link.gate.try_enter(lane):
            return None
        started = self._clock.now()
        completions = _at_once(provider, [question.ask_of(link) for question in questions])
        if completions is None:
            link.gate.leave_unused(lane)
            return None
        link.gate.leave(lane, started=started)
        seconds = (self._clock.now() - started) / len(questions)
        self._watch.answered_at_once(questions, link, completions, seconds)
        name, model, cost_usd = link.provider.name, link.spec.model, self._prices.cost_usd
        return [(one, Tally.of_one(name, one, cost_usd(name, model, *one[1:]))) for one in completions]

    async def _one_call(self, question: Question, link: Link, ask: Ask, tally: Tally) -> Completion:
        name, work = link.provider.name, question.work
        lane, budget = work.lane, work.budget
        if not (work.state == "running" and link.gate.try_enter(lane)):
            await self._enter(question, link)
        reserved_usd = 0.0 if budget is None else self._reserve(budget, question, link, ask)
        first_call = name not in tally.by_provider
        tally.count(name)
        started = self._clock.now()
        try:
            completion = await link.provider.complete(ask)
        except BaseException as error:
            failure = error if isinstance(error, ProviderError) else _CUT_OFF
            link.gate.leave(lane, started=started, error=failure, first_call=first_call)
            if budget is not None:
                budget.settle(reserved_usd, 0.0)
            self._watch.failed(question, link, failure, self._clock.now() - started)
            raise
        link.gate.leave(lane, started=started)
        spent_usd = self._account(link, completion, tally)
        if budget is not None:
            budget.settle(reserved_usd, spent_usd)
        self._watch.answered(question, link, completion, self._clock.now() - started)
        return completion

    async def _enter(self, question: Question, link: Link) -> None:
        work, gate = question.work, link.gate
        while work.state == "running":
            try:
                # Waiting for a model that is down is worth it only where no other model follows.
                await gate.enter(work.batch_id, work.lane, patient=link.last)
            except Dismissed:
                continue
            except Unavailable:
                raise ProviderError("it has not answered anybody for a while", category="network") from None
            # A pause may have come between being admitted and being scheduled.
            if work.state == "running":
                return
            gate.leave_unused(work.lane)
        raise Interrupted

    def _reserve(self, budget: Budget, question: Question, link: Link, ask: Ask) -> float:
        tokens = estimated_tokens(ask.prompt, ask.system, ask.max_tokens)
        estimate_usd = self._prices.cost_usd(link.provider.name, link.spec.model, *tokens) or 0.0
        if not budget.reserve(estimate_usd):
            link.gate.leave_unused(question.work.lane)
            raise ProviderError("the budget of the batch is used up", category="budget")
        return estimate_usd

    def _account(self, link: Link, completion: Completion, tally: Tally) -> float:
        tokens = completion.input_tokens, completion.output_tokens
        cost_usd = self._prices.cost_usd(link.provider.name, link.spec.model, *tokens)
        tally.add(completion, cost_usd)
        return cost_usd or 0.0

    async def _wait_to_repeat(self, question: Question, link: Link, error: ProviderError, tally: Tally) -> None:
        attempt = tally.by_provider[link.provider.name]
        wait_s = self._retry.wait_s(attempt, error.retry_after_s)
        self._watch.repeated(question, link, attempt + 1, wait_s)
        await self._sleep(question.work.batch_id, wait_s)

    async def _sleep(self, batch_id: str, seconds: float) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        alarm = self._clock.call_later(seconds, partial(_ring, sleeper))
        sleeping = self._sleeping.setdefault(batch_id, set())
        sleeping.add(sleeper)
        try:
            await sleeper
        finally:
            alarm.cancel()
            sleeping.discard(sleeper)
            if not sleeping and self._sleeping.get(batch_id) is sleeping:
                del self._sleeping[batch_id]


def _at_once(provider: Instant, asks: Sequence[Ask]) -> list[Completion] | None:
    try:
        completions = [provider.at_once(ask) for ask in asks]
    except ProviderError:
        return None
    found = [completion for completion in completions if completion is not None]
    return found if len(found) == len(asks) else None


def _ring(sleeper: asyncio.Future[None]) -> None:
    if not sleeper.done():
        sleeper.set_result(None)


_CUT_OFF = ProviderError("the service stopped during the call", category="unknown")
