"""How a handler of many says that some of its records may go well later, while the others are done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.bus.codec import Received
from shared.errors import Retryable

Later = Sequence[tuple[Received[Any], Retryable]]


class Postponed(Exception):  # not an error of the group
    """Raised at the end of a handler: these records go to the retry topics, each for its reason, and no others."""

    def __init__(self, later: Later) -> None:
        super().__init__(f"{len(later)} records may go well later")
        self.later = later
