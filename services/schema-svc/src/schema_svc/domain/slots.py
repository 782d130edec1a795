"""Slots of a prompt, and what is put into them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from shared.errors import Rejected
from shared.events import BatchSpec, HubSpotTarget, SalesforceTarget

SLOT = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
"""What else stands in double braces is text; the workers that render a prompt see it the same way."""

NOT_SPECIFIED = "not specified"
EmptySlot = Literal["leave", "default", "skip"]


class Refused(Rejected):
    """The batch cannot run as described; the message names what is wrong and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, category="validation")


@dataclass(frozen=True)
class Needed:
    """Fields that a batch reads of each record."""

    slots: tuple[str, ...]
    external_id: str | None
    empty_slot: EmptySlot = "leave"

    @property
    def fields(self) -> tuple[str, ...]:
        """Slots and external id, each once."""
        return tuple(dict.fromkeys((*self.slots, *([self.external_id] if self.external_id else []))))

    @classmethod
    def of(cls, spec: BatchSpec) -> Needed:
        """What `spec` reads."""
        target = spec.target
        external_id = target.external_id if isinstance(target, SalesforceTarget | HubSpotTarget) else None
        if spec.prompt is None:
            return cls((), external_id)
        texts = (spec.prompt.template, spec.prompt.system or "")
        slots = dict.fromkeys(slot for text in texts for slot in SLOT.findall(text))
        return cls(tuple(slots), external_id, spec.prompt.empty_slot)


def refuse_unknown(needed: Needed, known: Collection[str], where: str) -> None:
    """Every slot and the external id must be a field of `where`; the sentence names the first that is not."""
    for slot in needed.slots:
        if slot not in known:
            raise Refused(f"The slot {{{{{slot}}}}} is not a field of {where}.{did_you_mean(slot, known)}")
    if needed.external_id and needed.external_id not in known:
        raise Refused(
            f"The target upserts by {needed.external_id}, but {where} has no such field to read it from."
            f"{did_you_mean(needed.external_id, known)}"
        )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint with the nearest known name, or nothing."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean {by_folded[near[0]]}?" if near else ""


def empty_slot(values: Mapping[str, Any], needed: Needed) -> str | None:
    """The first slot without a value, if the batch skips such records."""
    if needed.empty_slot != "skip":
        return None
    return next((slot for slot in needed.slots if is_empty(values.get(slot))), None)


def filled(values: Mapping[str, Any], needed: Needed) -> dict[str, Any]:
    """The values that a prompt needs and no others, with what the batch wants in empty slots."""
    instead = NOT_SPECIFIED if needed.empty_slot == "default" else ""
    found: dict[str, Any] = {}
    for slot in needed.slots:
        value = values.get(slot)
        found[slot] = instead if is_empty(value) else value
    if needed.external_id:
        found[needed.external_id] = values.get(needed.external_id)
    return found


def is_empty(value: object) -> bool:
    """Nothing, or nothing but white space. Zero and false are values."""
    return value is None or (isinstance(value, str) and not value.strip())
