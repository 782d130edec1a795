"""Bodies of calls on Salesforce paths."""

from typing import Any

from crm_sandbox.exchange import Call
from crm_sandbox.salesforce.errors import RequestError


def body_of(call: Call) -> Any:
    """The JSON of a body; Salesforce's refusal where it is none."""
    try:
        return call.json()
    except ValueError as error:
        raise RequestError("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]") from error


def object_of(call: Call) -> dict[str, Any]:
    """The JSON object of a body."""
    body = body_of(call)
    if not isinstance(body, dict):
        raise RequestError("JSON_PARSER_ERROR", "The HTTP entity body is required to be an object")
    return body
