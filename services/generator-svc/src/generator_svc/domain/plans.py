"""The plan book: what the control topic says about the batches that are being worked on."""

from __future__ import annotations

from collections.abc import Callable

from shared.events import BatchControlled, BatchPlan

from generator_svc.domain.work import Work


class PlanBook:
    """Plans and states by batch. Finished batches are forgotten, so that memory follows what runs."""

    def __init__(
        self,
        open_work: Callable[[str, BatchPlan], Work],
        *,
        release: Callable[[str], None],
        stopped: Callable[[str], None],
    ) -> None:
        """`release` frees parked records; `stopped` wakes prompts that wait for a call of a batch."""
        self._open_work = open_work
        self._release = release
        self._stopped = stopped
        self._works: dict[str, Work] = {}

    def __len__(self) -> int:
        return len(self._works)

    def find(self, batch_id: str) -> Work | None:
        """The batch, if it is known and not finished."""
        return self._works.get(batch_id)

    def learn(self, batch_id: str, event: BatchControlled | None) -> None:
        """Take over the latest word on a batch."""
        if event is None or event.plan is None or event.state == "finished":
            return self._forget(batch_id)
        work = self._works.get(batch_id)
        if work is None:
            work = self._works[batch_id] = self._open_work(batch_id, event.plan)
        elif work.plan != event.plan:
            work.follow(self._open_work(batch_id, event.plan))
        work.state = event.state
        if event.state != "running":
            self._stopped(batch_id)
        self._let_go(batch_id, paused=event.state == "paused")

    def _forget(self, batch_id: str) -> None:
        work = self._works.pop(batch_id, None)
        if work is not None:
            work.state = "finished"
            self._stopped(batch_id)

    def _let_go(self, batch_id: str, *, paused: bool) -> None:
        self._release(waiting_for_plan(batch_id))
        if not paused:
            self._release(waiting_for_resume(batch_id))


def waiting_for_plan(batch_id: str) -> str:
    """Key of records whose batch is not known yet."""
    return f"plan:{batch_id}"


def waiting_for_resume(batch_id: str) -> str:
    """Key of records whose batch is paused."""
    return f"paused:{batch_id}"
