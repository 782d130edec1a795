"""Whatever the schema, what the recipe and the scripted provider answer is valid."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from generator_svc.domain.question import Question
from generator_svc.recipes.answer import answer_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

names = st.sampled_from(["risk_level", "summary", "score", "tags", "when", "nested"])


def bounded(low: int, high: int) -> dict[str, Any]:
    return {"minimum": min(low, high), "maximum": max(low, high)}


def lengths(one: int, other: int) -> dict[str, Any]:
    return {"type": "string", "minLength": min(one, other), "maxLength": max(one, other)}


leaves = st.one_of(
    st.just({"type": "string"}),
    st.builds(lengths, *[st.integers(0, 90)] * 2),
    st.sampled_from([{"type": "string", "format": name} for name in ("date", "date-time", "email", "uuid", "uri")]),
    st.builds(lambda a, b: {"type": "integer"} | bounded(a, b), *[st.integers(-50, 50)] * 2),
    st.builds(lambda a, b: {"type": "number"} | bounded(a, b), *[st.integers(-50, 50)] * 2),
    st.sampled_from(
        [{"type": "boolean"}, {"type": "null"}, {"const": 7}, {"type": "integer", "multipleOf": 5, "minimum": 3}, {},
         {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, {"type": ["string", "null"]}]
    ),
    st.lists(st.sampled_from(["low", "medium", "high", 3, None]), min_size=1, unique=True).map(lambda v: {"enum": v}),
)  # fmt: skip


def composed(inner: Any) -> Any:
    def obj(properties: dict[str, Any], required: bool, closed: bool) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "object", "properties": properties}
        made |= {"required": sorted(properties)} if required else {}
        return made | ({"additionalProperties": False} if closed else {})

    return st.one_of(
        st.builds(obj, st.dictionaries(names, inner, max_size=4), st.booleans(), st.booleans()),
        st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner, st.integers(0, 3)),
        st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner),
        st.builds(lambda part: {"allOf": [part], "description": "x"}, inner),
    )


schemas = st.recursive(leaves, composed, max_leaves=8)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(schema=schemas, index=st.integers(0, 10**6))
def test_the_recipes_answer_fits_every_schema(
    new_generator: Callable[..., Any], a_prompt: Callable[..., Any], schema: dict[str, Any], index: int
) -> None:
    generator = new_generator()
    generator.control(schema=schema)
    work = generator.plans.find("b")
    text, values = answer_of(Question.of(a_prompt(index).event, work), {"name": "it"})
    assert values is not None
    assert answer_of(Question.of(a_prompt(index).event, work), {"name": "it"}) == (text, values)


def test_a_recursive_schema_ends(new_generator: Callable[..., Any], a_prompt: Callable[..., Any]) -> None:
    node = {"type": "object", "properties": {"name": {"type": "string"}, "child": {"$ref": "#/$defs/node"}}}
    generator = new_generator()
    generator.control(schema={"$ref": "#/$defs/node", "$defs": {"node": node}})
    text, _ = answer_of(Question.of(a_prompt().event, generator.plans.find("b")), {})
    assert len(text) < 5_000
