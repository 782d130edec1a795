"""What HubSpot's calls read out of a request."""

from typing import Any

from crm_sandbox.exchange import Call
from crm_sandbox.hubspot.errors import HubSpotError, bad_json, required_fields


def body_of(call: Call) -> Any:
    """The JSON of a call that must have some."""
    kind = call.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if not (kind.endswith("json") or kind == "*/*"):
        raise HubSpotError(415, "HTTP 415 Unsupported Media Type", None)
    try:
        return call.json()
    except ValueError as error:
        raise bad_json("Unexpected character or end of input") from error


def count_of(call: Call, name: str, usual: int, most: int) -> int:
    """A number in the query, between 1 and what the vendor allows."""
    text = call.query.get(name)
    if text is None or text == "":
        return usual
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text) <= most:
        raise HubSpotError(400, f"{name}: {text} is not a number from 1 to {most}")
    return int(text)


def after_of(text: str | None) -> int:
    """The place in a list that `after` names."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal()):
        raise HubSpotError(400, f"after: {text} is not a place of a list")
    return int(text)


def end_id(end: Any) -> str:
    """The id of one end of an association: `{"id": …}`."""
    if not isinstance(end, dict) or end.get("id") in (None, ""):
        raise required_fields("id")
    return str(end["id"])
