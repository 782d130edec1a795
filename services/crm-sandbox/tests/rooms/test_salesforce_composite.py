"""Several calls in one: in their order, later ones with what earlier ones gave."""

from typing import Any

import pytest

from crm_sandbox.testing import DATA, RunningSandbox

COMPOSITE = f"{DATA}/composite"


def part(reference: str, method: str, path: str, body: Any = None, **other: Any) -> dict[str, Any]:
    one = {"method": method, "url": f"{DATA}/{path}", "referenceId": reference, **other}
    return one if body is None else {**one, "body": body}


def ask(sandbox: RunningSandbox, *parts: dict[str, Any], all_or_none: bool = False) -> list[dict[str, Any]]:
    body = {"allOrNone": all_or_none, "compositeRequest": list(parts)}
    answer = sandbox.client.post(COMPOSITE, json=body).raise_for_status()
    results: list[dict[str, Any]] = answer.json()["compositeResponse"]
    assert [result["referenceId"] for result in results] == [one["referenceId"] for one in parts]
    return results


def named(sandbox: RunningSandbox, name: str, kind: str = "Account") -> int:
    return len(sandbox.query(f"SELECT Id FROM {kind} WHERE Name = '{name}'"))


def test_later_calls_use_what_earlier_ones_gave(sandbox: RunningSandbox) -> None:
    account, contact, found, changed, read = ask(
        sandbox,
        part("acme", "POST", "sobjects/Account", {"Name": "Acme Composite"}),
        part("ada", "POST", "sobjects/Contact", {"LastName": "Composite", "AccountId": "@{acme.id}"}),
        part("all", "GET", "query?q=SELECT+Id,AccountId+FROM+Contact+WHERE+Id='@{ada.id}'"),
        part("new", "PATCH", "sobjects/Contact/@{all.records[0].Id}", {"LastName": "Of @{acme.id}"}),
        part("read", "GET", "sobjects/Contact/@{ada.id}?fields=LastName"),
    )
    account_id = account["body"]["id"]
    assert (account["httpStatusCode"], account["httpHeaders"]) == (
        201,
        {"Location": f"{DATA}/sobjects/Account/{account_id}"},
    )
    assert contact["body"]["success"] is True
    assert found["body"]["records"][0]["AccountId"] == account_id
    assert (changed["httpStatusCode"], changed["body"]) == (204, None)
    assert read["body"]["LastName"] == f"Of {account_id}"


def test_a_failure_stops_only_those_who_refer_to_it(sandbox: RunningSandbox) -> None:
    bad, child, other = ask(
        sandbox,
        part("bad", "POST", "sobjects/Account", {"Nope__c": 1}),
        part("child", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{bad.id}"}),
        part("other", "POST", "sobjects/Account", {"Name": "Composite Kept"}),
    )
    assert (bad["httpStatusCode"], bad["body"][0]["errorCode"]) == (400, "INVALID_FIELD")
    assert (child["httpStatusCode"], child["body"][0]["errorCode"]) == (400, "PROCESSING_HALTED")
    assert "No value for bad.id found in bad" in child["body"][0]["message"]
    assert (other["httpStatusCode"], named(sandbox, "Composite Kept")) == (201, 1)


def test_all_or_none_takes_everything_back_and_tries_no_more(sandbox: RunningSandbox) -> None:
    typed = {"attributes": {"type": "Account"}, "Name": "Composite Gone"}
    parts = (
        part("one", "POST", "sobjects/Account", {"Name": "Composite Gone"}),
        part("many", "POST", "composite/sobjects", {"records": [typed]}),
        part("bad", "POST", "sobjects/Contact", {}),
        part("late", "POST", "sobjects/Account", {"Name": "Composite Gone"}),
    )
    results = ask(sandbox, *parts, all_or_none=True)
    assert [result["httpStatusCode"] for result in results] == [400] * 4
    codes = [result["body"][0]["errorCode"] for result in results]
    assert codes == ["PROCESSING_HALTED", "PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert named(sandbox, "Composite Gone") == 0
    good = ask(sandbox, parts[0], parts[1], all_or_none=True)
    assert [result["httpStatusCode"] for result in good] == [201, 200]
    assert named(sandbox, "Composite Gone") == 2


def test_a_collection_within_keeps_its_own_all_or_none(sandbox: RunningSandbox) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("Composite Part", None)]
    (result,) = ask(sandbox, part("many", "POST", "composite/sobjects", {"records": records}), all_or_none=True)
    assert [one["success"] for one in result["body"]] == [True, False]
    assert named(sandbox, "Composite Part") == 1


def test_it_counts_as_one_call_and_takes_a_fault(sandbox: RunningSandbox) -> None:
    def used() -> int:
        told = sandbox.client.get(f"{DATA}/limits").json()["DailyApiRequests"]
        return int(told["Max"] - told["Remaining"])

    before = used()
    sandbox.fault(method="POST", path="*/composite", code="UNABLE_TO_LOCK_ROW", nth=[1])
    read = part("read", "GET", "query?q=SELECT+Id+FROM+Account+LIMIT+1")
    writes = [part(name, "POST", "sobjects/Account", {"Name": "Composite Fault"}) for name in ("a", "b")]
    results = ask(sandbox, read, *writes)
    assert [result["httpStatusCode"] for result in results] == [200, 400, 201]
    assert used() - before == 2, "one for the whole, one for asking"


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        [],
        ["text"],
        [{"method": "GET", "url": f"{DATA}/query?q=x"}],
        [part("same", "GET", "sobjects/Account"), part("same", "GET", "sobjects/Account")],
        [part("a-b", "GET", "sobjects/Account")],
        [part(f"r{at}", "GET", "sobjects/Account") for at in range(26)],
        [part(f"r{at}", "GET", "query?q=SELECT+Id+FROM+Account") for at in range(6)],
    ],
)
def test_a_request_that_makes_no_sense_is_refused_as_a_whole(sandbox: RunningSandbox, wanted: Any) -> None:
    answer = sandbox.client.post(COMPOSITE, json={"compositeRequest": wanted})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] in ("REQUIRED_FIELD_MISSING", "JSON_PARSER_ERROR", "LIMIT_EXCEEDED")


def test_what_cannot_be_part_of_one_is_halted(sandbox: RunningSandbox) -> None:
    results = ask(
        sandbox,
        part("self", "POST", "composite", {"compositeRequest": []}),
        part("job", "POST", "jobs/ingest", {"object": "Account", "operation": "insert"}),
        part("nowhere", "DELETE", "query"),
    )
    codes = [result["body"][0]["errorCode"] for result in results]
    assert codes == ["PROCESSING_HALTED", "PROCESSING_HALTED", "METHOD_NOT_ALLOWED"]
