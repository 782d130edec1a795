"""What the engine needs of a consumer and of a handler's runner. Nothing here knows Kafka's client library.

Share groups (KIP-932) may one day stand behind the same port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.bus.claims import Claim

Partition = tuple[str, int]
"""Topic and number."""


class CommitRefused(Exception):  # says what happened, like the domain's other exceptions
    """The group has moved on: these partitions may be somebody else's."""


class MetadataTooLarge(Exception):
    """The broker allows less commit metadata than usual."""


class ConsumerPort(Protocol):
    """One member of a consumer group."""

    async def commit(self, positions: Mapping[Partition, tuple[int, str]]) -> None:
        """Store next offset and metadata. Raises `CommitRefused`, `MetadataTooLarge`, or what may work later."""

    async def committed(self, partitions: Iterable[Partition]) -> Mapping[Partition, tuple[int, str]]:
        """Where each partition was committed, with metadata; its beginning where nothing was."""

    def seek(self, partition: Partition, offset: int) -> None: ...

    def pause(self, partitions: Iterable[Partition]) -> None: ...

    def resume(self, partitions: Iterable[Partition]) -> None: ...

    def assignment(self) -> frozenset[Partition]: ...


class Runner(Protocol):
    """Runs a handler. Every claim it was given ends in exactly one of `done`, `park`, `abandon` or `halt`."""

    def begin(self, claim: Claim) -> None:
        """Take over one record; returns at once."""

    def flush(self) -> None:
        """No more records come for now: what is collected goes to the handler as it is."""

    def cancel(self, unwanted: Callable[[Claim], bool]) -> None:
        """Give up the running work on these claims."""
