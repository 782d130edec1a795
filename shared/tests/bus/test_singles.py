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


async def test_records_whose_handlers_wait_begin_many_at_a_turn() -> None:
    begun, everybody = 0, asyncio.Event()

    async def wait(received: Received[Any]) -> AsyncIterator[Event]:
        nonlocal begun
        begun += 1
        await everybody.wait()
        yield result_of(received.event)

    runner = SinglesRunner(cast(Settlement, Noting()), wait)
    for event in prompts(200):
        runner.begin(cast(Claim, Held(event)))
    for _ in range(25):
        await asyncio.sleep(0)
    assert begun == 200
    everybody.set()
    await asyncio.sleep(0.01)


async def test_records_whose_handlers_never_wait_share_a_worker() -> None:
    most = 0

    async def answer(received: Received[Any]) -> AsyncIterator[Event]:
        nonlocal most
        most = max(most, len(asyncio.all_tasks()))
        yield result_of(received.event)

    alone = len(asyncio.all_tasks())
    runner, claims = SinglesRunner(cast(Settlement, Noting()), answer), [Held(event) for event in prompts(40)]
    for claim in claims:
        runner.begin(cast(Claim, claim))
    await asyncio.sleep(0.01)
    assert not any(claim.held for claim in claims)
    assert most <= alone + 2
