"""Asks the models of a chain in order until one gives a valid answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator_svc.domain.answers import InvalidAnswer
from generator_svc.domain.caller import Caller
from generator_svc.domain.completion_cache import CompletionCache, Stored, cache_key
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.provider import Ask
from generator_svc.domain.question import Question
from generator_svc.domain.structured import complaint
from generator_svc.domain.tally import Answer, Interrupted, NoAnswer, Tally
from generator_svc.domain.work import DeadLink, Link


@dataclass(frozen=True)
class _Failed:
    link: Link | DeadLink
    error: ProviderError


class Chain:
    """Cache, then each model within its bound of calls; a bad answer moves on just like an exception."""

    def __init__(self, caller: Caller, cache: CompletionCache) -> None:
        self._caller = caller
        self._cache = cache
        self._interrupted: dict[tuple[str, int, int], Tally] = {}

    async def first_valid(self, question: Question) -> Answer:
        """Raises `NoAnswer` when the chain is at its end, `Interrupted` when the batch stops before."""
        record = question.record
        tally = (self._interrupted.pop(record, None) if self._interrupted else None) or Tally()
        try:
            # Where nothing is cached nothing is awaited either: it would cost as much as an instant answer.
            keys = {id(link): self._key(question, link) for link in question.work.cached_links}
            remembered = await self._remembered(question, list(keys.values())) if keys else None
            return remembered or await self._ask_in_order(question, tally, keys)
        except Interrupted:
            if tally.attempts:
                self._interrupted[record] = tally
            raise

    def at_once(self, questions: Sequence[Question]) -> list[Answer] | None:
        """The answers to prompts of one batch whose first model has them without waiting; None where one has to wait
        or is not valid: nobody answered yet then.
        """
        link = questions[0].work.instant
        if link is None or self._interrupted:
            return None
        completions = self._caller.at_once(questions, link)
        if completions is None:
            return None
        name, model = link.provider.name, link.spec.model
        try:
            return [
                Answer(answer, question.accept(answer), "llm", name, model, tally)
                for question, ((answer, _, _), tally) in zip(questions, completions, strict=True)
            ]
        except InvalidAnswer:
            return None

    def forget(self, batch_id: str) -> None:
        """A batch is finished: what its interrupted records had spent is of no interest any more."""
        for record in [record for record in self._interrupted if record[0] == batch_id]:
            del self._interrupted[record]

    async def _remembered(self, question: Question, keys: Sequence[str]) -> Answer | None:
        found = await self._cache.find(keys)
        return next((_from_cache(found[key], question) for key in keys if key in found), None)

    async def _ask_in_order(self, question: Question, tally: Tally, keys: Mapping[int, str]) -> Answer:
        failed: _Failed | None = None
        budget = question.work.budget
        if budget is not None and not budget.opened:
            budget.open(await self._cache.spent_usd(question.work.batch_id))
        for link in question.work.links:
            try:
                if isinstance(link, DeadLink):
                    raise ProviderError(link.reason, category=link.category)
                return await self._ask_link(question, link, tally, keys.get(id(link)))
            except ProviderError as error:
                # What a model that was asked said tells more than that another one could not be asked.
                if failed is None or isinstance(link, Link):
                    failed = _Failed(link, error)
        raise _nobody_answered(question, failed, tally)

    async def _ask_link(self, question: Question, link: Link, tally: Tally, key: str | None) -> Answer:
        ask = question.ask_of(link)
        while True:
            completion = await self._caller.completion(question, link, ask, tally)
            try:
                values = question.accept(completion.answer)
            except InvalidAnswer as invalid:
                ask = self._asked_again(ask, link, completion.answer, invalid, tally)
                continue
            if key is not None:
                stored = _stored(key, question, link, completion.answer, tally)
                await self._cache.keep(stored, alone=not link.gate.in_flight)
            return Answer(completion.answer, values, "llm", link.provider.name, link.spec.model, tally)

    def _asked_again(self, ask: Ask, link: Link, answer: str, invalid: InvalidAnswer, tally: Tally) -> Ask:
        if ask.turns or not self._caller.may_call(link, tally):
            raise ProviderError("the answer does not fit the response schema", category="model_error")
        return ask.again(answer, complaint(str(invalid)))

    def _key(self, question: Question, link: Link) -> str:
        return cache_key(question.ask_of(link), link.provider.name, question.work.batch_id, question.number)


def _stored(key: str, question: Question, link: Link, answer: str, tally: Tally) -> Stored:
    spent = (tally.input_tokens, tally.output_tokens, tally.cost_usd, tally.attempts)
    return Stored(key, question.work.batch_id, link.provider.name, link.spec.model, answer, *spent)


def _from_cache(stored: Stored, question: Question) -> Answer | None:
    try:
        values: dict[str, Any] | None = question.accept(stored.answer)
    except InvalidAnswer:
        return None
    tally = Tally(
        attempts=stored.attempts,
        input_tokens=stored.input_tokens,
        output_tokens=stored.output_tokens,
        cost_usd=stored.cost_usd,
    )
    return Answer(stored.answer, values, "cache", stored.provider, stored.model, tally)


def _nobody_answered(question: Question, failed: _Failed | None, tally: Tally) -> NoAnswer:
    if failed is None:
        return NoAnswer("auth", question.work.nobody, tally)
    spec, error = failed.link.spec, failed.error
    calls = f" after {tally.attempts} call{'s' if tally.attempts != 1 else ''}" if tally.attempts else ""
    reason = f"{spec.provider} {spec.model} gave no answer{calls}: {error.reason}"
    return NoAnswer(error.category, reason, tally, provider=spec.provider, model=spec.model)
