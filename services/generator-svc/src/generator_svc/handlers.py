"""A prompt becomes a result; a slice becomes rows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from shared.bus import Parked, Received
from shared.errors import RecordsmithError, Rejected
from shared.events import PromptPrepared, PromptsPrepared, RangeSettled, RecordGenerated, RecordSettled, SlicePrepared
from shared.telemetry import names

from generator_svc.design.skeletons import Skeletons, own_text
from generator_svc.domain import verdicts
from generator_svc.domain.chain import Chain
from generator_svc.domain.plans import PlanBook, waiting_for_plan, waiting_for_resume
from generator_svc.domain.question import Question
from generator_svc.domain.tally import Answer, Interrupted, NoAnswer
from generator_svc.domain.work import Work
from generator_svc.recipes import FACTS
from generator_svc.recipes.answer import NoRecipeAnswer, answer_of
from generator_svc.rows.recipe import RowRecipe
from generator_svc.spans import describe, sampled_span

PLAN_PATIENCE_S = 60.0
"""So long a prompt waits for its batch to be announced; the control topic is read by itself and may lag a little."""


class FallbackWatch(Protocol):
    """Who is told that a recipe answered."""

    def fell_back(self, question: Question, none: NoAnswer) -> None: ...


class RowRecipes(Protocol):
    """Where the recipe of a batch's slices is found."""

    async def find(self, batch_id: str, name: str) -> RowRecipe: ...


async def generate_record(
    received: Received[PromptPrepared],
    *,
    plans: PlanBook,
    chain: Chain,
    watch: FallbackWatch,
    skeletons: Skeletons | None = None,
) -> AsyncIterator[RecordGenerated | RecordSettled]:
    """Ask the providers in order; if none gives a valid answer, do what the batch's fallback says."""
    prompt = received.event
    while (work := _known(plans, prompt.batch_id)).state != "cancelled":
        try:
            with sampled_span(names.SPAN_GENERATE, received) as span:
                if skeletons is not None and work.quotes_rows:
                    prompt = await skeletons.filled(prompt, work)
                verdict = await _verdict_on(prompt, work, chain, watch)
                if span is not None:
                    describe(span, verdict, work.operation_of(verdict.provider))
                yield verdict
                return
        except Interrupted:
            continue
    yield verdicts.cancelled(prompt)


def generate_at_once(
    received: Received[PromptsPrepared], *, plans: PlanBook, chain: Chain
) -> Sequence[RecordGenerated] | None:
    """Many prompts whose answers take no time become results together; None: each has to be handled by itself."""
    work, prompts = plans.find(received.event.batch_id), received.event.prompts
    if work is None or work.state != "running" or work.instant is None:
        return None
    answers = chain.at_once([Question.of(prompt, work) for prompt in prompts])
    return None if answers is None else verdicts.generated(zip(prompts, answers, strict=True), work)


async def make_slice(
    received: Received[SlicePrepared], *, plans: PlanBook, recipes: RowRecipes
) -> AsyncIterator[RangeSettled]:
    """Make the rows of a slice by its recipe."""
    prepared = received.event
    work = plans.find(prepared.batch_id)
    if work is not None and work.state == "paused":
        raise Parked(waiting_for_resume(prepared.batch_id))
    with sampled_span(names.SPAN_MAKE_SLICE, received):
        if work is not None and work.state == "cancelled":
            made = verdicts.ranges(prepared, "cancelled")
        else:
            try:
                made = verdicts.rows(prepared, await recipes.find(prepared.batch_id, prepared.recipe))
            except Rejected as error:
                made = verdicts.ranges(prepared, "failed", error)
        for event in made:
            yield event


def tell_failed_record(received: Received[PromptPrepared], error: RecordsmithError, attempts: int) -> RecordSettled:
    """The verdict on a record that could not be handled at all."""
    return verdicts.failed(received.event, error, attempts)


def tell_failed_slice(received: Received[SlicePrepared], error: RecordsmithError, attempts: int) -> RangeSettled:
    """The verdict on a slice that could not be made."""
    return verdicts.slice_failed(received.event, error)


def _known(plans: PlanBook, batch_id: str) -> Work:
    work = plans.find(batch_id)
    if work is None:
        raise Parked(waiting_for_plan(batch_id), PLAN_PATIENCE_S)
    if work.state == "paused":
        raise Parked(waiting_for_resume(batch_id))
    return work


async def _verdict_on(
    prompt: PromptPrepared, work: Work, chain: Chain, watch: FallbackWatch
) -> RecordGenerated | RecordSettled:
    question = Question.of(prompt, work)
    try:
        answer = await chain.first_valid(question)
    except NoAnswer as none:
        if work.plan.fallback == "leave":
            return verdicts.without_answer(prompt, "skipped", none)
        if work.plan.fallback == "fail":
            return verdicts.without_answer(prompt, "failed", none)
        return _by_recipe(prompt, question, none, watch)
    return _generated(prompt, work, answer)


def _generated(prompt: PromptPrepared, work: Work, answer: Answer) -> RecordGenerated:
    (event,) = verdicts.generated([(prompt, answer)], work)
    return event


def _by_recipe(
    prompt: PromptPrepared, question: Question, none: NoAnswer, watch: FallbackWatch
) -> RecordGenerated | RecordSettled:
    try:
        own = own_text(question.work, prompt.values)
        text, values = (own, None) if own is not None else answer_of(question, prompt.values, FACTS)
    except NoRecipeAnswer:
        reason = f"{none.reason}; no recipe answer fits the response schema"
        return verdicts.without_answer(prompt, "failed", NoAnswer("model_error", reason, none.tally))
    watch.fell_back(question, none)
    answer = Answer(text, values, "fallback", None, None, none.tally, none.category, none.reason)
    return _generated(prompt, question.work, answer)
