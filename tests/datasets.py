"""Datasets of a running system, as a person would look at them in CRM Analytics."""

from __future__ import annotations

from typing import Any

from tests.running import Json, Running

DATA = "/services/data/v62.0"
STRUCTURED = ("Record_ID", "Batch_Name", "Parameter_Name", "Value")


def structured_response(system: Running, batch_name: str) -> list[tuple[str, ...]]:
    """Rows of one batch in Structured_Response, sorted."""
    if not system.query("SELECT Id FROM InsightsExternalData WHERE Status = 'Completed'"):
        return []
    named = ", ".join(f"'{field}' as '{field}'" for field in STRUCTURED)
    asked = f"q = filter q by 'Batch_Name' == \"{batch_name}\"; q = foreach q generate {named};"
    return sorted(
        tuple(row[field] for field in STRUCTURED) for row in dataset_rows(system, "Structured_Response", asked)
    )


def dataset_rows(system: Running, name: str, statements: str) -> list[Json]:
    """Rows of a query over the current version, which it knows as q; up to 10,000."""
    one = _call(system, "GET", f"{DATA}/wave/datasets/{name}")
    query = f'q = load "{one["id"]}/{one["currentVersionId"]}"; {statements} q = limit q 10000;'
    rows: list[Json] = _call(system, "POST", f"{DATA}/wave/query", {"query": query})["results"]["records"]
    return rows


def _call(system: Running, method: str, path: str, body: Json | None = None) -> Any:
    sandbox = system.run_file()["sandbox"]
    headers = {"authorization": f"Bearer {sandbox['salesforce']['access_token']}"}
    return system.http.request(method, sandbox["http"] + path, json=body, headers=headers).raise_for_status().json()
