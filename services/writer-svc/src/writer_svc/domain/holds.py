"""What a target may ask for a whole batch: to wait, or to end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Holds(Protocol):
    """Steers batches, with a reason that people read."""

    async def pause(self, batch_id: str, reason: str) -> None:
        """Until somebody has put it right and resumes the batch."""

    async def wait_for_room(self, batch_ids: Iterable[str], reason: str) -> None:
        """Until the org's daily limit leaves room again; then they go on by themselves."""

    async def cancel(self, batch_id: str, reason: str) -> None:
        """It can never go on."""


class NoHolds:
    """Where there is nobody to steer: a target alone, as in a test of it."""

    async def pause(self, batch_id: str, reason: str) -> None:
        """Nobody hears it."""

    async def wait_for_room(self, batch_ids: Iterable[str], reason: str) -> None:
        """Nobody hears it."""

    async def cancel(self, batch_id: str, reason: str) -> None:
        """Nobody hears it."""


def drift_reason(sobject: str, code: str, reason: str | None) -> str:
    """Why a batch is held whose fields the org no longer takes."""
    return (
        f"Salesforce's {sobject} is not what it was when the batch was planned ({code}). {reason or ''} "
        "Put the fields or the permissions right and resume the batch, or cancel it; its results wait."
    ).replace("  ", " ")
