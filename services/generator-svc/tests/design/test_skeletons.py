"""A prompt over a recipe's rows quotes the row's facts; where no LLM answers, the recipe's own words stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from generator_svc.design.skeletons import Skeletons
from generator_svc.domain.failures import ProviderError
from generator_svc.handlers import generate_record
from generator_svc.recipes import RECIPES
from generator_svc.rows.recipe import chosen
from shared.bus import Received
from shared.events import BatchPlan, BatchSpec, PromptPrepared, PromptSpec
from shared.recipe_fields import RECIPE_FIELDS, fields_of

DOWN = ProviderError("it is down", category="network")


def a_prompt_at(index: int) -> Received[PromptPrepared]:
    event = PromptPrepared(batch_id="b", index=index, record_id=str(index), values={"index": index})
    return Received(event, {}, "prompts.bulk.v1", 0, index, 1, None)


async def answer_at(generator: Any, index: int) -> Any:
    skeletons = Skeletons(generator.recipes)
    work = {"plans": generator.plans, "chain": generator.chain, "watch": generator.watch, "skeletons": skeletons}
    (event,) = [event async for event in generate_record(a_prompt_at(index), **work)]
    return event


@pytest.fixture
def a_generator(new_generator: Callable[..., Any], a_puppet: Callable[..., Any]) -> Callable[..., Any]:
    def make(script: list[Any], recipe: str = "crm-notes", template: str = "Rewrite: {{hs_note_body}}") -> Any:
        generator = new_generator(providers={"puppet": a_puppet(script=script)}, max_retries=0)
        prompt = PromptSpec(template=template)
        generator.control(prompt=prompt, source_kind="recipe", source_recipe=recipe, source_seed=7)
        return generator

    return make


def row_of(recipe: str, index: int) -> dict[str, Any]:
    found = chosen(RECIPES, recipe)
    return found.batch(7, index, 1, found.as_of).to_pylist()[0]


@pytest.mark.parametrize("index", [0, 255, 256, 700])
async def test_the_llm_is_asked_about_the_rows_own_facts(a_generator: Callable[..., Any], index: int) -> None:
    generator = a_generator(["a better note"])
    answered = await answer_at(generator, index)
    (ask,) = generator.providers["puppet"].asked
    assert ask.prompt == f"Rewrite: {row_of('crm-notes', index)['hs_note_body']}"
    assert (answered.answer, answered.source) == ("a better note", "llm")


@pytest.mark.parametrize(
    ("recipe", "text"), [("crm-notes", "hs_note_body"), ("crm-tickets", "content"), ("crm-tasks", "hs_task_body")]
)
async def test_the_recipes_own_words_stand_in(a_generator: Callable[..., Any], recipe: str, text: str) -> None:
    generator = a_generator([DOWN], recipe, "Number {{index}}")
    answered = await answer_at(generator, 3)
    assert (answered.answer, answered.source) == (row_of(recipe, 3)[text], "fallback")
    assert generator.watch.fallbacks == 1


async def test_options_of_the_recipe_are_kept(a_generator: Callable[..., Any]) -> None:
    generator = a_generator(["fine"], "crm-contacts:scenario=B2C", "Hello {{firstname}} of {{company}}")
    await answer_at(generator, 11)
    row = row_of("crm-contacts:scenario=B2C", 11)
    assert generator.providers["puppet"].asked[0].prompt == f"Hello {row['firstname']} of {row['company']}"


def test_the_plan_names_the_recipe_only_where_there_is_a_prompt() -> None:
    source = {"kind": "recipe", "recipe": "crm-notes", "rows": 5, "seed": 9}
    document: dict[str, Any] = {"name": "x", "source": source, "target": {"kind": "none"}}
    without = BatchPlan.of(BatchSpec.model_validate(document), requested=5)
    asked = BatchPlan.of(BatchSpec.model_validate({**document, "prompt": {"template": "{{index}}"}}), requested=5)
    assert without.source_recipe is None
    assert (asked.source_recipe, asked.source_seed) == ("crm-notes", 9)


def test_planning_knows_the_fields_that_the_recipes_have() -> None:
    tables = {name: frozenset(recipe.schema.names) for name, recipe in RECIPES.items() if name != "crm"}
    assert {name: fields for name, fields in tables.items() if name in RECIPE_FIELDS} == dict(RECIPE_FIELDS)
    assert fields_of("crm-deals:curve=SURGE") == tables["crm-deals"]
    assert fields_of("describe:anything") == frozenset()
