"""Identifiers and codes: numbered, random, by a pattern."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.rows.texts import CROCKFORD, fixed_width, joined, numbered, symbols, take
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.filling import filled
from generator_svc.vocabulary.formulas import NotAFormula, pattern
from generator_svc.vocabulary.kinds import Kind, Parameter, Parameters

_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
_DASH = np.uint8(ord("-"))
_UUID_GROUPS = ((0, 0, 8), (9, 8, 12), (14, 12, 16), (19, 16, 20), (24, 20, 32))
_TEXT = Parameter("text", "text", None, 1, 200, "`#` a digit, `?` a letter")
_LENGTH = Parameter("digits", "integer", 8, 1, 100, "how many symbols")
_PER_DRAW = 8
_CODE_SPACE = 1 << 30
"""Different codes: 32 symbols at six places."""


def sequence(field: FieldSlice) -> pa.Array:
    """Prefix and row number: unique, in order."""
    numbers = field.draws.indices.astype(np.int64) + field["start"]
    prefix, width = field["prefix"], field["width"]
    if width and prefix.isascii() and field.count and numbers[-1] < 10**width:
        return numbered(prefix, numbers.astype(np.uint64), width)
    texts = pc.cast(pa.array(numbers), pa.string())
    if width:
        texts = pc.utf8_lpad(texts, width, "0")
    return joined([prefix, texts], "")


def row_numbers(field: FieldSlice) -> pa.Array:
    """The row number."""
    return pa.array(field.draws.indices.astype(np.int64) + field["start"])


def uuids(field: FieldSlice) -> pa.Array:
    """Version 4, of 122 random bits."""
    bits = field.draws.bits(f"{field.stream}/uuid", 2)
    digits = np.hstack([_nibbles(bits[:, 0]), _nibbles(bits[:, 1])])
    digits[:, 12] = 4
    digits[:, 16] = 8 + (digits[:, 16] & 3)
    out = np.full((field.count, 36), _DASH, dtype=np.uint8)
    for place, first, end in _UUID_GROUPS:
        out[:, place : place + end - first] = _HEX[digits[:, first:end]]
    return fixed_width(out)


def codes(field: FieldSlice) -> pa.Array:
    """`ABC-7K3Q9F`: six symbols that no two rows below 2³⁰ share, behind the prefix."""
    numbers = field.draws.unique(f"{field.stream}/code", _CODE_SPACE)
    body = fixed_width(symbols(numbers, 6, CROCKFORD))
    if field["prefix"]:
        return joined([field["prefix"], body], "-")
    letters = np.frombuffer(b"ABCDEFGHJKLMNPQRSTUVWXYZ", dtype=np.uint8)
    head = fixed_width(symbols(field.below("head", len(letters) ** 3).astype(np.uint64), 3, letters))
    return joined([head, body], "-")


def patterned(field: FieldSlice) -> pa.Array:
    """The text with its places filled."""
    return filled(pattern(field["text"], "bothify"), field.part("pattern"))


def symbols_of(alphabet: str, fixed: int = 0) -> Callable[[FieldSlice], pa.Array]:
    """A type of so many symbols of an alphabet."""
    codes = np.frombuffer(alphabet.encode(), dtype=np.uint8)

    def make(field: FieldSlice) -> pa.Array:
        width = fixed or field["digits"]
        drawn = [symbols(field.bits(f"symbols{place}"), _PER_DRAW, codes) for place in range(0, width, _PER_DRAW)]
        return fixed_width(np.hstack(drawn)[:, :width])

    return make


def ipv4(field: FieldSlice) -> pa.Array:
    """An address of the blocks kept for documentation (RFC 5737)."""
    block = take(pa.array(["192.0.2", "198.51.100", "203.0.113"]), field.below("block", 3))
    return joined([block, pc.cast(pa.array(1 + field.below("host", 254)), pa.string())], ".")


def hexes(field: FieldSlice) -> pa.Array:
    """Six hexadecimal digits behind `#`."""
    digits = symbols(field.below("colour", 1 << 24).astype(np.uint64), 6, _HEX)
    return joined(["#", fixed_width(digits)], "")


def _nibbles(bits: NDArray[np.uint64]) -> NDArray[np.uint8]:
    shifts = np.arange(60, -4, -4, dtype=np.uint64)
    return ((bits[:, np.newaxis] >> shifts) & np.uint64(15)).astype(np.uint8)


def _fillable(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if parameters["text"] is None:
        yield "text", "a pattern such as `??-####` is needed"
        return
    try:
        pattern(parameters["text"], "bothify")
    except NotAFormula:
        yield "text", "`!` and `@` (perhaps a digit) cannot be used here; write `#` for a digit, `?` for a letter"


def _plain_prefix(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if re.match(r"[=+\-@\t\r]", parameters["prefix"]):
        yield "prefix", "spreadsheets would take such a value for a formula"


_PREFIX = Parameter("prefix", "text", "", 0, 40, "what stands before it")
_FROM = Parameter("start", "integer", 1, 0, 10**14, "number of the first row")

KINDS: tuple[Kind, ...] = (
    Kind("sequence", "identifiers", "prefix and row number, unique", sequence, pa.string(),
         (_PREFIX, _FROM, Parameter("width", "integer", 0, 0, 18, "digits, with leading zeros")), _plain_prefix),
    Kind("row_number", "identifiers", "the row number", row_numbers, pa.int64(), (_FROM,)),
    Kind("uuid4", "identifiers", "a random UUID", uuids, pa.string()),
    Kind("sku", "commerce", "an article code, unique", codes, pa.string(), (_PREFIX,), _plain_prefix),
    Kind("bothify", "identifiers", "a text by a pattern", patterned, pa.string(), (_TEXT,), _fillable),
    Kind("digits", "identifiers", "a code of digits", symbols_of("0123456789"), pa.string(), (_LENGTH,)),
    Kind("letters", "identifiers", "a code of letters", symbols_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), pa.string(),
         (_LENGTH,)),
    Kind("alphanumeric", "identifiers", "a code of letters and digits", symbols_of("ABCDEFGHJKLMNPQRSTUVWXYZ23456789"),
         pa.string(), (_LENGTH,)),
    Kind("hex_code", "identifiers", "hexadecimal digits", symbols_of("0123456789abcdef"), pa.string(), (_LENGTH,)),
    Kind("ipv4", "internet", "an IPv4 address kept for documentation", ipv4, pa.string()),
    Kind("hex_color", "color", "a colour such as #3fa9c1", hexes, pa.string()),
    Kind("account_number", "finance", "ten digits", symbols_of("0123456789", 10), pa.string()),
    Kind("pin", "finance", "four digits", symbols_of("0123456789", 4), pa.string()),
    Kind("mongodb_id", "identifiers", "24 hexadecimal digits", symbols_of("0123456789abcdef", 24), pa.string()),
    Kind("nanoid", "identifiers", "21 letters and digits",
         symbols_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 21), pa.string()),
    Kind("ulid", "identifiers", "26 symbols", symbols_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26), pa.string()),
    Kind("imei", "phone", "15 digits", symbols_of("0123456789", 15), pa.string()),
)  # fmt: skip


UNIQUE = frozenset({"sequence", "row_number", "uuid4", "sku", "email", "company_email", "user_name"})
"""Types of which no two rows share a value, by construction."""
