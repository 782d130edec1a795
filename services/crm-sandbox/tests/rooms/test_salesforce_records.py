from typing import Any
from urllib.parse import quote

import pytest

from crm_sandbox.salesforce.ids import checksum
from crm_sandbox.testing import CLAIMS, COLLECTIONS, DATA, RunningSandbox

BY_NUMBER = "/Claim__c/Claim_Number__c"


def refused(sandbox: RunningSandbox, record: dict[str, Any], object_name: str = "Claim__c") -> dict[str, Any]:
    """The one error of a record that is not created."""
    (result,) = sandbox.collection("POST", [record], object_name=object_name)
    assert result["success"] is False
    assert "id" not in result
    (error,) = result["errors"]
    assert error.keys() == {"statusCode", "message", "fields"}
    return dict(error)


def test_a_created_record_reads_back_with_an_id_that_checks(sandbox: RunningSandbox) -> None:
    body = {
        "Patient_Name__c": "Zoë 🙂",
        "Claim_Amount__c": 12.345,
        "Service_Date__c": "2026-01-15",
        "Clinical_Summary__c": "one\ntwo\r\nthree",
    }
    answer = sandbox.client.post(CLAIMS, json=body)
    assert (answer.status_code, answer.json()["success"], answer.json()["errors"]) == (201, True, [])
    record_id = answer.json()["id"]
    assert record_id.startswith("a00")
    assert record_id[15:] == checksum(record_id[:15])
    record = sandbox.client.get(f"{CLAIMS}/{record_id[:15]}").json()
    assert record["attributes"] == {"type": "Claim__c", "url": f"{CLAIMS}/{record_id}"}
    assert (record["Patient_Name__c"], record["Claim_Amount__c"]) == ("Zoë 🙂", 12.35)
    assert record["Clinical_Summary__c"] == "one\ntwo\r\nthree"
    assert record["Name"].startswith("CLM-0")
    assert record["Claim_Status__c"] == "New"
    assert record["CreatedDate"][10] == "T"
    assert record["CreatedDate"].endswith("+0000")
    assert record["IsDeleted"] is False


