"""What writing a record would change, and what a target must offer for plan, apply and undo."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Protocol

from shared.events import BatchPlan, Change, RecordGenerated
from shared.events.spec import Target as TargetSpec

from writer_svc.domain.verdicts import Verdict

Values = Mapping[str, Any]
Phase = Literal["planned", "applied", "found", "closed"]
"""found: it was there already when it was to be created, so it is never deleted."""


@dataclass(frozen=True, slots=True)
class Parent:
    """A record that some of the batch belong to, as contacts to their company; written with the first of them."""

    name: str
    """As the change calls it: `company`."""
    key: str
    """By which the target finds it: the same for all records that share it."""
    body: Values
    before: Values | None
    crm_id: str | None = None
    phase: Phase = "planned"

    @property
    def changes(self) -> bool:
        """Whether writing it does anything."""
        return self.before is None or any(not same(self.before.get(name), value) for name, value in self.body.items())


@dataclass(frozen=True, slots=True)
class Bond:
    """An association that the record lacks."""

    object_type: str
    crm_id: str | None
    """The record at the other end; None: the parent, which may have to be created first."""
    primary: bool = False
    was_there: bool = False
    """They were associated already, only not as the primary ones: undoing leaves that."""
    instead_of: str | None = None
    """What was the primary one before, and is again after undoing."""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One record of a plan: enough to do it, and to take it back."""

    result: RecordGenerated
    crm_id: str | None
    """None: the record is to be created; once it was, its id."""
    key: str
    """By which the target finds the record: an id, or the external id as it is sent."""
    body: Values
    """The fields as they are written."""
    before: Values | None
    """The same fields as they were; None: there was no record."""
    action: Literal["create", "update", "unchanged"]
    parent: Parent | None = None
    bonds: tuple[Bond, ...] = ()

    def change(self) -> Change:
        """The diff: only fields that change, `company.name` and the like of the parent, `associations.contacts`."""
        fields = _diff(self.before, self.body)
        if self.parent is not None:
            fields |= _diff(self.parent.before, self.parent.body, f"{self.parent.name}.")
        for bond in self.bonds:
            other = self.other_end(bond) or (self.parent and self.parent.key)
            name = f"associations.{bond.object_type}"
            if bond.primary:
                fields[f"{name}.primary"] = {"before": bond.instead_of, "after": other}
            else:
                fields.setdefault(name, {"before": None, "after": []})["after"].append(other)
        return Change(action=self.action, fields=fields)

    def other_end(self, bond: Bond) -> str:
        """The record that a bond leads to; empty while the parent is not created yet."""
        return bond.crm_id or (self.parent and self.parent.crm_id) or ""

    def related(self, parent: Parent | None, bonds: tuple[Bond, ...]) -> PlanRow:
        """The row with what it belongs to: not unchanged any more if that changes."""
        idle = self.action == "unchanged" and not bonds and not (parent and parent.changes)
        action = self.action if idle or self.action != "unchanged" else "update"
        return replace(self, parent=parent, bonds=bonds, action=action)


FOUND = "ALREADY_THERE"
"""Code of a record that was to be created, and is there with just these values: not ours to delete."""

Looked = tuple[RecordGenerated, PlanRow | Verdict]
Done = list[tuple[PlanRow, Verdict]]


class Planner(Protocol):
    """What a target offers beyond writing. One registry line makes its batches plannable."""

    async def look(self, results: Sequence[tuple[RecordGenerated, BatchPlan]]) -> list[Looked]:
        """Compare with the CRM as it is now: a row of the plan, or why the record is refused."""

    async def apply(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Do what the rows say; refuse what was changed since."""

    async def undo(self, target: TargetSpec, rows: Sequence[PlanRow]) -> Done:
        """Restore what was, and delete what was created; refuse what was changed since."""


class Approvals(Protocol):
    """Plans that are to be applied or undone."""

    async def approve(self, batch_id: str, epoch: int, *, undo: bool) -> None:
        """Durable when it returns; the same again changes nothing."""


class PlanStore(Approvals, Protocol):
    """Where plans are kept."""

    async def keep(self, batch_id: str, target: TargetSpec, rows: Sequence[PlanRow]) -> list[PlanRow]:
        """The rows as they are kept: of a record that was planned before, as it was then."""

    async def open_approvals(self) -> list[tuple[str, int, bool]]: ...
    async def target(self, batch_id: str) -> TargetSpec | None: ...
    def rows(self, batch_id: str, phase: Phase) -> AsyncIterator[list[PlanRow]]: ...
    async def settle(self, batch_id: str, rows: Sequence[tuple[PlanRow, Phase, str | None]]) -> None: ...
    async def close(self, batch_id: str, epoch: int) -> None: ...


def plan_row(result: RecordGenerated, key: str, body: Values, now: Values | None, crm_id: str | None) -> PlanRow:
    """The row that writes `body` over what is there `now`."""
    if now is None:
        return PlanRow(result, None, key, dict(body), None, "create")
    before = {name: now.get(name) for name in body}
    unchanged = all(same(before[name], value) for name, value in body.items())
    return PlanRow(result, crm_id, key, dict(body), before, "unchanged" if unchanged else "update")


def _diff(before: Values | None, after: Values, prefix: str = "") -> dict[str, dict[str, Any]]:
    was = before or {}
    changed = {name: value for name, value in after.items() if not same(was.get(name), value)}
    return {f"{prefix}{name}": {"before": was.get(name), "after": value} for name, value in changed.items()}


def agrees(now: Values | None, expected: Values | None) -> bool:
    """Whether the CRM is as the plan has left or found it."""
    if now is None or expected is None:
        return now is None and expected is None
    return all(same(now.get(name), value) for name, value in expected.items())


def same(one: Any, other: Any) -> bool:
    """Equal to a CRM: nothing and an empty text are the same, and so is one moment in two notations."""
    one, other = (None if value == "" else value for value in (one, other))
    if isinstance(one, bool) is isinstance(other, bool) and one == other:
        return True
    if isinstance(one, str) and isinstance(other, str):
        return _moment(one) is not None and _moment(one) == _moment(other)
    return False


def _moment(text: str) -> datetime | None:
    if len(text) < 19 or text[4:5] != "-" or text[10:11] != "T":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
