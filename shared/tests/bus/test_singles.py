"""What was handled goes out at once when nothing else is being handled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

from shared.bus import Received
from shared.bus.claims import Claim
from shared.bus.flush import Told
from shared.bus.outbox import Outgoing
from shared.bus.settlement import Settlement
from shared.bus.singles import SinglesRunner
from shared.events import Event, PromptPrepared

from shared.tests.bus.scene import prompts, result_of


class Noting:
    """A settlement that notes what is asked of it, with a broker that answers at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def post(self, outgoing: Sequence[Outgoing], told: Told) -> None:
        self.asked.append(f"post {len(outgoing)}")
        told({})

    def hurry(self) -> None:
        self.asked.append("hurry")

    def count_done(self, topic: str, count: int = 1) -> None:
        pass


class Held:
    """A claim whose event is known."""

    record, expired, held = None, False, True

    def __init__(self, event: PromptPrepared) -> None:
        self.received = Received(event, {}, "prompts", 0, event.index, 1, None)

    def done(self) -> None:
        self.held = False


async def test_results_wait_for_company_only_while_other_records_are_being_handled() -> None:
    settlement, answered = Noting(), [asyncio.Event() for _ in range(3)]

    async def answer(received: Received[Any]) -> AsyncIterator[Event]:
        await answered[received.event.index].wait()
        yield result_of(received.event)

    runner = SinglesRunner(cast(Settlement, settlement), answer)
    for event in prompts(3):
        runner.begin(cast(Claim, Held(event)))
    for one in (answered[1], answered[0], answered[2]):
        await asyncio.sleep(0.01)
        one.set()
    await asyncio.sleep(0.01)
    assert settlement.asked == ["post 1", "post 1", "post 1", "hurry"]
