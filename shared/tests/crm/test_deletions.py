"""Which batches may delete."""

from typing import Any

import pytest
from shared.crm.deletions import deletes, objection_to_deletes
from shared.events import BatchSpec

SOURCE = {"kind": "salesforce", "object": "Lead__c", "deleted": "forward"}
TARGET = {"kind": "salesforce", "object": "Claim__c", "external_id": "Key__c", "field": "A__c", "deletes": "delete"}
CONTACTS = {"kind": "hubspot", "object": "contacts", "external_id": "key__c", "deletes": "delete"}


def batch(source: dict[str, Any], target: dict[str, Any], mode: str = "run") -> BatchSpec:
    given = {"source": source, "target": target, "prompt": {"template": "x"}, "mode": mode}
    return BatchSpec.model_validate(given)


@pytest.mark.parametrize("target", [TARGET, CONTACTS])
def test_a_batch_deletes_by_a_key_of_the_source(target: dict[str, Any]) -> None:
    spec = batch(SOURCE, target)
    assert deletes(spec)
    assert objection_to_deletes(spec) is None


def test_a_batch_that_does_not_ask_deletes_nothing() -> None:
    spec = batch(SOURCE, TARGET | {"deletes": "ignore"}, mode="plan")
    assert not deletes(spec)
    assert objection_to_deletes(spec) is None


def test_a_test_deletes_nothing() -> None:
    assert not deletes(batch(SOURCE, TARGET, mode="test"))
    assert objection_to_deletes(batch(SOURCE, TARGET, mode="test")) is None


@pytest.mark.parametrize(
    ("source", "target", "mode", "hint"),
    [
        (SOURCE | {"deleted": "ignore"}, TARGET, "run", "/source/deleted"),
        ({"kind": "rows", "rows": [{"id": "a", "Key__c": "1"}]}, TARGET, "run", "/source/deleted"),
        (SOURCE, {**TARGET, "external_id": None, "object": "Lead__c"}, "run", "/target/external_id"),
        (SOURCE, CONTACTS | {"external_id": "hs_object_id"}, "run", "/target/external_id"),
        (SOURCE, CONTACTS | {"external_id": None}, "run", "/target/external_id"),
        (SOURCE, TARGET, "plan", "mode run"),
        (SOURCE, TARGET | {"object": "lead__c"}, "run", "/target/object"),
        ({"kind": "hubspot", "object": "contact", "deleted": "forward"}, CONTACTS, "run", "/target/object"),
    ],
)
def test_a_batch_that_cannot_delete_is_told_why(
    source: dict[str, Any], target: dict[str, Any], mode: str, hint: str
) -> None:
    objection = objection_to_deletes(batch(source, target, mode))
    assert objection is not None
    assert objection.pointer == "/target/deletes"
    assert hint in objection.hint
