"""What a field accepts, and how it is stored."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from crm_sandbox.clock import stamp
from crm_sandbox.foreign import Json, Scalar
from crm_sandbox.salesforce.errors import RecordError, RequestError
from crm_sandbox.salesforce.ids import to_18
from crm_sandbox.salesforce.schema import NUMBER_TYPES, TEXT_TYPES, Field

_EMAIL = re.compile(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[^@\s.,;<>()]+\Z")
# Python takes 1_000 and other scripts' digits for numbers; Salesforce does not.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})\Z", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,3})?Z?\Z")


def stored(field: Field, value: Json) -> Scalar:
    """The value as the org keeps it; RecordError or RequestError where it does not fit."""
    if value is None:
        return None
    return _KEEPERS.get(field.type, _text)(field, value)


def _text(field: Field, value: Json) -> Scalar:
    if not isinstance(value, str):
        raise not_deserialised(field, value)
    # Salesforce has no empty strings: they are null.
    if not value:
        return None
    if utf16_length(value) > field.length:
        shown = value if len(value) <= 80 else value[:80] + "…"
        message = f"{field.label}: data value too large: {shown} (max length={field.length})"
        raise RecordError("STRING_TOO_LONG", message, [field.name])
    return value


def utf16_length(text: str) -> int:
    """Salesforce counts as Java does: an emoji is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _email(field: Field, value: Json) -> Scalar:
    text = _text(field, value)
    if isinstance(text, str) and not _EMAIL.match(text):
        raise RecordError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", [field.name])
    return text


def _choice(field: Field, value: Json) -> Scalar:
    text = _text(field, value)
    return None if text is None else _known_choice(field, str(text))


def _choices(field: Field, value: Json) -> Scalar:
    text = _text(field, value)
    return None if text is None else ";".join(_known_choice(field, one) for one in str(text).split(";"))


def _known_choice(field: Field, text: str) -> str:
    known = field.choices.get(text.casefold())
    if known is None and field.restricted:
        message = f"{field.label}: bad value for restricted picklist field: {text}"
        raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return known or text


def _truth(field: Field, value: Json) -> Scalar:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return int(value.lower() == "true")
    if not isinstance(value, bool):
        raise not_deserialised(field, value)
    return int(value)


def _number(field: Field, value: Json) -> Scalar:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise not_deserialised(field, value)
    if isinstance(value, str) and not _NUMBER.match(value):
        raise not_deserialised(field, value)
    try:
        exact = Decimal(str(value))
    except InvalidOperation as error:
        raise not_deserialised(field, value) from error
    if not exact.is_finite():
        raise not_deserialised(field, value)
    digits = field.digits if field.type == "int" else field.precision - field.scale
    if abs(exact) >= Decimal(10) ** digits:
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise RecordError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    if field.type == "int":
        if exact != exact.to_integral_value():
            raise not_deserialised(field, value)
        return int(exact)
    return float(exact.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _date(field: Field, value: Json) -> Scalar:
    if isinstance(value, str) and _DATE.match(value):
        try:
            day = date.fromisoformat(value)
        except ValueError as error:
            raise not_deserialised(field, value) from error
        if 1700 <= day.year <= 4000:
            return value
    raise not_deserialised(field, value)


def _datetime(field: Field, value: Json) -> Scalar:
    if isinstance(value, str) and _DATETIME.match(value):
        try:
            return stamp(datetime.fromisoformat(value))
        except (ValueError, OverflowError) as error:
            raise not_deserialised(field, value) from error
    raise not_deserialised(field, value)


def _time(field: Field, value: Json) -> Scalar:
    if isinstance(value, str) and _TIME.match(value):
        return value.rstrip("Z").ljust(8).partition(".")[0] + ".000Z"
    raise not_deserialised(field, value)


def _reference(field: Field, value: Json) -> Scalar:
    if not isinstance(value, str):
        raise not_deserialised(field, value)
    if not value:
        return None
    if record_id := to_18(value):
        return record_id
    raise RecordError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])


def not_deserialised(field: Field, value: Json) -> RequestError:
    """Salesforce reads JSON by the field's type, so a wrong type fails the whole request."""
    kind = {**dict.fromkeys(TEXT_TYPES, "string"), **dict.fromkeys(NUMBER_TYPES, "double")}.get(field.type, field.type)
    token, shown = _token(value)
    return RequestError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {token} value {shown} "
        "or request may be missing a required field at [line:1, column:1]",
    )


def _token(value: Json) -> tuple[str, str]:
    if isinstance(value, bool):
        return ("VALUE_TRUE", "true") if value else ("VALUE_FALSE", "false")
    if isinstance(value, str):
        return "VALUE_STRING", value[:255]
    if isinstance(value, int):
        return "VALUE_NUMBER_INT", str(value)
    if isinstance(value, float):
        return "VALUE_NUMBER_FLOAT", str(value)
    return ("START_ARRAY", "[") if isinstance(value, list) else ("START_OBJECT", "{")


_KEEPERS: dict[str, Callable[[Field, Json], Scalar]] = {
    **dict.fromkeys(("string", "textarea", "phone", "url", "combobox", "encryptedstring"), _text),
    "email": _email,
    "picklist": _choice,
    "multipicklist": _choices,
    "boolean": _truth,
    **dict.fromkeys(NUMBER_TYPES, _number),
    "date": _date,
    "datetime": _datetime,
    "time": _time,
    "id": _reference,
    "reference": _reference,
}
