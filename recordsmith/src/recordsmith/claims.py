"""What a person would see in the CRM: claims, read through Salesforce's own API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from recordsmith.problems import Problem

_API = "/services/data/v62.0"
_FIELDS = "Id, Name, Patient_Name__c, Diagnosis__c, Treatment_Type__c, Clinical_Summary__c"


@dataclass(frozen=True)
class Claim:
    """One claim of the org."""

    id: str
    name: str
    patient: str
    summary: str | None


async def first_claims(handle: Mapping[str, Any], count: int) -> list[Claim]:
    """The first claims by id. `handle` is what sandbox.json says."""
    query = f"SELECT {_FIELDS} FROM Claim__c ORDER BY Id LIMIT {count}"  # noqa: S608 - nothing from outside in it
    headers = {"authorization": f"Bearer {handle['salesforce']['access_token']}"}
    async with httpx.AsyncClient(base_url=handle["http"], headers=headers, trust_env=False) as salesforce:
        answer = await salesforce.get(f"{_API}/query", params={"q": query})
    if answer.is_error:
        raise Problem(f"The sandbox answered {answer.status_code} to a query.", "Read logs/sandbox.log.")
    return [_claim(record) for record in answer.json()["records"]]


def _claim(record: Mapping[str, Any]) -> Claim:
    patient = f"{record['Patient_Name__c']}, {record['Diagnosis__c']}, {record['Treatment_Type__c']}"
    return Claim(record["Id"], record["Name"], patient, record["Clinical_Summary__c"])
