"""Batches that cannot go on wait with a reason, and go on when they can."""

from typing import Any

from shared.events import BatchCancelled, BatchPaused, BatchResumed, Event
from writer_svc.domain.plans import PlanBook
from writer_svc.steering import Steering


class Remembered:
    """Holds beyond a restart, and what was published."""

    def __init__(self) -> None:
        self.batches: set[str] = set()
        self.published: list[Event] = []
        self.room = False

    async def held(self) -> set[str]:
        return set(self.batches)

    async def hold(self, batch_id: str) -> None:
        self.batches.add(batch_id)

    async def let_go(self, batch_id: str) -> None:
        self.batches.discard(batch_id)

    async def publish(self, event: Event) -> None:
        self.published.append(event)

    async def has_room(self) -> bool:
        return self.room


def steering_of(kept: Remembered, plans: PlanBook) -> Steering:
    return Steering(kept.publish, plans, kept, kept.has_room)


async def test_fifty_results_that_meet_one_trouble_pause_their_batch_once() -> None:
    kept, plans = Remembered(), PlanBook(lambda _: None)
    steering = steering_of(kept, plans)
    for _ in range(50):
        await steering.pause("b", "the field is gone")
    assert kept.published == [BatchPaused(batch_id="b", requested_by="writer-svc", reason="the field is gone")]
    assert plans.is_held("b")


async def test_results_go_on_when_the_batch_is_resumed_and_not_by_a_word_from_before(
    make_control: Any, make_plan: Any
) -> None:
    released: list[str] = []
    plans = PlanBook(released.append)
    plans.note("b", make_control("running", make_plan()))
    released.clear()
    plans.hold("b")
    plans.note("b", make_control("running", make_plan()))
    assert (plans.is_held("b"), released) == (True, []), "said before the pause"
    plans.note("b", make_control("paused", make_plan()))
    plans.note("b", make_control("running", make_plan()))
    assert (plans.is_held("b"), released) == (False, ["b"])


async def test_a_held_batch_that_is_cancelled_or_finished_waits_no_more(make_control: Any, make_plan: Any) -> None:
    released: list[str] = []
    plans = PlanBook(released.append)
    for batch_id, state in (("a", "cancelled"), ("b", "finished")):
        plans.note(batch_id, make_control("running", make_plan(), batch_id))
        plans.hold(batch_id)
        released.clear()
        plans.note(batch_id, make_control(state, make_plan() if state == "cancelled" else None, batch_id))
        assert (plans.is_held(batch_id), released) == (False, [batch_id])


async def test_what_waits_for_room_is_resumed_when_there_is_some_also_after_a_restart() -> None:
    kept = Remembered()
    await steering_of(kept, PlanBook(lambda _: None)).wait_for_room(["a", "b"], "4,750 of 5,000 requests are used")
    assert [type(event) for event in kept.published] == [BatchPaused, BatchPaused]
    later = steering_of(kept, PlanBook(lambda _: None))
    await later.let_go()
    assert len(kept.published) == 2
    kept.room = True
    await later.let_go()
    await later.let_go()
    assert kept.published[2:] == [BatchResumed(batch_id=name, requested_by="writer-svc") for name in ("a", "b")]
    assert kept.batches == set()


async def test_each_crm_has_room_of_its_own(make_control: Any, make_plan: Any) -> None:
    kept, plans, portal = Remembered(), PlanBook(lambda _: None), Remembered()
    plans.note("h", make_control("running", make_plan({"kind": "hubspot", "object": "contacts"}), "h"))
    plans.note("s", make_control("running", make_plan(), "s"))
    steering = Steering(kept.publish, plans, kept, kept.has_room, {"hubspot": portal.has_room})
    await steering.wait_for_room(["h", "s"], "used up")
    kept.published.clear()
    portal.room = True
    await steering.let_go()
    assert kept.published == [BatchResumed(batch_id="h", requested_by="writer-svc")]
    assert kept.batches == {"s"}


async def test_a_batch_that_can_never_go_on_is_cancelled_with_the_reason(make_control: Any, make_plan: Any) -> None:
    kept, plans = Remembered(), PlanBook(lambda _: None)
    plans.note("b", make_control("running", make_plan()))
    steering = steering_of(kept, plans)
    await steering.cancel("b", "the org is full")
    plans.note("b", make_control("cancelled", make_plan()))
    await steering.cancel("b", "the org is full")
    assert kept.published == [BatchCancelled(batch_id="b", requested_by="writer-svc", reason="the org is full")]
