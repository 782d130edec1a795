"""One call to a model for a description; what it answers is checked; without one the words must do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from generator_svc.design.answer import NoSchemaInAnswer, document_of
from generator_svc.design.designer import Designer, Seat
from generator_svc.design.recipe_book import RecipeBook
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.provider import Access
from generator_svc.domain.retry import RetryPolicy
from generator_svc.providers import PROVIDERS
from generator_svc.recipes import RECIPES
from generator_svc.store.schema_file import SchemaFile
from generator_svc.transport import Http
from shared.errors import Rejected

MAP = '{"title": "catch_phrase", "pages": {"type": "random_int", "params": {"min": 50, "max": 900}}}'
BROKEN = ProviderError("it is down", category="network", retryable=True)


async def no_sleep(_: float) -> None:
    return None


def designer_of(provider: Any, designs: Any, retries: int = 1) -> Designer:
    seats = [Seat(one, "m", 5.0) for one in (provider if isinstance(provider, list) else [provider])]
    return Designer(seats, designs, RetryPolicy(retries, lambda: 0.5), no_sleep)


@pytest.mark.parametrize(
    "answer",
    [MAP, f"```json\n{MAP}\n```", f"Here is the schema:\n\n{MAP}\n\nLet me know!", f"```\n{MAP}```", MAP[:-1] + ",}"],
)
async def test_a_map_is_found_in_whatever_stands_around_it(
    answer: str, a_puppet: Callable[..., Any], some_designs: Any
) -> None:
    made = await designer_of(a_puppet(script=[answer]), some_designs).design("novels")
    assert list(made.schema.as_map()) == ["title", "pages"]


@pytest.mark.parametrize("answer", ["", "I cannot do that.", "[]", "{}", "null", "```json\n```"])
def test_an_answer_without_a_map_is_none(answer: str) -> None:
    with pytest.raises(NoSchemaInAnswer):
        document_of(answer)


async def test_the_prompt_carries_the_rules_and_the_description(
    a_puppet: Callable[..., Any], some_designs: Any
) -> None:
    puppet = a_puppet(script=[MAP])
    await designer_of(puppet, some_designs).design("novels of the sea")
    (ask,) = puppet.asked
    for words in (
        "novels of the sea",
        "Output only valid JSON schema",
        "Map to Python Faker methods where possible",
        "For custom fields, provide array of sample values",
    ):
        assert words in ask.prompt


async def test_a_description_is_asked_for_once_and_never_again_after_a_restart(
    a_puppet: Callable[..., Any], tmp_path: Path
) -> None:
    puppet = a_puppet(script=[MAP])
    first = await designer_of(puppet, SchemaFile(tmp_path / "data" / "schemas.json")).design("novels  of the Sea")
    again = await designer_of(puppet, SchemaFile(tmp_path / "data" / "schemas.json")).design("Novels of the sea")
    assert (len(puppet.asked), again.cached) == (1, True)
    assert again.schema.as_map() == first.schema.as_map()
    (stored,) = orjson.loads((tmp_path / "data" / "schemas.json").read_bytes()).values()
    assert stored == first.schema.as_map()


async def test_a_file_that_is_no_json_is_set_aside(a_puppet: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "schemas.json"
    path.write_text("not json")
    await designer_of(a_puppet(script=[MAP]), SchemaFile(path)).design("novels")
    assert path.with_suffix(".broken").read_text() == "not json"
    assert len(orjson.loads(path.read_bytes())) == 1


async def test_a_hostile_answer_is_repaired(a_puppet: Callable[..., Any], some_designs: Any) -> None:
    answer = '{"email": "seed_instance", "x": "__import__", "name": "person.fullName"}'
    made = await designer_of(a_puppet(script=[answer]), some_designs).design("people")
    assert [field.chosen.kind.name for field in made.schema.fields] == ["email", "word", "name"]
    assert len(made.notes) == 2


async def test_the_next_model_is_asked_and_then_the_words_must_do(
    a_puppet: Callable[..., Any], some_designs: Any
) -> None:
    down, silly, good = a_puppet(script=[BROKEN]), a_puppet(script=["no idea"]), a_puppet(script=[MAP])
    made = await designer_of([down, silly, good], some_designs).design("orders")
    assert list(made.schema.as_map()) == ["title", "pages"]
    assert [len(one.asked) for one in (down, silly, good)] == [2, 1, 1]
    alone = await designer_of([down, silly], some_designs).design("support tickets")
    assert alone.designer == "built-in"
    assert "it is down" in alone.notes[0]
    assert "no schema map" in alone.notes[0]


async def test_what_the_words_gave_is_not_remembered_as_a_models_design(
    a_puppet: Callable[..., Any], some_designs: Any
) -> None:
    await designer_of([], some_designs).design("orders")
    puppet = a_puppet(script=[MAP])
    await designer_of(puppet, some_designs).design("orders")
    assert len(puppet.asked) == 1


@pytest.mark.parametrize("description", ["", "   ", "x" * 5_000])
async def test_no_description_and_a_far_too_long_one_are_refused(description: str, some_designs: Any) -> None:
    with pytest.raises(Rejected):
        await designer_of([], some_designs).design(description)


async def test_over_http_one_call_makes_the_design(llm: Any, some_designs: Any) -> None:
    llm.says(200, {"content": [{"type": "text", "text": f"Sure!\n```json\n{MAP}\n```"}], "usage": {}})
    http = Http()
    provider = PROVIDERS["anthropic"](Access("key", llm.url), http)
    try:
        made = await Designer([Seat(provider, "m", 5.0)], some_designs, RetryPolicy(0, lambda: 0.5)).design("novels")
    finally:
        await http.close()
    assert made.designer == "anthropic m"
    assert len(llm.requests) == 1


async def test_all_slices_of_a_batch_have_one_design_and_many_batches_one_call(
    a_puppet: Callable[..., Any], some_designs: Any
) -> None:
    puppet = a_puppet(script=[MAP])
    books = [
        RecipeBook(RECIPES, designer_of(puppet, some_designs), some_designs, sleep=asyncio.sleep) for _ in range(3)
    ]
    found = await asyncio.gather(*(book.find(batch, "describe:novels") for book in books for batch in ("a", "b", "a")))
    assert len(puppet.asked) == 1
    assert {tuple(recipe.schema.names) for recipe in found} == {("title", "pages")}


async def test_a_batch_keeps_its_design_when_the_models_come_and_go(
    a_puppet: Callable[..., Any], some_designs: Any
) -> None:
    without = RecipeBook(RECIPES, designer_of([], some_designs), some_designs)
    first = await without.find("a", "describe:customers")
    later = RecipeBook(RECIPES, designer_of(a_puppet(script=[MAP]), some_designs), some_designs)
    assert (await later.find("a", "describe:customers")).schema.equals(first.schema)
    assert (await later.find("b", "describe:customers")).schema.names == ["title", "pages"]
