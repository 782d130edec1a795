"""What no service could handle: listed with its reason, and sent back once the cause is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from shared.bus.dead_letters import DeadLetter
from shared.telemetry import get_logger

from gateway.api.batches import Here
from gateway.api.docs import json_body_of
from gateway.api.problems import Mistake, Problem, unprocessable
from gateway.api.requests import ReplayRequest, body_of

router = APIRouter(prefix="/api/dead-letters", tags=["dead letters"])
SHOWN_CHARS = 2_000
WITHIN_S = 20.0
T = TypeVar("T")


@router.get("")
async def list_dead_letters(
    gateway: Here, topic: str | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> dict[str, Any]:
    """The newest dead letters, or the newest that came from one topic."""
    found = await _answered(gateway.letters.read(limit, topic))
    return {"items": [_view(letter) for letter in found]}


@router.post("/replay", status_code=202, openapi_extra=json_body_of("ReplayRequest"))
async def replay_dead_letters(request: Request, gateway: Here) -> dict[str, Any]:
    """Publish these again where they came from. Truncated ones and those whose retention is over cannot be."""
    ids = list(dict.fromkeys((await body_of(ReplayRequest, request)).ids))
    replayed = await _answered(gateway.letters.replay([_position(at, id_) for at, id_ in enumerate(ids)]))
    sent = {f"{partition}:{offset}" for partition, offset in replayed}
    return {"replayed": sorted(sent), "not_replayed": [id_ for id_ in ids if id_ not in sent]}


async def _answered(work: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(WITHIN_S):
            return await work
    except Exception as error:
        get_logger().warning("dead_letters_unavailable", error=type(error).__name__)
        raise Problem(
            503,
            "The message broker does not answer. Try again.",
            slug="broker-unavailable",
            headers={"Retry-After": "5"},
        ) from error


def _position(at: int, id_: str) -> tuple[int, int]:
    partition, colon, offset = id_.partition(":")
    if colon and partition.isdecimal() and offset.isdecimal() and len(id_) < 30:
        return int(partition), int(offset)
    raise unprocessable([Mistake(f"/ids/{at}", "this is no id of a dead letter", "ids look like 3:1284")])


def _view(letter: DeadLetter) -> dict[str, Any]:
    value = None if letter.value is None else letter.value[: SHOWN_CHARS * 4].decode(errors="replace")[:SHOWN_CHARS]
    return {
        "id": f"{letter.partition}:{letter.offset}",
        "reason": letter.reason,
        "error": letter.error,
        "service": letter.service,
        "topic": letter.topic,
        "partition": letter.origin_partition,
        "offset": letter.origin_offset,
        "published_at": _time(letter.timestamp),
        "buried_at": _time(letter.buried_at),
        "key": None if letter.key is None else letter.key.decode(errors="replace"),
        "value": value,
        "bytes": letter.truncated_from or len(letter.value or b""),
        "replayable": letter.truncated_from is None,
    }


def _time(milliseconds: int) -> str | None:
    if not 0 < milliseconds < 253_402_300_800_000:  # the year 10000: what a producer wrote there is no time
        return None
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
