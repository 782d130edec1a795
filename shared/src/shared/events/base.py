"""What every event has: a versioned type name, a key, and an id that a repetition shares."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Any, ClassVar, Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

BatchId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""Chosen by whoever submits: a UUID from the gateway, any such name from another system."""


class Event(BaseModel):
    """A past-tense fact. Unknown fields are ignored, so that an older service reads a newer event."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    type: ClassVar[str]
    """CloudEvents type, with the version: `recordsmith.<noun>.<past participle>.v1`."""

    terse: ClassVar[bool] = False
    """Fields without a value are left out on the wire: worth it where there are millions."""

    def key(self) -> str:
        """Kafka key: events of one key keep their order and meet one consumer."""
        raise NotImplementedError

    def event_id(self) -> str:
        """CloudEvents id. Random unless the event can be repeated; then the repetition has the same one."""
        return uuid4().hex


class EventGroup(Event):
    """Events of one batch that travel in one record. It means exactly what its parts mean one by one: who reads a
    topic takes both, and who publishes need never make one.
    """

    part: ClassVar[type[Event]]
    carried_as: ClassVar[str]
    """The field that has the parts."""
    usual: ClassVar[bool] = True
    """Parts that leave together travel together, unless their publisher says otherwise."""
    batch_id: BatchId

    @property
    def parts(self) -> Sequence[Any]:
        """The events it carries."""
        carried: Sequence[Any] = getattr(self, self.carried_as)
        return carried

    @classmethod
    def of(cls, part: Any) -> Hashable:
        """Parts of equal values may travel together, where they go to one partition."""
        return str(part.batch_id)

    def key(self) -> str:
        return str(self.parts[0].key())

    def event_id(self) -> str:
        told = b"".join(part.event_id().encode() for part in self.parts)
        return blake2b(told, digest_size=16).hexdigest()

    @model_validator(mode="after")
    def _of_one_batch(self) -> Self:
        if any(part.batch_id != self.batch_id for part in self.parts):
            raise ValueError("every part must be of the event's batch")
        return self


@lru_cache(maxsize=4_096)
def record_id_hash(batch_id: str, index: int, stage: str, epoch: int) -> str:
    """32 hex digits that name one record at one stage of one batch. The attempt is not part of it.

    Remembered, because a record's key, id and trace ask for the same one while it is handled.
    """
    return blake2b(f"{batch_id}\0{index}\0{stage}\0{epoch}".encode(), digest_size=16).hexdigest()


def trace_id_of(batch_id: str, index: int, epoch: int) -> str:
    """The trace of one record: its prompt's event id, so that any id in a log opens the trace."""
    return record_id_hash(batch_id, index, "prompt", epoch)
