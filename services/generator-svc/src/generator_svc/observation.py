"""Metrics and log events of generation (S2-38 … S2-46). Never a prompt, an answer or a provider's own error text."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from prometheus_client import Counter, Gauge
from shared.events import trace_id_of
from shared.telemetry import get_logger, names

from generator_svc.design.designer import Designed
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.provider import Completion
from generator_svc.domain.question import Question
from generator_svc.domain.tally import NoAnswer
from generator_svc.domain.work import Link
from generator_svc.meters import METERS

FALLBACKS = Counter(names.METRIC_AI_FALLBACKS, "Records that a recipe answered", ["category"])
LIMIT = Gauge(names.METRIC_AI_LIMIT, "Calls at a time that the limiter allows", ["provider", "model"])


class Observed:
    """Told about every call by the chain."""

    def __init__(self, level: str = "info") -> None:
        """`level`: AI_GENERATION_LOG_LEVEL."""
        self._level = logging.getLevelNamesMapping()[level.upper()]
        self._log = get_logger()

    def answered(self, question: Question, link: Link, completion: Completion, seconds: float) -> None:
        """A call was answered; whether the answer is valid comes later."""
        meter = METERS.of(link.provider.name, link.spec.model)
        meter.add("ok", seconds, completion.input_tokens, completion.output_tokens)
        if self._level <= logging.DEBUG:
            tokens = completion.input_tokens + completion.output_tokens
            said = _record(question) | {"model": link.spec.model, "latencyMs": _ms(seconds), "tokens": tokens}
            self._log.debug(names.LOG_AI_SUCCESS, msg="an LLM answered", **said)

    def answered_at_once(
        self, questions: Sequence[Question], link: Link, completions: Sequence[Completion], seconds: float
    ) -> None:
        """Calls that took no time, so many seconds each."""
        if self._level <= logging.DEBUG:
            for question, completion in zip(questions, completions, strict=True):
                self.answered(question, link, completion, seconds)
            return
        meter = METERS.of(link.provider.name, link.spec.model)
        for _, input_tokens, output_tokens in completions:
            meter.add("ok", seconds, input_tokens, output_tokens)

    def failed(self, question: Question, link: Link, error: ProviderError, seconds: float) -> None:
        """A call gave no usable answer."""
        METERS.of(link.provider.name, link.spec.model).add(error.category, seconds)
        if self._level <= logging.ERROR:
            said = _record(question) | {
                "provider": link.provider.name,
                "model": link.spec.model,
                "latencyMs": _ms(seconds),
            }
            self._log.error(names.LOG_AI_ERROR, msg=error.reason, category=error.category, **said)

    def repeated(self, question: Question, link: Link, attempt: int, wait_s: float) -> None:
        """A call will be repeated."""
        if self._level <= logging.WARNING:
            said = _record(question) | {"model": link.spec.model, "attempt": attempt, "waitMs": _ms(wait_s)}
            self._log.warning(names.LOG_AI_RETRY, msg="the call is repeated", **said)

    def designed(self, batch_id: str, design: Designed) -> None:
        """A description became a schema map. The description is the user's own text and stays out of the log."""
        if self._level <= logging.INFO:
            said = {"eventId": batch_id, "model": design.designer, "fields": len(design.schema.fields)}
            self._log.info(names.LOG_SCHEMA_DESIGNED, msg="a schema map was designed", **said)

    def fell_back(self, question: Question, none: NoAnswer) -> None:
        """A recipe answered instead of an LLM (S2-52)."""
        FALLBACKS.labels(none.category).inc()
        if self._level <= logging.WARNING:
            said = _record(question) | {"model": none.model, "category": none.category}
            self._log.warning(names.LOG_AI_FALLBACK, msg=none.reason, **said)


def _record(question: Question) -> dict[str, Any]:
    batch_id = question.work.batch_id
    event_id = trace_id_of(batch_id, question.number, question.epoch)
    # The batch is what the seed calls a simulation; its log consumers know that name.
    return {"eventId": event_id, "trace_id": event_id, "simulationId": batch_id, "recordIndex": question.number}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
