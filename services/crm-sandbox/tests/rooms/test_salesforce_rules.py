"""Rules over several fields and several records: dependent picklists, record types, an org's own rules, relations."""

import base64
from typing import Any

import pytest

from crm_sandbox.testing import DATA, RunningSandbox

CAR = {
    "name": "Car__c",
    "recordTypeInfos": [
        {"developerName": "New_Car", "name": "New Car", "defaultRecordTypeMapping": True},
        {"developerName": "Used_Car", "name": "Used Car"},
    ],
    "validationRules": [
        {"when": [["Price__c", "<", 0]], "message": "A price is not negative.", "field": "Price__c"},
        {"when": [["Sold__c", "=", 1], ["Price__c", "blank", True]], "message": "What is sold has a price."},
    ],
    "fields": [
        {"name": "Key__c", "type": "string", "externalId": True, "unique": True},
        {"name": "Maker__c", "type": "picklist", "picklistValues": [{"value": "Ford"}, {"value": "Fiat"}]},
        {
            "name": "Model__c",
            "type": "picklist",
            "restrictedPicklist": True,
            "controllerName": "Maker__c",
            "picklistValues": [
                {"value": "Focus", "validWhen": ["Ford"]},
                {"value": "Panda", "validWhen": ["Fiat"]},
                {"value": "Any", "validWhen": ["Ford", "Fiat"]},
            ],
        },
        {"name": "Price__c", "type": "currency"},
        {"name": "Sold__c", "type": "boolean"},
        {"name": "Serial__c", "type": "string", "unique": True},
        {"name": "Owner_Company__c", "type": "reference", "referenceTo": ["Car__c"], "relationshipName": "Company__r"},
    ],
}


@pytest.fixture
def cars(sandbox: RunningSandbox) -> RunningSandbox:
    sandbox.admin("POST", "/objects", CAR).raise_for_status()
    return sandbox


def fate(sandbox: RunningSandbox, key: str, **values: Any) -> str:
    """`created`, `updated`, or the code of the refusal."""
    (result,) = sandbox.collection("PATCH", [{"Key__c": key, **values}], "/Car__c/Key__c", object_name="Car__c")
    return ("created" if result["created"] else "updated") if result["success"] else result["errors"][0]["statusCode"]


def test_a_dependent_value_must_fit_the_controlling_one(cars: RunningSandbox) -> None:
    wrong = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert fate(cars, "d1", Maker__c="Ford", Model__c="Focus") == "created"
    assert fate(cars, "d2", Maker__c="Ford", Model__c="Panda") == wrong
    assert fate(cars, "d3", Model__c="Any") == wrong
    assert fate(cars, "d1", Model__c="Panda") == wrong
    assert fate(cars, "d1", Maker__c="Fiat") == wrong
    assert fate(cars, "d1", Maker__c="Fiat", Model__c="Any") == "updated"
    job = cars.bulk_load(
        "Key__c,Maker__c,Model__c\nd1,,Focus\nd4,Fiat,Panda\nd5,Fiat,Focus\n",
        object="Car__c",
        externalIdFieldName="Key__c",
    )
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (3, 2)
    cars.switch(dependent_picklists=False)
    assert fate(cars, "d2", Maker__c="Ford", Model__c="Panda") == "created"


def test_a_describe_tells_dependence_by_bitmaps(cars: RunningSandbox) -> None:
    body = cars.client.get(f"{DATA}/sobjects/Car__c/describe").json()
    field = next(one for one in body["fields"] if one["name"] == "Model__c")
    assert (field["dependentPicklist"], field["controllerName"]) == (True, "Maker__c")
    bits = {one["value"]: base64.b64decode(one["validFor"]) for one in field["picklistValues"]}
    assert bits == {"Focus": b"\x80", "Panda": b"\x40", "Any": b"\xc0"}
    assert "validationRules" not in body


def test_a_record_has_a_type_of_its_object(cars: RunningSandbox) -> None:
    body = cars.client.get(f"{DATA}/sobjects/Car__c/describe").json()
    types = {one["developerName"]: one for one in body["recordTypeInfos"]}
    assert list(types) == ["New_Car", "Used_Car", "Master"]
    assert [one["defaultRecordTypeMapping"] for one in types.values()] == [True, False, False]
    fate(cars, "t1")
    assert fate(cars, "t2", RecordTypeId=types["Used_Car"]["recordTypeId"]) == "created"
    kept = cars.query("SELECT Key__c, RecordTypeId FROM Car__c WHERE Key__c LIKE 't%' ORDER BY Key__c")
    assert [one["RecordTypeId"] for one in kept] == [types[name]["recordTypeId"] for name in ("New_Car", "Used_Car")]
    assert fate(cars, "t3", RecordTypeId="012RS0000zzzzzz") == "INVALID_CROSS_REFERENCE_KEY"
    found = cars.query("SELECT DeveloperName FROM RecordType WHERE SobjectType = 'Car__c' ORDER BY DeveloperName")
    assert [one["DeveloperName"] for one in found] == ["New_Car", "Used_Car"]


