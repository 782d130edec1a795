"""What a batch is asked to do: source, prompt, models, target. The same words over HTTP and over Kafka."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

ApiName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
"""API name of an object or a field in a CRM."""


LAST = "last"
"""As `changed_since`: where the last finished batch of the same name and source ended."""


def _known_moment(text: str) -> str:
    if text == LAST:
        return text
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None and "T" in text and 1970 <= moment.astimezone(UTC).year < 4000:
            return text
    except (ValueError, OverflowError):
        pass
    raise ValueError("give a moment with its zone, such as 2026-11-21T02:00:00Z, or `last`")


ChangedSince = Annotated[str, AfterValidator(_known_moment), Field(max_length=40)]
"""ISO 8601 with a zone, or LAST."""

_CHANGED_SINCE = (
    "only what was changed at or after this moment (ISO 8601 with a zone), or `last`: since the last finished batch of "
    "the same name and source"
)
_DELETED = (
    "forward: deleted records are in the batch, too, and end as skipped, with ENTITY_IS_DELETED (Salesforce) or "
    "OBJECT_NOT_FOUND (HubSpot), unless the target says `deletes: delete`"
)

_DELETES = (
    "delete: what the target has of a deleted source record is deleted, too (into the recycle bin); for sources with "
    "`deleted: forward` and targets with an `external_id`"
)

Deleted = Literal["ignore", "forward"]
Deletes = Literal["ignore", "delete"]
Fallback = Literal["recipe", "fail", "leave"]


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class SalesforceSource(_Spec):
    """Every record of a Salesforce object that a SOQL condition selects."""

    kind: Literal["salesforce"]
    object: ApiName
    where: str | None = Field(None, max_length=4_000, description="a SOQL condition, without the word WHERE")
    limit: int | None = Field(None, ge=1, description="at most so many records")
    changed_since: ChangedSince | None = Field(None, description=_CHANGED_SINCE)
    deleted: Deleted = Field("ignore", description=_DELETED)


class CrmAnalyticsSource(_Spec):
    """Every row of a CRM Analytics dataset."""

    kind: Literal["crm-analytics"]
    dataset: str = Field(min_length=1, max_length=80)


class HubSpotSource(_Spec):
    """Every record of a HubSpot object that a condition selects."""

    kind: Literal["hubspot"]
    object: ApiName
    where: str | None = Field(
        None, max_length=4_000, description="conditions such as lifecyclestage = 'lead' AND phone IS NOT EMPTY"
    )
    limit: int | None = Field(None, ge=1, description="at most so many records")
    changed_since: ChangedSince | None = Field(None, description=_CHANGED_SINCE)
    deleted: Deleted = Field("ignore", description=_DELETED)


class RowsSource(_Spec):
    """Rows that come with the request; a row's `id` is its record id.

    On the bus, rows above 64 KB travel ahead of the command as `rows.attached` events and `parts` says how many (claim
    check); over HTTP `rows` holds them all.
    """

    kind: Literal["rows"]
    rows: list[dict[str, Any]] = Field(default_factory=list, max_length=10_000)
    parts: int = Field(0, ge=0, le=10_000, description="rows.attached events that hold the rows; 0: `rows` holds them")


class RecipeSource(_Spec):
    """Rows made by a deterministic recipe, without an LLM per row."""

    kind: Literal["recipe"]
    recipe: str = Field(min_length=1, max_length=4_100, description="a recipe's name, or `describe:` and a description")
    rows: int = Field(1_000, ge=1, le=100_000_000)
    seed: int = Field(42, ge=0, le=2**63 - 1)


Source = Annotated[
    SalesforceSource | CrmAnalyticsSource | HubSpotSource | RowsSource | RecipeSource, Field(discriminator="kind")
]


class PromptSpec(_Spec):
    """A template with `{{Field}}` slots and what its answers must look like."""

    template: str = Field(min_length=1, max_length=100_000)
    system: str | None = Field(None, max_length=100_000)
    response_schema: dict[str, Any] | None = Field(None, description="JSON Schema (draft 2020-12) of the answer")
    empty_slot: Literal["leave", "default", "skip"] = Field(
        "leave", description="an empty field: leave the slot empty, put 'not specified', or skip the record"
    )


class ModelSpec(_Spec):
    """One link of the provider chain."""

    provider: str = Field(min_length=1, max_length=40)
    model: str = Field(min_length=1, max_length=200)
    temperature: float | None = Field(None, ge=0, le=2)
    max_tokens: int | None = Field(None, ge=1, le=1_000_000)
    timeout_s: float | None = Field(None, gt=0, le=600)


class SalesforceTarget(_Spec):
    """Write to a Salesforce object: one field of the record read, or an upsert by external id."""

    kind: Literal["salesforce"]
    object: ApiName
    field: ApiName | None = Field(None, description="takes the whole answer")
    external_id: ApiName | None = Field(
        None, description="upsert by this field; without it the source record is updated"
    )
    fields: dict[ApiName, str] | None = Field(None, description="CRM field <- key of the structured answer")
    deletes: Deletes = Field("ignore", description=_DELETES)

    @model_validator(mode="after")
    def _one_way_to_write(self) -> SalesforceTarget:
        if (self.field is None) == (not self.fields):
            raise ValueError("give either `field` (the whole answer) or `fields` (CRM field <- key of the answer)")
        return self


class HubSpotTarget(_Spec):
    """Write to a HubSpot object: update the record read, else upsert by a unique property.

    Without `field` and `fields` the keys of the structured answer are the properties; an answer that is plain text goes
    to `simcrm_answer`.
    """

    kind: Literal["hubspot"]
    object: ApiName
    field: ApiName | None = Field(None, description="property that takes the whole answer")
    external_id: ApiName | None = Field(
        None,
        description="upsert by this unique property, with the record's value of that name; without it, records of the "
        "same object are updated and others are upserted by `simcrm_external_id`",
    )
    fields: dict[ApiName, str] | None = Field(None, description="property <- key of the structured answer")
    add_options: bool = Field(False, description="an answer that is none of an enumeration's options becomes one")
    unique: bool = Field(False, description="make e-mails and domains of new records unique across runs")
    deletes: Deletes = Field("ignore", description=_DELETES)

    @model_validator(mode="after")
    def _one_way_to_write(self) -> HubSpotTarget:
        if self.field is not None and self.fields:
            raise ValueError("give `field` (the whole answer) or `fields` (property <- key of the answer), not both")
        return self


class CrmAnalyticsTarget(_Spec):
    """Append to the dataset Structured_Response."""

    kind: Literal["crm-analytics"]


class CsvTarget(_Spec):
    """Keep the results for download."""

    kind: Literal["csv"]


class NoTarget(_Spec):
    """Write nowhere."""

    kind: Literal["none"]


Target = Annotated[
    SalesforceTarget | HubSpotTarget | CrmAnalyticsTarget | CsvTarget | NoTarget, Field(discriminator="kind")
]


def object_key(target: Target) -> str:
    """Which CRM object results are for, or the target's kind: the first half of a result's key."""
    return getattr(target, "object", target.kind)


class BatchSpec(_Spec):
    """One batch, as `POST /api/batches` and `recordsmith.batch.submitted.v1` describe it."""

    name: str = Field("Batch", min_length=1, max_length=200)
    source: Source
    prompt: PromptSpec | None = Field(None, description="required unless the source is a recipe")
    models: list[ModelSpec] | None = Field(None, max_length=10, description="omitted: the configured chain")
    fallback: Fallback = Field(
        "recipe",
        description="when no model gives a valid answer: a recipe answers, the record fails, or it is left as it is",
    )
    target: Target = NoTarget(kind="none")
    mode: Literal["run", "test", "plan"] = Field(
        "run", description="test: generated, never written; plan: compared with the CRM, written only when applied"
    )
    lane: Literal["interactive", "bulk"] = "bulk"
    budget_usd: float | None = Field(None, ge=0)
    seed: int = Field(42, ge=0, le=2**63 - 1)

    @model_validator(mode="after")
    def _prompt_where_an_llm_is_asked(self) -> BatchSpec:
        if self.prompt is None and not isinstance(self.source, RecipeSource):
            raise ValueError("`prompt` is required unless the source is a recipe")
        return self
