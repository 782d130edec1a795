"""Values that no CRM expects: each is refused or kept as it is, and the sandbox lives on."""

import json

import pytest

from crm_sandbox.testing import CLAIMS, COLLECTIONS, DATA, RunningSandbox


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "0x10", "1."])
def test_a_number_that_json_does_not_know_fails_the_request(sandbox: RunningSandbox, number: str) -> None:
    body = f'{{"Patient_Name__c": "x", "Claim_Amount__c": {number}}}'
    answer = sandbox.client.post(CLAIMS, content=body.encode())
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1_000", "٣", ""])
def test_text_that_is_no_number_is_refused_or_empty(sandbox: RunningSandbox, number: str) -> None:
    answer = sandbox.client.post(CLAIMS, json={"Patient_Name__c": "x", "Claim_Amount__c": number})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_half_an_emoji_is_no_text(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.post(CLAIMS, content=b'{"Patient_Name__c": "\\ud83d"}')
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("text", ["a\0b", "a\u2028b", "a\u0085b", "a\r\nb", "\u202eabc", "e\u0301", "=1+1", "x" * 255])
def test_any_other_text_comes_back_as_it_was(sandbox: RunningSandbox, text: str) -> None:
    (record_id,) = sandbox.create({"Patient_Name__c": "x", "Diagnosis__c": text})
    assert sandbox.client.get(f"{CLAIMS}/{record_id}").json()["Diagnosis__c"] == text


def test_characters_are_counted_as_java_does(sandbox: RunningSandbox) -> None:
    def fate(text: str) -> bool:
        (result,) = sandbox.collection("POST", [{"Patient_Name__c": text}])
        return bool(result["success"])

    assert [fate("é" * 80), fate("é" * 81), fate("🙂" * 40), fate("🙂" * 41)] == [True, False, True, False]
    job = sandbox.bulk_load(f"Claim_Number__c,Patient_Name__c\nlong-1,{'🙂' * 40}\nlong-2,{'🙂' * 41}\n")
    assert [row[2] for row in sandbox.bulk_rows(job, "failedResults")[1:]] == ["long-2"]


def test_an_unrestricted_picklist_takes_anything(sandbox: RunningSandbox) -> None:
    (record_id,) = sandbox.create({"LastName": "x", "LeadSource": "Never heard of"}, object_name="Contact")
    assert sandbox.client.get(f"{DATA}/sobjects/Contact/{record_id}").json()["LeadSource"] == "Never heard of"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"records": {}}', b'{"records": [null]}', b'{"records": [[]]}']
)
def test_a_body_of_another_shape_is_refused(sandbox: RunningSandbox, body: bytes) -> None:
    answer = sandbox.client.post(COLLECTIONS, content=body)
    codes = [one.get("errorCode") or one["errors"][0]["statusCode"] for one in answer.json()]
    assert codes in (["JSON_PARSER_ERROR"], ["INVALID_TYPE"])


def test_a_nested_body_does_not_harm(sandbox: RunningSandbox) -> None:
    deep = json.loads("[" * 500 + "]" * 500)
    answer = sandbox.client.post(CLAIMS, json={"Patient_Name__c": deep})
    assert answer.status_code == 400
    assert sandbox.client.post(CLAIMS, content=b"[" * 100_000).status_code == 400


def test_old_cursors_make_room_for_new_ones(sandbox: RunningSandbox) -> None:
    soql, small = {"q": "SELECT Id FROM Claim__c LIMIT 201"}, {"sforce-query-options": "batchSize=200"}
    pages = [sandbox.client.get(f"{DATA}/query", params=soql, headers=small).json() for _ in range(52)]
    assert sandbox.client.get(pages[-1]["nextRecordsUrl"]).status_code == 200
    gone = sandbox.client.get(pages[0]["nextRecordsUrl"])
    assert (gone.status_code, gone.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")
