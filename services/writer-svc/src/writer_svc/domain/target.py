"""What a target is to the rest of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from shared.events import BatchPlan, RecordGenerated

from writer_svc.domain.verdicts import Verdict

Planned = tuple[RecordGenerated, BatchPlan]


class Target(Protocol):
    """Where results go. One file each in `targets/`, one line in its registry."""

    does_io: bool
    """Whether writing is a call that deserves a span of its own."""

    def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[RecordGenerated, Verdict]]:
        """Verdicts in any order, at most one per result, or an error that says what to do next.

        A result without one is durable in this service's own store: whoever writes it later tells its verdict.
        """
