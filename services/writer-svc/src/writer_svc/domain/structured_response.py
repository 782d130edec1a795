"""Answers in the long format of the dataset Structured_Response: a row for every field of every answer (S1-31 … 34)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from shared.events import RecordGenerated

from writer_svc.domain.coercion import Unfit, plain_text

DATASET = "Structured_Response"
LABEL = "Structured Response"

HEADER = ("Record ID", "Batch Name", "Parameter Name", "Value")
"""Exactly these, in this order (S1-31)."""

WHOLE_ANSWER = "answer"
"""The parameter of an answer without a response schema; the gateway's download names it the same."""

LONGEST_VALUE = 32_000
"""UTF-16 units of one value (CRM Analytics limits); a longer one is rejected there, without saying which it was."""

Line = tuple[str, str, str, str]


def lines_of(result: RecordGenerated, batch_name: str) -> list[Line]:
    """The rows of one answer. Raises `Unfit` where the dataset would lose a part of it.

    Values are as they are: what makes a spreadsheet execute a cell is the business of downloads, not of an upload.
    """
    values = result.values if result.values is not None else {WHOLE_ANSWER: result.answer} if result.answer else {}
    if not values:
        raise Unfit("NO_ANSWER", "The answer holds no field to write.")
    record_id, name = _cell("Record ID", result.record_id), _cell("Batch Name", batch_name)
    return [(record_id, name, _cell("Parameter Name", field), _cell(field, value)) for field, value in values.items()]


def csv_text(lines: Iterable[Sequence[str]]) -> str:
    """RFC 4180 with CR LF."""
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def metadata() -> bytes:
    """What CRM Analytics is told about the file (External Data Format, schema reference)."""
    fields = [
        {
            "fullyQualifiedName": f"{DATASET}.{label.replace(' ', '_')}",
            "name": label.replace(" ", "_"),
            "label": label,
            "type": "Text",
        }
        for label in HEADER
    ]
    file_format = {
        "charsetName": "UTF-8",
        "fieldsDelimitedBy": ",",
        "fieldsEnclosedBy": '"',
        "fieldsEscapedBy": "",
        "linesTerminatedBy": "\r\n",
        "numberOfLinesToIgnore": 1,
    }
    one = {"connector": "Recordsmith", "fullyQualifiedName": DATASET, "label": LABEL, "name": DATASET, "fields": fields}
    return json.dumps({"fileFormat": file_format, "objects": [one]}).encode()


def _cell(name: str, value: Any) -> str:
    text = "" if value is None else plain_text(value, {"name": name})
    length = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    if length > LONGEST_VALUE:
        # Never shortened: half an answer is a wrong answer.
        reason = f"The value of {name} has {length} characters, a dataset takes {LONGEST_VALUE}."
        raise Unfit("STRING_TOO_LONG", reason)
    return text
