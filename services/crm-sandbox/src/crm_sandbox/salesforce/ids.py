"""Salesforce record ids: 15 characters that count case, and 18 that need not."""

import re
from functools import lru_cache

# In this order the ids of later records sort after those of earlier ones, which keyset paging relies on.
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE = "RS0"
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?\Z")


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of an object's n-th record."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    short = prefix + _INSTANCE + digits.rjust(9, "0")
    return short + checksum(short)


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


@lru_cache(maxsize=65_536)
def _check(five: str) -> str:
    """Cached, because the ids of neighbours share most of their digits."""
    return _CHECK[sum(1 << bit for bit, char in enumerate(five) if "A" <= char <= "Z")]
