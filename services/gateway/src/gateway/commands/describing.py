"""The request of `batch submit`: a file, standard input, or flags for the common case."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from gateway.commands.client import USAGE, Trouble


def from_file(file: str) -> dict[str, Any]:
    """The JSON object in a file, or on standard input for `-`."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise Trouble(f"{file} cannot be read: {reason}.", code=USAGE) from error
    try:
        spec = json.loads(text)
    except ValueError as error:
        raise Trouble(f"{file} is not JSON: {error}.", code=USAGE) from error
    if not isinstance(spec, dict):
        raise Trouble(f"{file} must hold a JSON object.", "See `recordsmith batch submit --help`.", code=USAGE)
    return spec


def from_flags(
    *,
    object_name: str,
    template: str,
    name: str | None,
    where: str | None,
    limit: int | None,
    target_field: str | None,
    external_id: str | None,
    changed_since: str | None = None,
    deleted: bool = False,
) -> dict[str, Any]:
    """A batch over a Salesforce object; without a target field its results are kept for download."""
    target: dict[str, Any] = {"kind": "csv"}
    if target_field:
        target = {"kind": "salesforce", "object": object_name, "field": target_field}
        if external_id:
            target["external_id"] = external_id
    text = Path(template[1:]).read_text(encoding="utf-8") if template.startswith("@") else template
    source: dict[str, Any] = {"kind": "salesforce", "object": object_name, "where": where, "limit": limit}
    if changed_since:
        source["changed_since"] = changed_since
    if deleted:
        source["deleted"] = "forward"
    return {
        "name": name or f"{object_name} {target_field or 'answers'}",
        "source": source,
        "prompt": {"template": text},
        "target": target,
    }


def question(spec: dict[str, Any]) -> str | None:
    """What to ask before a batch that writes to a CRM; None for one that does not."""
    target, source = spec.get("target"), spec.get("source")
    if not isinstance(target, dict) or target.get("kind") in (None, "csv", "none") or spec.get("mode") == "test":
        return None
    fields = target.get("field") or ", ".join(target.get("fields") or {})
    limit = source.get("limit") if isinstance(source, dict) else None
    which = f"up to {limit:,} records" if isinstance(limit, int) else "all selected records"
    where = target.get("object", target["kind"])
    deletes = f", and delete there what is deleted at the source (key: {target.get('external_id')})"
    return f"Write {fields} on {which} of {where}{deletes if target.get('deletes') == 'delete' else ''}?"
