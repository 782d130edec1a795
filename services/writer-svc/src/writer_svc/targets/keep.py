"""Results that stay here: for download, for nobody, or of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from shared.events import RecordGenerated

from writer_svc.domain.target import Planned
from writer_svc.domain.verdicts import GENERATED, Verdict


class Keep:
    """The ledger keeps the answer; nothing is written anywhere else."""

    does_io = False

    async def write(self, results: Sequence[Planned]) -> AsyncIterator[tuple[RecordGenerated, Verdict]]:
        """Everything is where it belongs."""
        for result, _ in results:
            yield result, GENERATED
