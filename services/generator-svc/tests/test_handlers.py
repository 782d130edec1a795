"""What becomes of a prompt and of a slice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from generator_svc.domain.failures import ProviderError, from_status, timed_out
from generator_svc.domain.provider import Access
from generator_svc.handlers import generate_at_once, generate_record, make_slice
from generator_svc.providers.scripted import Scripted
from generator_svc.recipes import RECIPES
from generator_svc.transport import Http
from shared.bus import Parked, Received
from shared.errors import Rejected
from shared.events import (
    CHUNK,
    ModelSpec,
    PromptsPrepared,
    RecordGenerated,
    RecordSettled,
    SalesforceTarget,
    SlicePrepared,
)

ALWAYS_500 = from_status(500, {}, {"error": {"message": "quotes the prompt: it"}})
RISK = {"type": "object", "properties": {"risk": {"enum": ["low", "high"]}}, "required": ["risk"]}


async def verdict(generator: Any, received: Any) -> Any:
    async def collect() -> list[Any]:
        handled = generate_record(received, plans=generator.plans, chain=generator.chain, watch=generator.watch)
        return [event async for event in handled]

    task = asyncio.create_task(collect())
    await generator.clock.run(task)
    (event,) = task.result()
    return event


async def test_a_prompt_becomes_the_answer_of_the_first_provider(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control()
    event = await verdict(generator, a_prompt(3, name="the lamp"))
    assert isinstance(event, RecordGenerated)
    assert (event.answer, event.source, event.provider, event.attempts) == ("a fine answer", "llm", "puppet", 1)
    assert (event.index, event.record_id, event.usage.input_tokens, event.cost_usd) == (3, "r3", 10, 0.015)
    assert [ask.prompt for ask in generator.providers["puppet"].asked] == ["Describe the lamp"]


async def test_a_result_carries_what_the_writer_needs(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    target = SalesforceTarget(kind="salesforce", object="Claim__c", external_id="Nr__c", fields={"A__c": "a"})
    generator.control(target=target)
    event = await verdict(generator, a_prompt(name="x", Nr__c=17))
    assert (event.object, event.external_id, event.key()) == ("Claim__c", "17", "Claim__c:17")


async def test_a_prompt_of_an_unknown_batch_waits_for_its_plan(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    with pytest.raises(Parked) as parked:
        await verdict(new_generator(), a_prompt())
    assert (parked.value.key, parked.value.timeout_s) == ("plan:b", 60.0)


async def test_a_prompt_of_a_paused_batch_waits_and_is_released(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control("paused")
    with pytest.raises(Parked) as parked:
        await verdict(generator, a_prompt())
    assert parked.value.key == "paused:b"
    generator.released.clear()
    generator.control("running")
    assert "paused:b" in generator.released


async def test_a_prompt_of_a_cancelled_batch_is_cancelled_without_a_call(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control("cancelled")
    event = await verdict(generator, a_prompt())
    assert isinstance(event, RecordSettled)
    assert event.state == "cancelled"
    assert generator.providers["puppet"].asked == []


async def test_failure_is_told_with_category_and_attempts_and_without_contents(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    generator = new_generator(providers={"puppet": a_puppet(script=[ALWAYS_500])})
    generator.control(fallback="fail")
    event = await verdict(generator, a_prompt(name="Secret Name"))
    assert (event.state, event.category, event.attempts) == ("failed", "model_error", 3)
    assert event.reason == "puppet m gave no answer after 3 calls: it answered with status 500"
    assert generator.clock.time == 1_003.0, "1 s and 2 s between the calls (S2-58)"


async def test_with_fallback_leave_the_record_is_skipped(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    generator = new_generator(providers={"puppet": a_puppet(script=[ALWAYS_500])})
    generator.control(fallback="leave")
    assert (await verdict(generator, a_prompt())).state == "skipped"


@pytest.mark.parametrize("template", ["Describe {{name}}", "Clinical summary of patient {{name}}"])
async def test_with_fallback_recipe_the_recipe_answers_the_same_every_time(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any, template: str
) -> None:
    answers = set()
    for _ in range(2):
        generator = new_generator(providers={"puppet": a_puppet(script=[timed_out(10)])})
        generator.control(template=template)
        event = await verdict(generator, a_prompt(name="Maria"))
        assert (event.source, event.category, event.attempts) == ("fallback", "timeout", 3)
        assert generator.watch.fallbacks == 1
        answers.add(event.answer)
    (answer,) = answers
    assert "Maria" in answer
    assert ("Clinical" in answer or "note" in answer or "Visit" in answer) == ("Clinical" in template)


async def test_a_recipe_answers_a_response_schema(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    generator = new_generator(providers={"puppet": a_puppet(script=["no json at all"])})
    generator.control(schema=RISK)
    event = await verdict(generator, a_prompt())
    assert event.source == "fallback"
    assert event.values["risk"] in ("low", "high")
    assert event.reason == "puppet m gave no answer after 2 calls: the answer does not fit the response schema"


async def test_without_a_provider_the_recipe_answers_and_says_why(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator(providers={})
    generator.control()
    event = await verdict(generator, a_prompt())
    assert (event.source, event.category, event.reason) == ("fallback", "auth", "no LLM provider is configured")
    generator.control(fallback="fail")
    event = await verdict(generator, a_prompt())
    assert (event.state, event.category, event.attempts) == ("failed", "auth", 0)


async def test_switched_off_no_provider_is_asked(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator(enabled=False)
    generator.control(models=[ModelSpec(provider="puppet", model="m")])
    event = await verdict(generator, a_prompt())
    assert event.source == "fallback"
    assert generator.providers["puppet"].asked == []


async def test_an_unknown_and_an_unconfigured_provider_are_passed_over(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    names = ("nobody", "unconfigured", "puppet")
    generator.control(models=[ModelSpec(provider=name, model="m") for name in names])
    assert (await verdict(generator, a_prompt())).provider == "puppet"


async def test_a_broken_schema_rejects_the_record_and_nothing_else(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control(schema={"type": "nonsense"})
    with pytest.raises(Rejected, match="response schema"):
        await verdict(generator, a_prompt())


async def test_a_waiting_prompt_is_cancelled_at_once_and_a_running_call_ends(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    puppet = a_puppet()
    puppet.hold = asyncio.Event()
    generator = new_generator(providers={"puppet": puppet}, concurrency=1)
    generator.control()
    tasks = [asyncio.create_task(verdict(generator, a_prompt(i))) for i in range(3)]
    await asyncio.sleep(0.01)
    generator.control("cancelled")
    await generator.clock.run(*tasks[1:])
    assert [task.result().state for task in tasks[1:]] == ["cancelled", "cancelled"]
    puppet.hold.set()
    await generator.clock.run(tasks[0])
    assert isinstance(tasks[0].result(), RecordGenerated)
    assert len(puppet.asked) == 1


async def test_a_prompt_that_waits_for_a_slot_parks_when_its_batch_is_paused(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    puppet = a_puppet()
    puppet.hold = asyncio.Event()
    generator = new_generator(providers={"puppet": puppet}, concurrency=1)
    generator.control()
    running, waiting = (asyncio.create_task(verdict(generator, a_prompt(i))) for i in range(2))
    await asyncio.sleep(0.01)
    generator.control("paused")
    await asyncio.wait([waiting])
    assert isinstance(waiting.exception(), Parked)
    puppet.hold.set()
    await asyncio.wait([running])
    assert isinstance(running.result(), RecordGenerated)
    assert len(puppet.asked) == 1


async def test_a_changed_plan_reaches_prompts_under_way_and_keeps_what_was_spent(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = new_generator()
    generator.control(budget_usd=0.28)
    work = generator.plans.find("b")
    await verdict(generator, a_prompt())
    budget = work.budget
    generator.control("paused", template="Other {{name}}", budget_usd=0.28)
    assert generator.plans.find("b") is work
    assert (work.state, work.prompt_for({"name": "x"})) == ("paused", "Other x")
    assert work.budget is budget


async def test_the_bound_on_calls_holds_across_a_pause(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], a_puppet: Any
) -> None:
    puppet = a_puppet(script=[ALWAYS_500])
    generator = new_generator(providers={"puppet": puppet})
    generator.control(fallback="fail")
    task = asyncio.create_task(verdict(generator, a_prompt()))
    await generator.clock.pass_time(0.5)
    generator.control("paused", fallback="fail")
    await asyncio.wait([task])
    assert isinstance(task.exception(), Parked)
    generator.control("running", fallback="fail")
    event = await verdict(generator, a_prompt())
    assert (event.attempts, len(puppet.asked)) == (3, 3)


async def test_a_finished_batch_is_forgotten(new_generator: Callable[..., Any]) -> None:
    generator = new_generator()
    generator.control()
    generator.plans.learn("b", None)
    assert len(generator.plans) == 0


async def test_the_budget_ends_the_calls(new_generator: Callable[..., Any], a_prompt: Callable[..., Any]) -> None:
    generator = new_generator()
    generator.control(budget_usd=0.28, fallback="fail")
    events = [await verdict(generator, a_prompt(i)) for i in range(4)]
    assert [getattr(event, "category", None) for event in events] == [None, None, "budget", "budget"]
    assert len(generator.providers["puppet"].asked) == 2


SCRIPTED = [ModelSpec(provider="scripted", model="instant")]


def a_group(received: list[Any]) -> Received[PromptsPrepared]:
    group = PromptsPrepared(batch_id="b", prompts=[one.event for one in received])
    return Received(group, {}, "prompts.bulk.v1", 0, 0, 1, None)


def at_once(generator: Any, received: list[Any]) -> Any:
    return generate_at_once(a_group(received), plans=generator.plans, chain=generator.chain)


def a_scripted(new_generator: Callable[..., Any], **plan: Any) -> Any:
    generator = new_generator(providers={"scripted": Scripted(Access(), Http())})
    generator.control(**({"models": SCRIPTED} | plan))
    return generator


@pytest.mark.parametrize("schema", [None, RISK])
async def test_prompts_answered_at_once_have_the_results_they_had_one_by_one(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], schema: Any
) -> None:
    generator = a_scripted(new_generator, schema=schema)
    received = [a_prompt(index, name=f"lamp {index}") for index in range(30)]
    alone = [await verdict(generator, one) for one in received]
    assert at_once(generator, received) == alone
    assert all(isinstance(event, RecordGenerated) and event.attempts == 1 for event in alone)


@pytest.mark.parametrize(
    "model", [ModelSpec(provider="scripted", model="5ms"), ModelSpec(provider="unconfigured", model="m")]
)
async def test_prompts_that_have_to_wait_are_not_answered_at_once(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], model: ModelSpec
) -> None:
    generator = a_scripted(new_generator, models=[model])
    assert at_once(generator, [a_prompt()]) is None
    assert (await verdict(generator, a_prompt())).index == 0


@pytest.mark.parametrize(
    "plan",
    [
        {"state": "paused"},
        {"state": "cancelled"},
        {"budget_usd": 1.0},
        {"source_recipe": "inventory", "template": "Describe {{sku}}"},
    ],
)
async def test_what_is_more_than_asking_is_done_one_by_one(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], plan: dict[str, Any]
) -> None:
    assert at_once(a_scripted(new_generator, **plan), [a_prompt()]) is None


async def test_answers_that_do_not_fit_are_given_one_by_one(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    impossible = {"type": "string", "pattern": "^(?!x)x$"}
    generator = a_scripted(new_generator, schema=impossible, fallback="fail")
    assert at_once(generator, [a_prompt()]) is None
    event = await verdict(generator, a_prompt())
    assert (event.state, event.category) == ("failed", "model_error")


async def test_answers_at_once_wait_for_a_free_slot_like_all_others(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any]
) -> None:
    generator = a_scripted(new_generator)
    assert at_once(generator, [a_prompt()]) is not None
    gate = next(iter(generator.desk.gates.values()))
    while gate.try_enter("bulk"):
        pass
    assert at_once(generator, [a_prompt()]) is None


def a_slice(
    recipe: str = "inventory", first: int = 0, count: int = 100, batch_id: str = "b"
) -> Received[SlicePrepared]:
    event = SlicePrepared(batch_id=batch_id, first=first, count=count, recipe=recipe, seed=42)
    return Received(event, {}, "slices.v1", 0, 0, 1, None)


async def ranges(generator: Any, received: Any) -> list[Any]:
    return [event async for event in make_slice(received, plans=generator.plans, recipes=generator.recipes)]


async def test_a_slice_becomes_rows_of_its_recipe(new_generator: Callable[..., Any]) -> None:
    (event,) = await ranges(new_generator(), a_slice())
    assert (event.state, event.source, event.count) == ("generated", "recipe", 100)
    assert event.columns == RECIPES["inventory"].schema.names
    assert event.rows_csv.count("\r\n") == 100


async def test_no_range_crosses_a_chunk_and_all_rows_are_there(new_generator: Callable[..., Any]) -> None:
    events = await ranges(new_generator(), a_slice(first=CHUNK - 10, count=5_000))
    assert sum(event.count for event in events) == 5_000
    assert all(event.first // CHUNK == (event.first + event.count - 1) // CHUNK for event in events)


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [("weather", "customers"), ("describe:zebra stripes", "say which fields you want")],
)
async def test_a_recipe_that_is_not_there_fails_and_says_what_would_do(
    new_generator: Callable[..., Any], recipe: str, wanted: str
) -> None:
    (event,) = await ranges(new_generator(), a_slice(recipe))
    assert (event.state, event.category) == ("failed", "validation")
    assert wanted in event.reason


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Generate product inventory with SKUs and stock levels", "sku"),
        ("Generate e-commerce customer data with purchase history", "last_purchase_date"),
        ("Generate customer data with names, emails, purchase amounts", "email"),
    ],
)
async def test_a_description_becomes_rows_of_its_design(
    new_generator: Callable[..., Any], text: str, column: str
) -> None:
    (event,) = await ranges(new_generator(), a_slice(f"describe:{text}"))
    assert column in event.columns


async def test_slices_follow_pause_and_cancel(new_generator: Callable[..., Any]) -> None:
    generator = new_generator()
    generator.control("paused")
    with pytest.raises(Parked):
        await ranges(generator, a_slice())
    generator.control("cancelled")
    (event,) = await ranges(generator, a_slice())
    assert (event.state, event.rows_csv) == ("cancelled", None)


def test_errors_keep_no_text_of_a_provider() -> None:
    error = from_status(500, {}, {"error": {"message": "The server had an error on: Secret"}})
    assert isinstance(error, ProviderError)
    assert "Secret" not in str(error)
