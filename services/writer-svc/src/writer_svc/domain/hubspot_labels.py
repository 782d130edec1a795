"""What a new record carries besides its answer: where it comes from, when, and why."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.crm import simcrm
from shared.crm.hubspot_paths import ENGAGEMENTS
from shared.events import RecordGenerated

from writer_svc.domain.hubspot_values import iso_datetime


def labelled(given: Mapping[str, Any], object_type: str, result: RecordGenerated, now: datetime) -> dict[str, Any]:
    """The properties with what only the product knows. HubSpot refuses a note, call or task without a time."""
    found = {**given, **origin(given, result)}
    if object_type in ENGAGEMENTS and not found.get("hs_timestamp"):
        found["hs_timestamp"] = iso_datetime(now)
    return found


def origin(given: Mapping[str, Any], result: RecordGenerated) -> dict[str, Any]:
    """How the record was made (S2-18) and for which simulation (S2-69), whatever the answer claims about itself."""
    said = given.get(simcrm.METADATA)
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            said = None
    method = {"fallback": "fallback", "recipe": "recipe"}.get(result.source or "", "ai")
    known = {"method": method, "provider": result.provider, "model": result.model}
    metadata = {**(said if isinstance(said, dict) else {}), **{name: value for name, value in known.items() if value}}
    return {simcrm.METADATA: json.dumps(metadata, ensure_ascii=False), simcrm.SIMULATION_ID: result.batch_id}


def with_reason(given: Mapping[str, Any]) -> dict[str, Any]:
    """S2-12: "hot – opened every mail", or {"value", "reasoning"}, is a temperature and its reason."""
    found = dict(given)
    said = found.get(simcrm.TEMPERATURE)
    if isinstance(said, Mapping):
        value = said.get("value") or said.get("temperature") or said.get("label")
        reason = said.get("reasoning") or said.get("reason")
    elif isinstance(said, str) and (parts := re.match(r"\s*(hot|warm|cold)\b[\s:;,.–—-]+(\S.*)", said, re.I | re.S)):
        value, reason = parts[1].lower(), parts[2].strip()
    else:
        return found
    found[simcrm.TEMPERATURE] = value
    if reason and not found.get(simcrm.TEMPERATURE_REASON):
        found[simcrm.TEMPERATURE_REASON] = reason
    return found
