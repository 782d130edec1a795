"""Slots of a prompt template: `{{Field}}`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

SLOT = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


def slots_of(template: str) -> list[str]:
    """Names of the slots, each once, in order of appearance."""
    return list(dict.fromkeys(SLOT.findall(template)))


def unknown_slots(template: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Slots that no row has a value for; a slot that only some rows lack is an empty slot, not a mistake."""
    known = {key for row in rows for key in row}
    return [slot for slot in slots_of(template) if slot not in known]
