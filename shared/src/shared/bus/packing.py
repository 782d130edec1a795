"""Verdicts that leave together travel together: one record for what would be two hundred."""

from __future__ import annotations

from collections.abc import Sequence

from shared.bus.outbox import Outgoing
from shared.events import CHUNK, RecordSettled, RecordsSettled
from shared.telemetry import is_sampled

MOST_BYTES = 700_000
"""Of one record, by the upper bound below: a broker takes 1,048,588 with its envelope."""

_LETTER = 12
"""Bytes that a letter of an answer may become: six where JSON escapes it, in the text and in the parsed values."""

_FRAME = 4_000
"""More than all else of a verdict may become: names, ids, a reason."""


def verdicts_together(outgoing: Sequence[Outgoing]) -> list[Outgoing]:
    """Verdicts of one chunk as one event. Those whose trace is kept stay alone: a record has one trace parent."""
    packed: list[Outgoing] = []
    groups: dict[tuple[str, int], list[RecordSettled]] = {}
    parents: dict[tuple[str, int], str | None] = {}
    room: dict[tuple[str, int], int] = {}
    for event, parent in outgoing:
        # By type: asking a pydantic class whether something is its instance takes ten times as long.
        if type(event) is not RecordSettled or is_sampled(parent):
            packed.append((event, parent))
            continue
        chunk = (event.batch_id, event.index // CHUNK)
        size = _FRAME + _LETTER * len(event.answer or "")
        if chunk in groups and room[chunk] < size:
            packed.append(_packed(groups.pop(chunk), parents[chunk]))
        if chunk not in groups:
            groups[chunk], parents[chunk], room[chunk] = [], parent, MOST_BYTES
        groups[chunk].append(event)
        room[chunk] -= size
    packed += [_packed(verdicts, parents[chunk]) for chunk, verdicts in groups.items()]
    return packed


def _packed(verdicts: list[RecordSettled], parent: str | None) -> Outgoing:
    if len(verdicts) == 1:
        return verdicts[0], parent
    # Its parts are events already: nothing is left to validate.
    return RecordsSettled.model_construct(batch_id=verdicts[0].batch_id, verdicts=verdicts), parent
