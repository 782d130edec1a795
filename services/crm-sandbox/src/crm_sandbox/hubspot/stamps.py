"""HubSpot's moments: milliseconds inside, ISO 8601 with Z on the wire, either where a client sends one."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Years 1 to 9999: what a calendar can name.
_LEAST_MS = -62_135_596_800_000
_MOST_MS = 253_402_300_799_999


@lru_cache(maxsize=256)
def stamp(ms: int) -> str:
    """`2026-11-21T02:00:14.120Z`; a hundred records of a batch share theirs."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_ms(text: str) -> int:
    """Milliseconds from digits or ISO 8601; a date alone is its midnight in UTC. ValueError otherwise."""
    digits = text[1:] if text.startswith("-") else text
    if digits.isdecimal() and digits.isascii() and len(digits) > 4:
        ms = int(text)
        if not _LEAST_MS <= ms <= _MOST_MS:
            raise ValueError(f"{text} is no moment of the calendar")
        return ms
    if "-" not in text[1:]:
        raise ValueError(f"{text} is no moment")
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def day_of(text: str) -> date:
    """The day of a date property: `YYYY-MM-DD`, or a moment at midnight UTC. ValueError otherwise."""
    ms = moment_ms(text)
    if ms % 86_400_000:
        raise ValueError("not midnight")
    return (_EPOCH + timedelta(milliseconds=ms)).date()
