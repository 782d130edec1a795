"""Events about whole batches: what people and systems ordered, and what became of it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import Category
from shared.events.base import BatchId, Event, record_id_hash
from shared.events.spec import BatchSpec, Fallback, ModelSpec, PromptSpec, RecipeSource, Target, object_key

Counts = dict[str, int]
"""Records by state: pending, written, generated, failed, skipped, cancelled."""

WorkState = Literal["running", "paused", "cancelled", "finished"]


WRITER = "writer-svc"
"""Who holds batches that cannot go on. Its pauses and those of people are told apart: neither ends the other's."""


class _BatchEvent(Event):
    batch_id: BatchId

    def key(self) -> str:
        return self.batch_id


class _Command(_BatchEvent):
    requested_by: str | None = Field(None, max_length=200, description="user or system, for the audit log")

    @property
    def by_writer(self) -> bool:
        """Whether the writer ordered it by itself."""
        return self.requested_by == WRITER


class RowsAttached(_Command):
    """Some of the inline rows of a batch that is submitted next on the same key (claim check for large requests)."""

    type: ClassVar[str] = "recordsmith.rows.attached.v1"
    part: int = Field(ge=0)
    rows: list[dict[str, Any]]


class BatchSubmitted(_Command):
    """Somebody asked for a batch."""

    type: ClassVar[str] = "recordsmith.batch.submitted.v1"
    batch: BatchSpec

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, 0, "submitted", 0)


class BatchPaused(_Command):
    """Somebody asked a batch to start no further calls."""

    type: ClassVar[str] = "recordsmith.batch.paused.v1"
    reason: str | None = Field(None, max_length=2_000, description="what has to be put right before it is resumed")


class BatchResumed(_Command):
    """Somebody asked a paused batch to go on. A person's order ends every pause, the writer's only its own."""

    type: ClassVar[str] = "recordsmith.batch.resumed.v1"


class BatchCancelled(_Command):
    """Somebody asked a batch to stop for good."""

    type: ClassVar[str] = "recordsmith.batch.cancelled.v1"
    reason: str | None = Field(None, max_length=2_000, description="why it cannot go on")


class BatchRetried(_Command):
    """Somebody asked for failed records to run again."""

    type: ClassVar[str] = "recordsmith.batch.retried.v1"
    category: Category | None = Field(None, description="only failures of this category")


class BatchApplied(_Command):
    """Somebody asked to write exactly what the plan of a planned batch says."""

    type: ClassVar[str] = "recordsmith.batch.applied.v1"


class BatchReverted(_Command):
    """Somebody asked to give the records that an applied plan changed their earlier values back."""

    type: ClassVar[str] = "recordsmith.batch.reverted.v1"


class BatchPlanned(_BatchEvent):
    """The source was asked: so many records."""

    type: ClassVar[str] = "recordsmith.batch.planned.v1"
    requested: int = Field(ge=0)

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, 0, "planned", 0)


class BatchRefused(_BatchEvent):
    """The batch cannot run as described; no LLM was asked."""

    type: ClassVar[str] = "recordsmith.batch.refused.v1"
    reason: str
    category: Category = "validation"

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, 0, "refused", 0)


class BatchReopened(_BatchEvent):
    """Records that had failed are pending again and must be expanded anew, under a new epoch."""

    type: ClassVar[str] = "recordsmith.batch.reopened.v1"
    epoch: int = Field(ge=1)
    ranges: list[tuple[int, int]] = Field(description="(first index, count), ascending")

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, self.ranges[0][0] if self.ranges else 0, "reopened", self.epoch)


class BatchApproved(_BatchEvent):
    """Records of a planned batch are pending again: the writer applies its plan to them, or undoes it."""

    type: ClassVar[str] = "recordsmith.batch.approved.v1"
    epoch: int = Field(ge=1)
    undo: bool = False

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, 0, "approved", self.epoch)


class BatchStaged(_BatchEvent):
    """So many results of the batch are kept durably by the writer for a large write, and have no verdict yet.

    They hold no worker: the expansion window counts them as done.
    """

    type: ClassVar[str] = "recordsmith.batch.staged.v1"
    staged: int = Field(ge=0)


class BatchProgressed(_BatchEvent):
    """How far a batch is; sent while it moves, a few times a second at most."""

    type: ClassVar[str] = "recordsmith.batch.progressed.v1"
    requested: int
    counts: Counts


class BatchCompleted(_BatchEvent):
    """Every record of the batch has its verdict. Announced once per (batch, epoch)."""

    type: ClassVar[str] = "recordsmith.batch.completed.v1"
    epoch: int = 0
    state: Literal["completed", "cancelled", "failed"]
    requested: int
    counts: Counts
    fallback: int = 0
    reason: str | None = None

    def event_id(self) -> str:
        return record_id_hash(self.batch_id, 0, "completed", self.epoch)


class BatchPlan(BaseModel):
    """What generator and writer need to know of a batch, once, instead of in every prompt."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    prompt: PromptSpec | None = None
    models: list[ModelSpec] | None = None
    fallback: Fallback = "recipe"
    target: Target
    mode: Literal["run", "test", "plan"] = "run"
    lane: Literal["interactive", "bulk"] = "bulk"
    budget_usd: float | None = None
    seed: int = 42
    requested: int = 0
    source_kind: str | None = Field(None, description="where the records come from: they can be updated there")
    source_object: str | None = Field(None, description="the CRM object that they are")
    source_recipe: str | None = Field(None, description="the recipe whose rows the prompt quotes")
    source_seed: int = 42

    @classmethod
    def of(cls, batch: BatchSpec, *, requested: int) -> BatchPlan:
        """The workers' share of what was submitted."""
        shared_fields = {name: getattr(batch, name) for name in BatchSpec.model_fields if name in cls.model_fields}
        source: dict[str, Any] = {
            "source_kind": batch.source.kind,
            "source_object": getattr(batch.source, "object", None),
        }
        if isinstance(batch.source, RecipeSource) and batch.prompt is not None:
            source |= {"source_recipe": batch.source.recipe, "source_seed": batch.source.seed}
        return cls(**shared_fields, **source, requested=requested)

    def object_key(self) -> str:
        """Which CRM object the results are for: the first half of a result's key."""
        return object_key(self.target)


class BatchControlled(_BatchEvent):
    """The whole truth about a batch for its workers: the latest one per key is enough (compacted topic)."""

    type: ClassVar[str] = "recordsmith.batch.controlled.v1"
    state: WorkState
    plan: BatchPlan | None = Field(None, description="absent once finished: workers forget the batch")
