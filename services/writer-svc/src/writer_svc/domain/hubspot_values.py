"""Makes an answer fit a HubSpot property, by its definition (S2-66). HubSpot stores every value as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.crm.hubspot_shapes import PropertyDefinition, is_read_only
from shared.crm.simcrm import SCORE

from writer_svc.domain.coercion import Unfit, plain_text
from writer_svc.domain.option_matching import Match, matching_option

LONGEST_TEXT = 65_536
"""Characters of a note's body, and of any text property."""

OPTIONS_NAMED = 8
"""A longer list would hide the sentence."""

_MS = 100_000_000_000
"""Whole numbers from here on (March 1973 in milliseconds) are epoch milliseconds."""

_TRUE = frozenset({"true", "yes", "y", "1"})
_FALSE = frozenset({"false", "no", "n", "0"})


@dataclass(frozen=True, slots=True)
class Fitted:
    """A property's value, and the options that were taken for answers which did not name them."""

    text: str
    merges: tuple[Match, ...] = ()


class UnknownOption(Unfit):
    """The answer is none of the property's options; `label` may become one."""

    def __init__(self, definition: PropertyDefinition, label: str) -> None:
        self.name = definition["name"]
        self.label = label
        visible = [option.get("label") or "" for option in definition.get("options", []) if not option.get("hidden")]
        named = ", ".join(visible[:OPTIONS_NAMED]) + (", …" if len(visible) > OPTIONS_NAMED else "")
        remedy = "A target with `add_options` lets it become one."
        super().__init__(
            "INVALID_OPTION",
            f"The answer is not one of the options of {self.name} ({named or 'it has none'}). {remedy}",
        )


def property_value(value: Any, definition: PropertyDefinition) -> Fitted:
    """`value` as HubSpot takes it; null clears the property. Raises `Unfit`, whose text never holds the value."""
    name = definition["name"]
    if is_read_only(definition):
        raise Unfit("READ_ONLY_VALUE", f"The property {name} is computed by HubSpot and cannot be written.")
    if value is None or (isinstance(value, str) and not value.strip() and definition.get("type") not in _TEXTS):
        return Fitted("")
    if name == SCORE:
        return Fitted(_score(value, name))
    kind = definition.get("type", "string")
    if kind == "bool" or definition.get("fieldType") == "booleancheckbox":
        return Fitted(_boolean(value, name))
    if kind == "enumeration":
        return _option(value, definition)
    fit: Callable[[Any, str], str] = _BY_TYPE.get(kind, _text)
    return Fitted(fit(value, name))


def iso_datetime(moment: datetime) -> str:
    """As HubSpot shows it: UTC, milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(value: Any, name: str) -> str:
    said = json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value
    text = plain_text(said, {"name": name})
    # Never shortened: half an answer is a wrong answer.
    if len(text) > LONGEST_TEXT:
        raise Unfit("STRING_TOO_LONG", f"The answer has {len(text)} characters, {name} takes {LONGEST_TEXT}.")
    return text


def _json(value: Any, name: str) -> str:
    text = _text(value, name)
    if isinstance(value, str):
        try:
            json.loads(text)
        except ValueError:
            raise Unfit("INVALID_JSON", f"The answer for {name} is not JSON.") from None
    return text


def _number(value: Any, name: str) -> str:
    said = str(value) if isinstance(value, float) else value
    text = plain_text(said, {"name": name}).strip().lstrip("$€£").rstrip("%").replace(",", "").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or abs(number.adjusted()) > 30:
        raise Unfit("INVALID_NUMBER", f"The answer for {name} is not a number.")
    return str(int(number)) if number == number.to_integral_value() else format(number.normalize(), "f")


def _score(value: Any, name: str) -> str:
    """S2-11: 0 to 100, stored as a string."""
    score = Decimal(_number(value, name))
    if not 0 <= score <= 100:
        raise Unfit("NUMBER_OUT_OF_RANGE", f"The answer for {name} is not between 0 and 100.")
    return str(int(score.to_integral_value()))


def _boolean(value: Any, name: str) -> str:
    folded = plain_text(value, {"name": name}).strip().casefold()
    if folded in _TRUE or folded in _FALSE:
        return "true" if folded in _TRUE else "false"
    raise Unfit("INVALID_BOOLEAN", f"The answer for {name} is neither true nor false.")


def _date(value: Any, name: str) -> str:
    if (moment := _from_milliseconds(value)) is not None:
        return moment.date().isoformat()
    text = plain_text(value, {"name": name}).strip()
    try:
        return date.fromisoformat(re.split("[T ]", text, maxsplit=1)[0]).isoformat()
    except ValueError:
        raise Unfit("INVALID_DATE", f"The answer for {name} is no date.") from None


def _datetime(value: Any, name: str) -> str:
    if (moment := _from_milliseconds(value)) is not None:
        return iso_datetime(moment)
    text = plain_text(value, {"name": name}).strip()
    try:
        moment = datetime.fromisoformat(text)
        # Without a zone it is UTC: what HubSpot's own answers are in.
        return iso_datetime(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise Unfit("INVALID_DATE", f"The answer for {name} is no date and time.") from None


def _from_milliseconds(value: Any) -> datetime | None:
    digits = value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) else ""
    if not re.fullmatch(r"\d{12,14}", digits) or isinstance(value, bool) or int(digits) < _MS:
        return None
    return datetime.fromtimestamp(int(digits) / 1000, UTC)


def _option(value: Any, definition: PropertyDefinition) -> Fitted:
    if definition.get("externalOptions"):
        # Owners, pipeline stages: the options are elsewhere and this list is empty.
        return Fitted(_text(value, definition["name"]))
    if definition.get("fieldType") != "checkbox":
        return _one_option(value, definition)
    parts = value if isinstance(value, list) else plain_text(value, {"name": definition["name"]}).split(";")
    fitted = [_one_option(part, definition) for part in parts if str(part).strip()]
    merges = tuple(match for one in fitted for match in one.merges)
    return Fitted(";".join(dict.fromkeys(one.text for one in fitted)), merges)


def _one_option(value: Any, definition: PropertyDefinition) -> Fitted:
    name = definition["name"]
    text = plain_text(value, {"name": name}).strip()
    options = [option for option in definition.get("options", []) if not option.get("hidden")]
    match = matching_option(text, options) or matching_option(text, definition.get("options", []))
    if match is None:
        raise UnknownOption(definition, text)
    return Fitted(match.value, (match,) if match.score < 100 else ())


_TEXTS = frozenset({"string", "phone_number"})
_BY_TYPE: Mapping[str, Callable[[Any, str], str]] = {
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "json": _json,
}
