"""What metrics and logs say about calls, and what they never say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generator_svc.domain.failures import from_status
from generator_svc.domain.provider import Completion
from generator_svc.domain.question import Question
from generator_svc.domain.tally import NoAnswer, Tally
from generator_svc.meters import CallMeters
from generator_svc.observation import Observed
from structlog.testing import capture_logs


def told(new_generator: Callable[..., Any], a_prompt: Callable[..., Any], level: str) -> list[dict[str, Any]]:
    generator = new_generator()
    generator.control()
    work = generator.plans.find("b")
    question = Question.of(a_prompt(4, name="Secret Name").event, work)
    with capture_logs() as logs:
        watch = Observed(level)
        watch.answered(question, work.links[0], Completion("Secret answer", 3, 2), 0.25)
        watch.failed(question, work.links[0], from_status(500, {}, {"error": {"message": "Secret"}}), 0.5)
        watch.repeated(question, work.links[0], 2, 1.0)
        watch.fell_back(question, NoAnswer("timeout", "no answer within 10 s", Tally()))
    return [dict(entry) for entry in logs]


def test_every_event_has_the_fields_of_the_seed_and_no_contents(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    logs = told(new_generator, a_prompt, "debug")
    assert [log["event"] for log in logs] == ["AI_GEN_SUCCESS", "AI_GEN_ERROR", "AI_GEN_RETRY", "AI_GEN_FALLBACK"]
    assert all({"eventId", "msg", "model", "simulationId", "recordIndex"} <= set(log) for log in logs)
    assert (logs[0]["latencyMs"], logs[0]["tokens"]) == (250, 5)
    assert "Secret" not in str(logs)


def test_the_level_decides_what_is_logged(new_generator: Callable[..., Any], a_prompt: Callable[..., Any]) -> None:
    assert len(told(new_generator, a_prompt, "info")) == 3
    assert [log["event"] for log in told(new_generator, a_prompt, "error")] == ["AI_GEN_ERROR"]


def test_meters_show_calls_latency_and_tokens() -> None:
    meters = CallMeters()
    meters.of("openai", "m").add("ok", 0.3, 10, 5)
    meters.of("openai", "m").add("timeout", 99.0)
    samples = {
        (sample.name, *sample.labels.values()): sample.value for metric in meters.collect() for sample in metric.samples
    }
    assert samples["recordsmith_llm_calls_total", "openai", "m", "timeout"] == 1
    assert samples["recordsmith_llm_call_seconds_bucket", "openai", "m", "0.4"] == 1
    assert samples["recordsmith_llm_call_seconds_bucket", "openai", "m", "+Inf"] == 2
    assert samples["recordsmith_llm_tokens_total", "openai", "m", "input"] == 10
