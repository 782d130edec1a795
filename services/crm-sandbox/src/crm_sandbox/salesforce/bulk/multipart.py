"""A whole job in one request: its description and its rows, as the two parts of a form."""

import re

import orjson

from crm_sandbox.foreign import Json
from crm_sandbox.salesforce.errors import RequestError

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_NAME = re.compile(rb'name="?(\w+)"?', re.IGNORECASE)


def split_job_and_content(content_type: str, body: bytes) -> tuple[dict[str, Json], bytes]:
    """The parts `job` and `content`; the rows keep their bytes."""
    found = _BOUNDARY.search(content_type)
    parts = _parts(body, found.group(1).encode()) if found else {}
    if parts.keys() != {b"job", b"content"}:
        raise RequestError("INVALIDJOB", "InvalidJob : a form needs the parts job and content")
    try:
        order = orjson.loads(parts[b"job"])
    except ValueError as error:
        raise RequestError("INVALIDJOB", "InvalidJob : Unable to parse Job") from error
    if not isinstance(order, dict):
        raise RequestError("INVALIDJOB", "InvalidJob : Unable to parse Job")
    return order, parts[b"content"]


def _parts(body: bytes, boundary: bytes) -> dict[bytes, bytes]:
    parts: dict[bytes, bytes] = {}
    for piece in re.split(rb"(?:\A|\r?\n)--" + re.escape(boundary), body)[1:]:
        if (blank := _BLANK_LINE.search(piece)) and (name := _NAME.search(piece[: blank.start()])):
            parts[name.group(1)] = piece[blank.end() :]
    return parts
