"""What the writer knows of batches: the latest control event of each."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable

from shared.events import BatchControlled, BatchPlan, Event, HubSpotTarget, RecordGenerated, SalesforceTarget

Released = Callable[[str], None]

FINISHED = 100_000
"""Finished batches that are remembered: a result of theirs that comes again is dropped, not waited for."""


class PlanBook:
    """Plans by batch, kept up to date by the compacted control topic."""

    def __init__(self, released: Released) -> None:
        """`released` is called with the batch whose plan has come."""
        self._plans: dict[str, BatchControlled] = {}
        self._groups: dict[str, tuple[str, ...]] = {}
        self._finished: OrderedDict[str, None] = OrderedDict()
        self._released = released
        self._held: dict[str, str] = {}
        """Batches whose results wait, with the state that was heard since: `asked` until the pause is announced."""

    def note(self, key: str, event: Event | None) -> None:
        """The latest word on a batch. Of a finished one only that it is finished."""
        batch_id = event.batch_id if isinstance(event, BatchControlled) else key
        known = self.knows(batch_id) and not self._is_let_go(batch_id, event)
        self._finished.pop(batch_id, None)
        if isinstance(event, BatchControlled) and event.plan is not None:
            self._plans[batch_id] = event
            self._groups[batch_id] = target_of(event.plan)
        else:
            self._plans.pop(batch_id, None)
            self._groups.pop(batch_id, None)
            self._finished[batch_id] = None
            if len(self._finished) > FINISHED:
                self._finished.popitem(last=False)
        if not known:
            self._released(batch_id)

    def knows(self, batch_id: str) -> bool:
        """Whether anything was heard of the batch; its results need not wait then."""
        return batch_id in self._plans or batch_id in self._finished

    def plan(self, batch_id: str) -> BatchPlan | None:
        """The plan, if the batch is known and not finished."""
        found = self._plans.get(batch_id)
        return found.plan if found else None

    def hold(self, batch_id: str) -> None:
        """Results of the batch wait until somebody resumes or cancels it."""
        found = self._plans.get(batch_id)
        self._held.setdefault(batch_id, found.state if found and found.state == "paused" else "asked")

    def is_held(self, batch_id: str) -> bool:
        """Whether its results wait."""
        return batch_id in self._held

    def _is_let_go(self, batch_id: str, event: Event | None) -> bool:
        """Whether results that waited may go on. A `running` from before the pause says nothing."""
        state = event.state if isinstance(event, BatchControlled) else "finished"
        if batch_id not in self._held or (state == "running" and self._held[batch_id] == "asked"):
            return False
        if state == "paused":
            self._held[batch_id] = state
            return False
        del self._held[batch_id]
        return True

    def is_cancelled(self, batch_id: str) -> bool:
        """Whether what is not written yet is not wanted any more."""
        found = self._plans.get(batch_id)
        return found is not None and found.state == "cancelled"

    def group_of(self, result: RecordGenerated) -> Hashable:
        """Results that may share a call: those of one target in one org; of an unknown batch, its own.

        The plan may come while a group is being collected: a group is taken apart again by whoever writes it.
        """
        if result.batch_id in self._held:
            return "unknown", result.batch_id
        return self._groups.get(result.batch_id) or ("unknown", result.batch_id)


def plan_key(batch_id: str) -> str:
    """Under which results wait: for the plan of their batch, or for somebody to resume it."""
    return f"plan:{batch_id}"


def target_of(plan: BatchPlan) -> tuple[str, ...]:
    """Kind of target, and what one call to it is about. A test is never written, whatever its target."""
    target = plan.target
    if plan.mode == "plan":
        return "plan", target.kind, getattr(target, "object", ""), getattr(target, "external_id", None) or ""
    if plan.mode == "test" or not isinstance(target, SalesforceTarget | HubSpotTarget):
        return ("none" if plan.mode == "test" else target.kind,)
    if isinstance(target, HubSpotTarget):
        return target.kind, target.object, target.external_id or "", plan.source_kind or "", plan.source_object or ""
    return target.kind, target.object, target.external_id or ""


def stays_here(group: Hashable) -> bool:
    """Whether the results of a group are written nowhere, so that they need no company to save a call."""
    return group in (("none",), ("csv",))
