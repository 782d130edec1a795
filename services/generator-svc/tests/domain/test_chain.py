"""Laws of the chain: bounds, order, cache, repetition."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from generator_svc.domain import failures
from generator_svc.domain.failures import ProviderError, from_status
from generator_svc.domain.question import Question
from generator_svc.domain.tally import Answer, NoAnswer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.events import ModelSpec

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
ERRORS = [
    failures.timed_out(1),
    failures.unreachable(),
    failures.malformed(),
    failures.filtered(),
    failures.empty_answer(),
]
ERRORS += [from_status(status, {"retry-after": "2"}, {}) for status in (400, 401, 403, 404, 408, 429, 500, 503, 529)]


async def ask(generator: Any, received: Any) -> Any:
    work = generator.plans.find("b")
    task = asyncio.create_task(generator.chain.first_valid(Question.of(received.event, work)))
    await asyncio.wait([asyncio.create_task(generator.clock.run(task))])
    error = task.exception()
    if isinstance(error, NoAnswer):
        return error
    return task.result()


turns = st.lists(st.sampled_from([*ERRORS, "nonsense", '{"n": 1}']), min_size=1, max_size=8)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=turns, second=turns, retries=st.integers(0, 3), structured=st.booleans(), same=st.booleans())
def test_calls_stay_within_the_bound_whatever_providers_do(
    new_generator: Any,
    a_puppet: Any,
    a_prompt: Any,
    first: Any,
    second: Any,
    retries: int,
    structured: bool,
    same: bool,
) -> None:
    async def run() -> None:
        providers = {"one": a_puppet("one", first), "two": a_puppet("two", second)}
        generator = new_generator(max_retries=retries, providers=providers)
        names = ("one", "one") if same else ("one", "two")
        models = [ModelSpec(provider=name, model=f"m{i}") for i, name in enumerate(names)]
        generator.control(models=models, schema=SCHEMA if structured else None)
        outcome = await ask(generator, a_prompt())
        calls = [len(provider.asked) for provider in providers.values()]
        assert max(calls) <= retries + 1
        assert outcome.tally.attempts == sum(calls)
        if isinstance(outcome, Answer) and structured:
            assert outcome.values == {"n": 1}
        assert all(gate.in_flight == 0 for gate in generator.desk.gates.values())

    asyncio.run(run())


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_what_will_never_go_well_is_not_repeated(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any, status: int
) -> None:
    generator = new_generator(providers={"puppet": a_puppet(script=[from_status(status, {}, {})])})
    generator.control()
    outcome = await ask(generator, a_prompt())
    assert outcome.tally.attempts == 1
    assert outcome.category == ("auth" if status in (401, 403) else "model_error")


async def test_the_next_model_is_asked_when_one_fails(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    providers = {"one": a_puppet("one", [from_status(401, {}, {})]), "two": a_puppet("two")}
    generator = new_generator(providers=providers)
    generator.control()
    outcome = await ask(generator, a_prompt())
    assert (outcome.provider, outcome.tally.attempts) == ("two", 2)


async def test_retry_after_is_honoured(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    script: list[str | ProviderError] = [from_status(429, {"retry-after": "7"}, {}), "fine"]
    generator = new_generator(providers={"puppet": a_puppet(script=script)})
    generator.control()
    assert (await ask(generator, a_prompt())).text == "fine"
    assert generator.clock.time == 1_007.0


async def test_an_invalid_answer_is_asked_again_once_with_the_complaint(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    puppet = a_puppet(script=['{"n": "x"}', '```json\n{"n": 2,}\n```'])
    generator = new_generator(providers={"puppet": puppet})
    generator.control(schema=SCHEMA)
    outcome = await ask(generator, a_prompt())
    assert outcome.values == {"n": 2}
    (turn,) = puppet.asked[1].turns
    assert turn.answer == '{"n": "x"}'
    assert "does not fit" in turn.complaint
    assert outcome.tally.input_tokens == 20, "the useless answer was paid for too"


async def test_a_model_that_refuses_the_structured_mode_is_asked_without(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    puppet = a_puppet(script=[from_status(400, {}, {}), '{"n": 3}'])
    generator = new_generator(providers={"puppet": puppet})
    generator.control(schema=SCHEMA)
    assert (await ask(generator, a_prompt())).values == {"n": 3}
    assert [ask.schema is None for ask in puppet.asked] == [False, True]


async def test_without_a_schema_the_user_message_is_the_prompt_and_nothing_else(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    generator = new_generator()
    generator.control()
    await ask(generator, a_prompt(name="x"))
    assert generator.providers["puppet"].asked[0].prompt == "Describe x"


async def test_a_kept_completion_answers_instead_of_a_call(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control()
    first = await ask(generator, a_prompt())
    again = await ask(generator, a_prompt())
    assert (first.source, again.source, again.text) == ("llm", "cache", first.text)
    assert len(generator.providers["puppet"].asked) == 1


async def test_a_completion_is_kept_at_once_when_no_other_call_is_under_way(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control()
    hold = generator.providers["puppet"].hold = asyncio.Event()
    asked = [asyncio.create_task(ask(generator, a_prompt(index))) for index in range(3)]
    await asyncio.sleep(0.01)
    hold.set()
    await asyncio.gather(*asked)
    assert generator.cache.alone == [False, False, True]


async def test_equal_prompts_of_different_records_do_not_share_an_answer(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control()
    await ask(generator, a_prompt(0))
    await ask(generator, a_prompt(1))
    assert len(generator.providers["puppet"].asked) == 2
