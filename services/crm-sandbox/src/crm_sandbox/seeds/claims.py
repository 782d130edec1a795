"""Fictional insurance claims, the same for the same number: written from word lists and a fixed seed."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from importlib.resources import files
from random import Random
from typing import Any

import orjson

from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.ids import make_id

SEED = 20250101
FIRST_DAY = date(2024, 1, 2)
DAYS = 700

Row = dict[str, Scalar]


def claims_org(records: int) -> Iterable[tuple[str, Iterable[Row]]]:
    words = orjson.loads(files(__package__).joinpath("claims.json").read_bytes())
    return [
        ("Account", words["accounts"]),
        ("Contact", _contacts(words["contacts"])),
        ("Claim__c", _claims(records, words)),
    ]


def _contacts(contacts: list[Row]) -> Iterator[Row]:
    for number, contact in enumerate(contacts):
        full_name = f"{contact['FirstName']} {contact['LastName']}"
        yield {**contact, "Name": full_name, "AccountId": make_id("001", number + 1)}


def _claims(records: int, words: dict[str, Any]) -> Iterator[Row]:
    # One run of random numbers: the first 200 of a million claims are the 200 of the small org.
    chance = Random(SEED)  # noqa: S311 - fiction, not secrets
    first, last, conditions, status = words["first_names"], words["last_names"], words["conditions"], words["statuses"]
    pick = chance.random
    for number in range(1, records + 1):
        diagnosis, treatments, risks, low, high = conditions[int(pick() * len(conditions))]
        day = FIRST_DAY + timedelta(days=int(pick() * DAYS))
        yield {
            "Claim_Number__c": f"HC-{day.year}-{number:07d}",
            "Patient_Name__c": f"{first[int(pick() * len(first))]} {last[int(pick() * len(last))]}",
            "Diagnosis__c": diagnosis,
            "Treatment_Type__c": treatments[int(pick() * len(treatments))],
            "Claim_Status__c": status[int(pick() * len(status))],
            "Claim_Amount__c": round(int(low) + pick() ** 2 * (int(high) - int(low)), 2),
            "Service_Date__c": day.isoformat(),
            "Risk_Level__c": risks[int(pick() * len(risks))],
        }
