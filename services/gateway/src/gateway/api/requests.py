"""Bodies of the smaller requests."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator
from shared.errors import Category

from gateway.api import drafts, pointers
from gateway.api.problems import unprocessable

Body = TypeVar("Body", bound=BaseModel)


class GenerateRequest(BaseModel):
    """S3-16: rows from a description, or of a recipe that is there by name."""

    recipe: str | None = Field(None, pattern=r"^[a-z][a-z0-9_-]{0,99}$", description="its name, for rows of a recipe")
    description: str | None = Field(
        None, min_length=1, max_length=4_000, pattern=r"\S", description="what a row is", validate_default=True
    )
    rows: int = Field(1_000, ge=1, le=10_000_000)
    seed: int = Field(42, ge=0, le=2**63 - 1)

    @field_validator("description")
    @classmethod
    def _one_of_both(cls, description: str | None, info: ValidationInfo) -> str | None:
        if (description is None) == (info.data.get("recipe") is None):
            raise ValueError("give either a description or the name of a recipe")
        return description


class RetryRequest(BaseModel):
    """Which failed records run again."""

    category: Category | None = Field(None, description="null: all of them")


class ReplayRequest(BaseModel):
    """Which dead letters are published again."""

    ids: list[str] = Field(min_length=1, max_length=1_000)


async def body_of(model: type[Body], request: Request, *, required: bool = True) -> Body:
    """The body as a model. Raises 400 for what is no JSON and 422 with every mistake."""
    if not required and not await request.body():
        return model()
    payload = await drafts.json_body(request)
    mistakes = pointers.unknown_fields(model, payload)
    try:
        parsed = model.model_validate(payload, strict=True)
    except ValidationError as error:
        raise unprocessable(pointers.mistakes_of(error) + mistakes) from error
    if mistakes:
        raise unprocessable(mistakes)
    return parsed
