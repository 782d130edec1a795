"""From pydantic's findings to JSON pointers at the real mistake, with a hint where one can be given."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from gateway.api.problems import Mistake

_UNIONS = ("source", "target")
"""Fields whose `kind` chooses the model: pydantic puts the kind into an error's path, the payload has no such step."""


def mistakes_of(error: ValidationError) -> list[Mistake]:
    """Every finding, with a pointer into the payload."""
    return [_mistake(dict(found)) for found in error.errors(include_input=False, include_url=False)]


def unknown_fields(model: type[BaseModel], payload: Any, at: str = "") -> list[Mistake]:
    """Fields that the contract does not know: models ignore them, but here they are typing errors."""
    if not isinstance(payload, dict):
        return []
    known = model.model_fields
    mistakes = [_unknown(name, known, at) for name in payload if name not in known]
    for name, value in payload.items():
        if name in known:
            for found, below, place in _models_in(known[name].annotation, value, f"{at}/{_escaped(name)}"):
                mistakes += unknown_fields(found, below, place)
    return mistakes


def _mistake(found: Mapping[str, Any]) -> Mistake:
    steps = [
        step for at, step in enumerate(found["loc"]) if not (at == 1 and found["loc"][0] in _UNIONS) and step != "[key]"
    ]
    kind, context, message = found["type"], found.get("ctx", {}), str(found["msg"]).removeprefix("Value error, ")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        steps, message = (
            [*steps, "kind"],
            "this kind is not known" if kind == "union_tag_invalid" else "kind is missing",
        )
        expected = context.get("expected_tags")
        return Mistake(_pointer(steps), message, f"one of {expected}" if expected else "it says which source or target")
    if kind == "missing":
        return Mistake(_pointer(steps), f"{steps[-1]} is missing")
    if not steps and "`prompt`" in message:
        steps = ["prompt"]
    hint = f"one of {context['expected']}" if kind == "literal_error" else None
    return Mistake(_pointer(steps), "this value is not known" if hint else message, hint)


def _unknown(name: str, known: Mapping[str, Any], at: str) -> Mistake:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"known here: {', '.join(known)}"
    return Mistake(f"{at}/{_escaped(name)}", f"`{name[:80]}` is not a field of the contract", hint)


def _models_in(annotation: Any, value: Any, at: str) -> Iterator[tuple[type[BaseModel], Any, str]]:
    """Which model describes a value, through optional, lists and unions told apart by `kind`."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        options = [option for option in get_args(annotation) if option is not NoneType]
        kind = value.get("kind") if isinstance(value, dict) else None
        chosen = options if len(options) == 1 else [option for option in options if kind in _kinds(option)]
        for option in chosen:
            yield from _models_in(option, value, at)
    elif get_origin(annotation) is list and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _models_in(get_args(annotation)[0], item, f"{at}/{index}")
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, value, at


def _kinds(option: Any) -> tuple[Any, ...]:
    model = get_args(option)[0] if get_origin(option) is Annotated else option
    field = model.model_fields.get("kind") if isinstance(model, type) and issubclass(model, BaseModel) else None
    return get_args(field.annotation) if field else ()


def _pointer(steps: list[Any]) -> str:
    return "".join(f"/{_escaped(str(step))}" for step in steps)


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
