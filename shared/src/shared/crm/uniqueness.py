"""E-mails and domains that are unique across runs by construction (S2-53, S2-54, S2-68).

A run's id becomes `TAG_LETTERS` letters (a hash, 61 bits), and a record is named by its tag and its index:

    domain  {company}-{tag}{index}.com                        acme-qhzkvrwtnbxpd42.com
    e-mail  {first}.{last}{index}@{domain}                    jane.doe42@acme-qhzkvrwtnbxpd42.com

The tag has a fixed length and no digit, the index is the digits behind it, and the company's name stands in front of
the last hyphen: so (company, tag, index) can be read back from the domain, and two records of one run never share one,
whatever their companies are called. Two runs share nothing unless their hashes collide: among a million runs with a
probability of about two in ten million. No table, no lock and no search (whose index lags) is needed, on any number of
workers.
"""

from __future__ import annotations

import re
import unicodedata
from hashlib import blake2b

TAG_LETTERS = 13
"""26 ** 13 is about 2 ** 61."""

LONGEST_LABEL = 63
"""Of a host name (RFC 1035)."""

LONGEST_LOCAL = 64
"""Characters before the @ (RFC 5321)."""

_DIGITS = 10
"""An index below 10,000,000,000 fits behind the longest name."""

_NOT_SAID_IN_ASCII = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "þ": "th", "ð": "d"})


def run_tag(run_id: str) -> str:
    """13 letters that stand for a run (a simulation, a batch): the same for the same id, on any machine."""
    number = int.from_bytes(blake2b(run_id.encode(), digest_size=8, person=b"simcrm-run").digest(), "big")
    letters: list[str] = []
    for _ in range(TAG_LETTERS):
        number, letter = divmod(number, 26)
        letters.append(chr(ord("a") + letter))
    return "".join(letters)


def unique_domain(company: str, run_id: str, index: int) -> str:
    """The domain of record `index` of a run: `{company}{index}.com` (S2-54), the tag being part of the company."""
    room = LONGEST_LABEL - 1 - TAG_LETTERS - _DIGITS
    name = slug(company)[:room].strip("-") or "company"
    return f"{name}-{run_tag(run_id)}{_checked(index)}.com"


def unique_email(first_name: str, last_name: str, run_id: str, index: int, domain: str) -> str:
    """The e-mail of record `index` of a run, `{first}.{last}{index}@{domain}` (S2-53).

    Unique by itself within a run and domain; across runs by a domain of `unique_domain`. With another domain
    the run's tag stands in the part before the @ instead.
    """
    tag = run_tag(run_id)
    mark = "" if tag in domain else f".{tag}"
    tail = f"{mark}{_checked(index)}"
    name = f"{slug(first_name).replace('-', '') or 'x'}.{slug(last_name).replace('-', '') or 'x'}"
    return f"{name[: LONGEST_LOCAL - len(tail)].rstrip('.')}{tail}@{domain}"


def external_id(run_id: str, index: int) -> str:
    """The value of `simcrm_external_id`: which record of which run a CRM record is."""
    return f"{run_id}-{_checked(index)}"


def domain_key(domain: str) -> str:
    """One company, one key: lower case, without a scheme, `www.`, path or final dot."""
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", domain.strip().casefold())
    host = re.split(r"[/?#:]", host, maxsplit=1)[0].rstrip(".")
    return host.removeprefix("www.")


def slug(text: str) -> str:
    """Letters and digits of ASCII, words joined by hyphens; empty where there are none."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_NOT_SAID_IN_ASCII))
    ascii_only = "".join(char for char in plain if char.isascii())
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.replace("'", "")).strip("-")


def _checked(index: int) -> int:
    if not 0 <= index < 10**_DIGITS:
        raise ValueError(f"an index is between 0 and {10**_DIGITS - 1}")
    return index
