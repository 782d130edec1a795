import gzip
import json
from pathlib import Path

import pytest

from crm_sandbox.testing import CLAIMS, COLLECTIONS, DATA, RunningSandbox


def test_every_answer_says_it_is_a_sandbox_and_what_is_used(sandbox: RunningSandbox) -> None:
    for path in ("/services/data", f"{DATA}/sobjects", f"{DATA}/nothing", f"{DATA}/query?q=x"):
        answer = sandbox.client.get(path)
        assert answer.headers["x-recordsmith-sandbox"] == "sandbox"
        assert answer.headers["sforce-limit-info"].startswith("api-usage=")
    assert sandbox.client.get("/nothing").headers["x-recordsmith-sandbox"] == "sandbox"


def test_the_usage_header_and_the_limits_agree(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.get(f"{DATA}/limits")
    used, most = answer.headers["sforce-limit-info"].removeprefix("api-usage=").split("/")
    assert answer.json()["DailyApiRequests"] == {"Max": int(most), "Remaining": int(most) - int(used)}


def test_without_a_session_even_a_missing_page_is_unauthorised(sandbox: RunningSandbox) -> None:
    with sandbox.http("00Dxx!wrong") as client:
        answer = client.get(f"{DATA}/nothing")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Token"
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
    assert sandbox.client.get(f"{DATA}/nothing").status_code == 404


def test_slashes_more_than_needed_do_no_harm(sandbox: RunningSandbox) -> None:
    for path in (f"{DATA}/sobjects/", f"/{DATA}/sobjects", f"{CLAIMS}/describe/", f"{DATA}//limits/"):
        assert sandbox.client.get(sandbox.handle["http"] + path).status_code == 200, path
    assert sandbox.client.get(f"{DATA}/query/", params={"q": "SELECT COUNT() FROM Claim__c"}).status_code == 200


def test_versions_50_to_68_are_there_and_no_others(sandbox: RunningSandbox) -> None:
    versions = sandbox.client.get("/services/data").json()
    assert [versions[0]["version"], versions[-1]["version"]] == ["50.0", "68.0"]
    assert versions[-1]["label"] == "Winter '27"
    assert sandbox.client.get("/services/data/v68.0").json()["query"] == "/services/data/v68.0/query"
    assert sandbox.client.get("/services/data/v49.0/sobjects").status_code == 404


def test_a_gzipped_body_is_read(sandbox: RunningSandbox) -> None:
    body = {"records": [{"attributes": {"type": "Claim__c"}, "Patient_Name__c": "Zip"}]}
    headers = {"content-encoding": "gzip", "content-type": "application/json"}
    answer = sandbox.client.post(COLLECTIONS, content=gzip.compress(json.dumps(body).encode()), headers=headers)
    assert answer.json()[0]["success"]
    assert sandbox.client.post(COLLECTIONS, content=b"no gzip", headers=headers).status_code == 400


def test_an_address_that_is_too_long_is_refused(sandbox: RunningSandbox) -> None:
    assert sandbox.client.get(f"{DATA}/query", params={"q": "x" * 17_000}).status_code == 414


def test_a_wrong_method_is_named_as_such(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.put(f"{CLAIMS}/describe")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("name", ["Claim__c", "Account", "Contact", "Case", "Lead", "Opportunity", "User"])
def test_the_describe_carries_the_keys_of_a_real_one(sandbox: RunningSandbox, recorded: Path, name: str) -> None:
    saved = recorded / "test__metadata__read__custom-object-with-custom-fields.json"
    real = json.loads(saved.read_text())["compositeResponse"][0]["body"]
    ours = sandbox.client.get(f"{DATA}/sobjects/{name}/describe").json()
    assert ours.keys() == real.keys()
    for field in ours["fields"]:
        assert field.keys() == real["fields"][0].keys(), field["name"]
        for choice in field["picklistValues"]:
            assert choice.keys() == {"active", "defaultValue", "label", "validFor", "value"}


def test_the_describe_of_a_claim_says_what_clients_decide_by(sandbox: RunningSandbox) -> None:
    fields = {field["name"]: field for field in sandbox.client.get(f"{CLAIMS}/describe").json()["fields"]}
    number, summary, amount = fields["Claim_Number__c"], fields["Clinical_Summary__c"], fields["Claim_Amount__c"]
    assert all(number[key] for key in ("externalId", "unique", "idLookup"))
    assert not number["caseSensitive"]
    assert (summary["type"], summary["length"], summary["filterable"]) == ("textarea", 32768, False)
    assert (amount["type"], amount["precision"], amount["scale"]) == ("currency", 18, 2)
    assert fields["Risk_Level__c"]["restrictedPicklist"]
    assert fields["Risk_Level__c"]["picklistValues"][0]["value"] == "Low"
    assert (fields["Name"]["autoNumber"], fields["Name"]["createable"]) == (True, False)
    required = [n for n, f in fields.items() if f["createable"] and not f["nillable"] and not f["defaultedOnCreate"]]
    assert required == ["Patient_Name__c"]


def test_an_unchanged_describe_is_not_sent_again(sandbox: RunningSandbox) -> None:
    first = sandbox.client.get(f"{CLAIMS}/describe")
    headers = {"if-modified-since": first.headers["last-modified"]}
    assert sandbox.client.get(f"{CLAIMS}/describe", headers=headers).status_code == 304


def test_the_standard_objects_are_there(sandbox: RunningSandbox) -> None:
    names = {one["name"]: one["keyPrefix"] for one in sandbox.client.get(f"{DATA}/sobjects").json()["sobjects"]}
    wanted = {"Claim__c": "a00", "Account": "001", "Contact": "003", "Case": "500", "Opportunity": "006"}
    assert wanted.items() <= names.items()
    assert sandbox.query("SELECT Username FROM User")[0]["Username"] == sandbox.handle["salesforce"]["username"]