def test_update_and_delete_of_one_record(sandbox: RunningSandbox) -> None:
    (record_id,) = sandbox.create({"Patient_Name__c": "Before"})
    assert sandbox.client.patch(f"{CLAIMS}/{record_id}", json={"Patient_Name__c": "After"}).status_code == 204
    shown = sandbox.client.get(f"{CLAIMS}/{record_id}", params={"fields": "Patient_Name__c"}).json()
    assert shown["Patient_Name__c"] == "After"
    assert sandbox.client.delete(f"{CLAIMS}/{record_id}").status_code == 204
    again = sandbox.client.delete(f"{CLAIMS}/{record_id}")
    assert again.status_code == 404
    assert again.json() == [{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]
    assert sandbox.query(f"SELECT Id FROM Claim__c WHERE Id = '{record_id}'") == []
    assert len(sandbox.query(f"SELECT Id FROM Claim__c WHERE Id = '{record_id}'", path="queryAll")) == 1


@pytest.mark.parametrize(
    ("fields", "code", "message", "named"),
    [
        ({"Nope__c": 1}, "INVALID_FIELD", "No such column 'Nope__c' on sobject of type Claim__c", []),
        ({"Patient_Name__c": None}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Patient_Name__c]", None),
        ({"Patient_Name__c": ""}, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Patient_Name__c]", None),
        (
            {"Patient_Name__c": "🙂" * 41},
            "STRING_TOO_LONG",
            f"Patient Name: data value too large: {'🙂' * 41} (max length=80)",
            ["Patient_Name__c"],
        ),
        (
            {"Risk_Level__c": "Huge"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            "Risk Level: bad value for restricted picklist field: Huge",
            ["Risk_Level__c"],
        ),
        (
            {"Claim_Amount__c": 1e16},
            "NUMBER_OUTSIDE_VALID_RANGE",
            "Claim Amount: value outside of valid range on numeric field: 1e+16",
            ["Claim_Amount__c"],
        ),
        (
            {"Name": "CLM-1"},
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "Unable to create/update fields: Name. Please check the security settings of this field and verify that "
            "it is read/write for your profile or permission set.",
            ["Name"],
        ),
        ({"Id": "a00RS0000000001YAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", None),
        ({"OwnerId": "nobody"}, "MALFORMED_ID", "Owner ID: id value of incorrect type: nobody", ["OwnerId"]),
    ],
)
def test_a_record_is_refused_in_salesforces_words(
    sandbox: RunningSandbox, fields: dict[str, Any], code: str, message: str, named: list[str] | None
) -> None:
    error = refused(sandbox, {"Patient_Name__c": "x", **fields})
    assert (error["statusCode"], error["message"]) == (code, message)
    assert error["fields"] == (list(fields) if named is None else named)


def test_system_and_formula_fields_cannot_be_written(sandbox: RunningSandbox) -> None:
    for name in ("CreatedDate", "SystemModstamp", "IsDeleted"):
        assert refused(sandbox, {"Patient_Name__c": "x", name: None})["fields"] == [name]
    contact = {"LastName": "x", "Name": "whole"}
    assert refused(sandbox, contact, "Contact")["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    (record_id,) = sandbox.create({"FirstName": "Ada", "LastName": "Quist"}, object_name="Contact")
    sandbox.client.patch(f"{DATA}/sobjects/Contact/{record_id}", json={"FirstName": "Ida"})
    assert sandbox.client.get(f"{DATA}/sobjects/Contact/{record_id}").json()["Name"] == "Ida Quist"


def test_bad_mail_addresses_and_references_are_refused(sandbox: RunningSandbox) -> None:
    assert refused(sandbox, {"LastName": "x", "Email": "no mail"}, "Contact")["statusCode"] == "INVALID_EMAIL_ADDRESS"
    contact = {"LastName": "x", "AccountId": "001RS0000zzzzzz"}
    assert refused(sandbox, contact, "Contact")["statusCode"] == "INVALID_CROSS_REFERENCE_KEY"
    contact = {"LastName": "x", "AccountId": "003RS0000000001"}
    assert refused(sandbox, contact, "Contact")["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("Service_Date__c", "15.01.2026", "date from VALUE_STRING value 15.01.2026"),
        ("Service_Date__c", "2026-02-30", "date from VALUE_STRING value 2026-02-30"),
        ("Service_Date__c", "", "date from VALUE_STRING value "),
        ("Claim_Amount__c", "much", "double from VALUE_STRING value much"),
        ("Claim_Amount__c", True, "double from VALUE_TRUE value true"),
        ("Patient_Name__c", 5, "string from VALUE_NUMBER_INT value 5"),
        ("Patient_Name__c", ["x"], "string from START_ARRAY value ["),
    ],
)
def test_a_value_of_the_wrong_type_fails_the_whole_request(
    sandbox: RunningSandbox, field: str, value: object, words: str
) -> None:
    record = {"attributes": {"type": "Claim__c"}, "Patient_Name__c": "x", "Claim_Number__c": "half", field: value}
    good = {"attributes": {"type": "Claim__c"}, "Patient_Name__c": "not kept"}
    answer = sandbox.client.post(COLLECTIONS, json={"records": [good, record]})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    assert f"Cannot deserialize instance of {words}" in answer.json()[0]["message"]
    assert sandbox.query("SELECT Id FROM Claim__c WHERE Patient_Name__c = 'not kept'") == []


def test_single_errors_say_error_code_and_have_a_status(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.post(CLAIMS, json={"Nope__c": 1})
    assert answer.status_code == 400
    message = "No such column 'Nope__c' on sobject of type Claim__c"
    assert answer.json() == [{"message": message, "errorCode": "INVALID_FIELD"}]
    answer = sandbox.client.post(CLAIMS, json={})
    assert answer.json()[0]["fields"] == ["Patient_Name__c"]
    assert sandbox.client.post(f"{DATA}/sobjects/Nope__c", json={}).json()[0]["errorCode"] == "NOT_FOUND"
    assert sandbox.client.get(f"{CLAIMS}/abc").json()[0]["errorCode"] == "MALFORMED_ID"
    assert sandbox.client.get(f"{CLAIMS}/a00RS000zzzzzzz").status_code == 404
    assert sandbox.client.post(CLAIMS, content=b"{").json()[0]["errorCode"] == "JSON_PARSER_ERROR"


def test_a_unique_field_admits_no_second_record_whatever_its_case(sandbox: RunningSandbox) -> None:
    (first,) = sandbox.create({"Patient_Name__c": "x", "Claim_Number__c": "Uniqué-1"})
    error = refused(sandbox, {"Patient_Name__c": "x", "Claim_Number__c": "UNIQUÉ-1"})
    assert error["statusCode"] == "DUPLICATE_VALUE"
    wanted = f"duplicate value found: Claim_Number__c duplicates value on record with id: {first[:15]}"
    assert error["message"] == wanted
    sandbox.client.delete(f"{CLAIMS}/{first}")
    sandbox.create({"Patient_Name__c": "x", "Claim_Number__c": "UNIQUÉ-1"})


@pytest.mark.parametrize("key", ["plain", "a/b", "a?b#c%d+e f", "é🙂", "%2F"])
def test_an_upsert_by_external_id_creates_then_updates(sandbox: RunningSandbox, key: str) -> None:
    path = f"{DATA}/sobjects{BY_NUMBER}/{quote(key, safe='')}"
    first = sandbox.client.patch(path, json={"Patient_Name__c": "one"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    second = sandbox.client.patch(path.replace("plain", "PLAIN"), json={"Patient_Name__c": "two"})
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert second.json()["id"] == first.json()["id"]
    assert sandbox.client.get(path).json()["Claim_Number__c"] == key


def test_an_upsert_can_be_told_only_to_update(sandbox: RunningSandbox) -> None:
    path = f"{DATA}/sobjects{BY_NUMBER}/never-seen"
    assert sandbox.client.patch(path, json={"Patient_Name__c": "x"}, params={"updateOnly": "true"}).status_code == 404
    assert sandbox.client.patch(path, json={"Claim_Number__c": "x"}).json()[0]["errorCode"] == "INVALID_FIELD"
    other = f"{DATA}/sobjects/Claim__c/Diagnosis__c/x"
    assert sandbox.client.patch(other, json={}).json()[0]["errorCode"] == "NOT_FOUND"


def test_results_come_in_the_order_of_the_records_and_good_ones_are_kept(sandbox: RunningSandbox) -> None:
    records = [{"Patient_Name__c": f"Order {i}"} if i % 3 else {"Patient_Name__c": None} for i in range(200)]
    results = sandbox.collection("POST", records)
    assert [result["success"] for result in results] == [bool(i % 3) for i in range(200)]
    kept = sandbox.query("SELECT Id, Patient_Name__c FROM Claim__c WHERE Patient_Name__c LIKE 'Order %' ORDER BY Id")
    assert [r["id"] for r in results if r["success"]] == [record["Id"] for record in kept]
    assert kept[0]["Patient_Name__c"] == "Order 1"


def test_all_or_none_rolls_everything_back(sandbox: RunningSandbox) -> None:
    records: list[dict[str, str | None]] = [{"Patient_Name__c": "Rolled"}, {"Patient_Name__c": None}]
    good, bad = sandbox.collection("POST", records, all_or_none=True)
    assert good["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert sandbox.query("SELECT Id FROM Claim__c WHERE Patient_Name__c = 'Rolled'") == []


def test_updates_by_id_take_both_lengths_and_name_what_is_wrong(sandbox: RunningSandbox) -> None:
    short, gone = sandbox.create({"Patient_Name__c": "a"}, {"Patient_Name__c": "b"})
    sandbox.client.delete(f"{CLAIMS}/{gone}")
    ids: list[dict[str, str]] = [
        {"id": short[:15]},
        {},
        {"id": "a00RS00000000010000"},
        {"id": gone},
        {"id": "a00RS000zzzzzzz"},
    ]
    results = sandbox.collection("PATCH", [{**one, "Diagnosis__c": "d"} for one in ids])
    assert results[0] == {"id": short, "success": True, "errors": []}
    assert [result["errors"][0]["statusCode"] for result in results[1:]] == [
        "MISSING_ARGUMENT",
        "MALFORMED_ID",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
    ]
    assert results[1]["errors"][0]["message"] == "Id not specified in an update call"


def test_upserts_of_a_collection(sandbox: RunningSandbox) -> None:
    numbers: list[str | None] = ["UP-1", "UP-2", "up-2", None, "UP-3"]
    records = [{"Claim_Number__c": number, "Patient_Name__c": "x"} for number in numbers]
    results = sandbox.collection("PATCH", records, BY_NUMBER)
    assert [result["success"] for result in results] == [True, False, False, False, True]
    assert results[0]["created"] is True
    assert results[1]["errors"][0]["message"] == "Duplicate external id specified: UP-2"
    assert results[2]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"
    assert results[3]["errors"][0]["statusCode"] == "MISSING_ARGUMENT"
    (again,) = sandbox.collection("PATCH", [{"Claim_Number__c": "up-1", "Diagnosis__c": "d"}], BY_NUMBER)
    assert (again["id"], again["created"]) == (results[0]["id"], False)


def test_case_counts_where_the_field_says_so(sandbox: RunningSandbox) -> None:
    key = {"name": "Key__c", "externalId": True, "unique": True, "caseSensitive": True}
    sandbox.admin("POST", "/objects", {"name": "Exact__c", "fields": [key]}).raise_for_status()
    records = [{"Key__c": "a"}, {"Key__c": "A"}]
    results = sandbox.collection("PATCH", records, "/Exact__c/Key__c", object_name="Exact__c")
    assert [result["created"] for result in results] == [True, True]


def test_several_matches_are_a_choice(sandbox: RunningSandbox) -> None:
    sandbox.admin("POST", "/objects", {"name": "Loose__c", "fields": [{"name": "Key__c", "externalId": True}]})
    ids = sandbox.create({"Key__c": "same"}, {"Key__c": "same"}, object_name="Loose__c")
    answer = sandbox.client.patch(f"{DATA}/sobjects/Loose__c/Key__c/same", json={})
    assert (answer.status_code, answer.json()) == (300, [f"{DATA}/sobjects/Loose__c/{one}" for one in ids])


def test_delete_and_retrieve_of_a_collection(sandbox: RunningSandbox) -> None:
    first, second = sandbox.create({"Patient_Name__c": "r1"}, {"Patient_Name__c": "r2"})
    wanted = {"ids": [second, "a00RS000zzzzzzz", first[:15]], "fields": ["Patient_Name__c"]}
    rows = sandbox.client.post(f"{COLLECTIONS}/Claim__c", json=wanted).json()
    assert [row and row["Patient_Name__c"] for row in rows] == ["r2", None, "r1"]
    results = sandbox.client.delete(COLLECTIONS, params={"ids": f"{first},nonsense"}).json()
    assert [result["success"] for result in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "MALFORMED_ID"


def test_a_bad_envelope_fails_the_request(sandbox: RunningSandbox) -> None:
    empty = sandbox.client.post(COLLECTIONS, json={"records": []})
    assert empty.status_code == 400
    assert empty.json() == [{"message": "At least 1 record is required", "errorCode": "REQUIRED_FIELD_MISSING"}]
    many = sandbox.client.post(COLLECTIONS, json={"records": [{"attributes": {"type": "Claim__c"}}] * 201})
    assert (many.status_code, many.json()[0]["errorCode"]) == (400, "EXCEEDED_MAX_SIZE_REQUEST")
    kinds = [{"attributes": {"type": name}} for name in ("Claim__c", "Account") * 6]
    assert sandbox.client.post(COLLECTIONS, json={"records": kinds}).json()[0]["errorCode"] == "LIMIT_EXCEEDED"
    assert sandbox.client.post(COLLECTIONS, json=[]).json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    (untyped,) = sandbox.collection("POST", [{}], object_name="Nope__c")
    assert untyped["errors"][0]["statusCode"] == "INVALID_TYPE"
