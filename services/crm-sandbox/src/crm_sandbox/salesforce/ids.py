"""Salesforce record ids: 15 characters that count case, and 18 that need not."""

import re
from functools import lru_cache
from itertools import product

# In this order the ids of later records sort after those of earlier ones, which keyset paging relies on.
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "RS0"
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?\Z")


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of an object's n-th record."""
    high, low = divmod(number, len(_PAIRS))
    shared, checks, bits = _neighbours(prefix, high)
    pair, own = _PAIRS[low]
    return f"{shared}{pair}{checks}{_CHECK[bits | own]}"


def checksum(short: str) -> str:
    """Three characters that say which of the fifteen are upper case."""
    return _check(short[:5]) + _check(short[5:10]) + _check(short[10:15])


def to_18(text: str) -> str | None:
    """The 18-character form of an id, or None when it is not one."""
    if not _ID.match(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    return text if checksum(text[:15]) == text[15:] else None


@lru_cache(maxsize=1_024)
def _neighbours(prefix: str, high: int) -> tuple[str, str, int]:
    """What 3,844 ids in a row share: thirteen characters, two of the check, and their bits of the third."""
    digits = ""
    while high:
        high, rest = divmod(high, 62)
        digits = _DIGITS[rest] + digits
    shared = prefix + _INSTANCE + digits.rjust(7, "0")
    return shared, _check(shared[:5]) + _check(shared[5:10]), _capitals(shared[10:])


@lru_cache(maxsize=65_536)
def _check(five: str) -> str:
    return _CHECK[_capitals(five)]


def _capitals(text: str) -> int:
    """A bit for each character that is upper case, the lowest for the first."""
    return sum(1 << bit for bit, char in enumerate(text) if "A" <= char <= "Z")


# The last two digits of an id, and their bits in the check of the five characters that they end.
_PAIRS = [(pair, _capitals(pair) << 3) for pair in map("".join, product(_DIGITS, repeat=2))]
