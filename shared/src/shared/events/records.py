"""Events about single records: prompt, result, verdict; and about ranges of them."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import Category
from shared.events.base import BatchId, Event, EventGroup, record_id_hash, trace_id_of

CHUNK = 8_192
"""Records per ledger row: 1 KB of bits per state."""

TerminalState = Literal["written", "generated", "failed", "skipped", "cancelled"]
Answered = Literal["llm", "cache", "fallback", "recipe"]
"""Who answered: `fallback` = a recipe stood in for an LLM, `recipe` = no LLM was asked for."""


class Usage(BaseModel):
    """Tokens that a provider counted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    input_tokens: int = Field(0, ge=0)
    output_tokens: int = Field(0, ge=0)


class RecordEvent(Event):
    """Something about one record of a batch."""

    batch_id: BatchId
    index: int = Field(ge=0)
    epoch: int = Field(0, ge=0, description="how often the record was retried by hand")
    record_id: str = Field(max_length=255)

    def trace_id(self) -> str:
        return trace_id_of(self.batch_id, self.index, self.epoch)


class PromptPrepared(RecordEvent):
    """One record is ready to be asked about. Template and schema are in the batch's plan."""

    type: ClassVar[str] = "recordsmith.prompt.prepared.v1"
    values: dict[str, Any] = Field(description="slot variables, and the external id where the target upserts by one")

    def key(self) -> str:
        return self.event_id()

    def event_id(self) -> str:
        return self.trace_id()


class PromptsPrepared(EventGroup):
    """Several records of one batch are ready to be asked about.

    For batches whose records are settled at once: where each is a call of seconds, its own commit is worth more than
    its envelope costs.
    """

    type: ClassVar[str] = "recordsmith.prompts.prepared.v1"
    part = PromptPrepared
    carried_as = "prompts"
    usual = False
    prompts: list[PromptPrepared] = Field(min_length=1, description="of this batch")


class SlicePrepared(Event):
    """A row range of a recipe is ready to be made."""

    type: ClassVar[str] = "recordsmith.slice.prepared.v1"
    batch_id: BatchId
    first: int = Field(ge=0)
    count: int = Field(ge=1, le=CHUNK)
    epoch: int = Field(0, ge=0)
    recipe: str
    seed: int

    def key(self) -> str:
        return f"{self.batch_id}:{self.first // CHUNK}"

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, self.first, "slice", self.epoch)


class _Answer(RecordEvent):
    answer: str | None = Field(None, description="the text as it came")
    values: dict[str, Any] | None = Field(None, description="the parsed answer where the batch has a response schema")
    source: Answered | None = None
    provider: str | None = None
    model: str | None = None
    usage: Usage = Usage()
    cost_usd: float | None = Field(None, description="None: the price of this model is not known")
    attempts: int = Field(0, ge=0)
    category: Category | None = None
    reason: str | None = Field(None, description="why it failed, or why the fallback answered; no record contents")


class RecordGenerated(_Answer):
    """A record has its answer."""

    type: ClassVar[str] = "recordsmith.record.generated.v1"
    terse: ClassVar[bool] = True
    object: str = Field("none", description="CRM object of the target, or the target's kind")
    external_id: str | None = Field(None, description="value of the target's external id field")
    deleted: bool | None = Field(
        None, description="the source record is deleted: there is no answer, and what the target has of it goes, too"
    )

    def key(self) -> str:
        return f"{self.object}:{self.external_id or self.record_id}"

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, self.index, "result", self.epoch)


class RecordsGenerated(EventGroup):
    """Several records of one batch have their answers."""

    type: ClassVar[str] = "recordsmith.records.generated.v1"
    part = RecordGenerated
    carried_as = "results"
    results: list[RecordGenerated] = Field(min_length=1, description="of this batch")


class Change(BaseModel):
    """What writing a record does to the CRM: the plan before, or what was done."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    action: Literal["create", "update", "unchanged", "refused"]
    fields: dict[str, dict[str, Any]] = Field(default_factory=dict, description="field -> {before, after}")


class RecordSettled(_Answer):
    """The verdict on a record. The first one per record and epoch counts."""

    type: ClassVar[str] = "recordsmith.record.settled.v1"
    terse: ClassVar[bool] = True
    state: TerminalState
    code: str | None = Field(None, description="the CRM's or provider's own error code")
    crm_id: str | None = None
    change: Change | None = Field(None, description="of a planned batch")

    def key(self) -> str:
        return f"{self.batch_id}:{self.index // CHUNK}"

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, self.index, "outcome", self.epoch)


class RecordsSettled(EventGroup):
    """Verdicts on several records of one ledger chunk."""

    type: ClassVar[str] = "recordsmith.records.settled.v1"
    part = RecordSettled
    carried_as = "verdicts"
    verdicts: list[RecordSettled] = Field(min_length=1, description="of this batch, and of one chunk of the ledger")

    @classmethod
    def of(cls, part: RecordSettled) -> tuple[str, int]:
        return part.batch_id, part.index // CHUNK


class RowsOrigin(BaseModel):
    """What rows follow from, beside the seed: the same origin, seed and row number give the same bytes everywhere."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    recipe: str = Field(max_length=200)
    version: int = Field(ge=1)
    as_of: date = Field(description="the day that ages and dates count from")


class RangeSettled(Event):
    """The same verdict on a run of records: rows of a recipe, or what a cancelled batch never expanded.

    A range never crosses a multiple of CHUNK, so that one ledger row holds it.
    """

    type: ClassVar[str] = "recordsmith.range.settled.v1"
    batch_id: BatchId
    first: int = Field(ge=0)
    count: int = Field(ge=1, le=CHUNK)
    epoch: int = Field(0, ge=0)
    state: TerminalState
    source: Answered | None = None
    category: Category | None = None
    reason: str | None = None
    columns: list[str] | None = Field(None, description="column names of `rows_csv`")
    rows_csv: str | None = Field(None, description="the rows, RFC 4180 without a header, `count` records")
    origin: RowsOrigin | None = Field(None, description="which recipe made the rows")
    leaves: list[str] | None = Field(
        None, description="SHA-256 of each block of 2,048 rows, cut at multiples of that; the root hash is made of them"
    )

    def key(self) -> str:
        return f"{self.batch_id}:{self.first // CHUNK}"

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, self.first, "range", self.epoch)