def test_an_orgs_own_rules_see_the_whole_record(cars: RunningSandbox) -> None:
    assert fate(cars, "r1", Price__c=-1) == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert fate(cars, "r1", Price__c=1, Sold__c=True) == "created"
    assert fate(cars, "r1", Price__c=None) == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert fate(cars, "r1", Price__c=None, Sold__c=False) == "updated"
    (result,) = cars.collection("POST", [{"Price__c": -1}], object_name="Car__c")
    wanted = {
        "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": "A price is not negative.",
        "fields": ["Price__c"],
    }
    assert result["errors"] == [wanted]


def test_a_unique_field_that_is_no_external_id_is_unique_in_bulk_too(cars: RunningSandbox) -> None:
    assert fate(cars, "u1", Serial__c="S-1") == "created"
    assert fate(cars, "u2", Serial__c="s-1") == "DUPLICATE_VALUE"
    content = "Key__c,Serial__c\nu1,S-1\nu3,S-3\nu4,s-3\nu5,S-1\n"
    job = cars.bulk_load(content, object="Car__c", externalIdFieldName="Key__c")
    failed = {row[2]: row[1] for row in cars.bulk_rows(job, "failedResults")[1:]}
    assert list(failed) == ["u4", "u5"]
    assert failed["u4"].startswith("DUPLICATE_VALUE:duplicate value found: Serial__c duplicates value on record")


def test_a_unique_value_may_move_within_one_chunk(cars: RunningSandbox) -> None:
    fate(cars, "m1", Serial__c="M-1")
    content = "Key__c,Serial__c\nm1,M-2\nm2,M-1\n"
    job = cars.bulk_load(content, object="Car__c", externalIdFieldName="Key__c")
    assert job["numberRecordsFailed"] == 0


def test_a_reference_may_be_given_by_key_in_json(cars: RunningSandbox) -> None:
    fate(cars, "parent")
    assert fate(cars, "child", Company__r={"Key__c": "PARENT"}) == "created"
    (child,) = cars.query("SELECT Owner_Company__c FROM Car__c WHERE Key__c = 'child'")
    (parent,) = cars.query("SELECT Id FROM Car__c WHERE Key__c = 'parent'")
    assert child["Owner_Company__c"] == parent["Id"]
    assert fate(cars, "orphan", Company__r={"Key__c": "nobody"}) == "INVALID_FIELD"
    assert fate(cars, "orphan", Company__r={"Price__c": 1}) == "INVALID_FIELD"


def test_the_same_external_id_twice_fails_both_or_the_second(cars: RunningSandbox) -> None:
    records = [{"Key__c": "two"}, {"Key__c": "TWO"}]
    results = cars.collection("PATCH", records, "/Car__c/Key__c", object_name="Car__c")
    assert [one["success"] for one in results] == [False, False]
    cars.switch(duplicate_external_ids="second")
    results = cars.collection("PATCH", records, "/Car__c/Key__c", object_name="Car__c")
    assert [one["success"] for one in results] == [True, False]


def test_a_full_storage_takes_changes_and_no_new_records(cars: RunningSandbox) -> None:
    fate(cars, "s1")
    cars.switch(storage_full=True)
    assert fate(cars, "s1", Price__c=1) == "updated"
    assert fate(cars, "s2") == "STORAGE_LIMIT_EXCEEDED"
    job = cars.bulk_load("Key__c,Price__c\ns1,2\ns2,2\n", object="Car__c", externalIdFieldName="Key__c")
    assert cars.bulk_rows(job, "failedResults")[1][1] == "STORAGE_LIMIT_EXCEEDED:storage limit exceeded:--"
    assert cars.client.get(f"{DATA}/limits").json()["DataStorageMB"]["Remaining"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"validationRules": [{"when": [["Nope__c", "=", 1]], "message": "x"}]},
        {"validationRules": [{"when": "always", "message": "x"}]},
        {"recordTypeInfos": [{"name": "no developer name"}]},
        {"fields": [{"name": "A__c", "type": "picklist", "picklistValues": [{"value": "x", "validWhen": ["y"]}]}]},
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(sandbox: RunningSandbox, change: dict[str, Any]) -> None:
    assert sandbox.admin("POST", "/objects", {"name": "Broken__c", **change}).status_code == 400
