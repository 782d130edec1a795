"""Where a page ends, as text that callers pass back without reading it."""

from __future__ import annotations

import base64
import binascii
import json

from gateway.api.problems import Mistake, unprocessable


def cursor_of(*position: int | float | str) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def index_after(cursor: str | None) -> int:
    """The index that a records cursor names; 0 without one. Raises a 422 problem for anything else."""
    position = _position(cursor) if cursor else [0]
    if len(position) == 1 and type(position[0]) is int and 0 <= position[0] < 2**62:
        return position[0]
    raise _not_ours()


def batch_before(cursor: str | None) -> tuple[float, str] | None:
    """(created_at, batch_id) that a batches cursor names."""
    if not cursor:
        return None
    position = _position(cursor)
    if len(position) == 2 and isinstance(position[0], int | float) and isinstance(position[1], str):
        return float(position[0]), position[1]
    raise _not_ours()


def _position(cursor: str) -> list[object]:
    try:
        found = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _not_ours() from error
    return found if isinstance(found, list) else []


def _not_ours() -> Exception:
    return unprocessable([Mistake("/cursor", "this is no cursor of this list", "pass `next_cursor` as it came")])
