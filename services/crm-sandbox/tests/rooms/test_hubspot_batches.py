"""Contract checks 78 to 84 and 96 of batches."""

import itertools
from typing import Any

import pytest

from crm_sandbox.testing import PortalClient

_NUMBERS = itertools.count(1)


def address(name: str = "b") -> str:
    return f"{name}{next(_NUMBERS)}@batches.example"


def contacts(*emails: str, traced: bool = False) -> list[dict[str, Any]]:
    inputs: list[dict[str, Any]] = [{"properties": {"email": email}} for email in emails]
    return [{**one, "objectWriteTraceId": f"t{n}"} for n, one in enumerate(inputs)] if traced else inputs


def count(portal: PortalClient) -> int:
    return int(portal.sandbox.admin("GET", "/hubspot").json()["records"]["contacts"])


def test_a_hundred_inputs_are_written_and_one_more_is_refused(portal: PortalClient) -> None:
    answer = portal.batch("contacts", "create", contacts(*[address() for _ in range(100)]))
    assert (answer.status_code, len(answer.json()["results"])) == (201, 100)
    assert "numErrors" not in answer.json()
    before = count(portal)
    refused = portal.batch("contacts", "create", contacts(*[address() for _ in range(101)]))
    assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")
    assert "100" in refused.json()["message"]
    assert count(portal) == before


@pytest.mark.parametrize("body", [{}, {"inputs": []}, {"inputs": "x"}, {"inputs": [1]}, []])
def test_a_batch_without_inputs_is_refused(portal: PortalClient, body: object) -> None:
    answer = portal.call("POST", "objects/contacts/batch/create", body)
    assert (answer.status_code, answer.json()["status"]) == (400, "error")


def test_without_trace_ids_one_bad_record_rejects_all(portal: PortalClient) -> None:
    before, good = count(portal), address()
    inputs = [*contacts(good), {"properties": {"email": address(), "nope": "1"}}]
    answer = portal.batch("contacts", "create", inputs)
    body = answer.json()
    assert (answer.status_code, body["category"]) == (400, "VALIDATION_ERROR")
    assert body["message"].startswith('Property values were not valid: [{"isValid":false')
    assert body["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert body["errors"][0]["context"] == {"propertyName": ["nope"]}
    assert count(portal) == before


def test_without_trace_ids_one_bad_record_rejects_an_upsert(portal: PortalClient) -> None:
    before = count(portal)
    inputs = [
        {"id": address(), "idProperty": "email", "properties": given} for given in ({}, {"nope": "1"}, {"city": "Rome"})
    ]
    answer = portal.batch("contacts", "upsert", inputs)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "PROPERTY_DOESNT_EXIST")
    assert count(portal) == before
    traced = [{**one, "objectWriteTraceId": str(at)} for at, one in enumerate(inputs)]
    partial = portal.batch("contacts", "upsert", traced)
    assert (partial.status_code, len(partial.json()["results"]), count(portal)) == (207, 2, before + 2)


def test_the_same_error_of_two_records_is_told_once(portal: PortalClient) -> None:
    inputs = [{"properties": {"email": address(), "nope": "1"}} for _ in range(2)]
    body = portal.batch("contacts", "create", inputs).json()
    assert len(body["errors"]) == 1
    assert body["message"].count("PROPERTY_DOESNT_EXIST") == 2


def test_with_trace_ids_the_good_records_are_written(portal: PortalClient) -> None:
    taken = address()
    existing = portal.create("contacts", email=taken)
    answer = portal.batch("contacts", "create", contacts(address(), taken, traced=True))
    body = answer.json()
    assert (answer.status_code, body["numErrors"], len(body["results"])) == (207, 1, 1)
    assert body["results"][0]["objectWriteTraceId"] == "t0"
    (error,) = body["errors"]
    assert (error["status"], error["category"]) == ("error", "CONFLICT")
    assert error["message"] == f"Contact already exists. Existing ID: {existing}"
    assert error["context"] == {"objectWriteTraceId": ["t1"], "existingId": [existing]}


@pytest.mark.parametrize("traces", [["same", "same"], ["one", None]])
def test_trace_ids_count_only_when_each_input_has_its_own(portal: PortalClient, traces: list[str | None]) -> None:
    inputs = [
        {"properties": {"email": address(), "nope": "1"} if n else {"email": address()}, "objectWriteTraceId": trace}
        for n, trace in enumerate(traces)
    ]
    assert portal.batch("contacts", "create", inputs).status_code == 400


def test_a_conflict_in_a_batch_of_several_does_not_say_with_whom(portal: PortalClient) -> None:
    first, second = address(), address()
    portal.batch("contacts", "create", contacts(first, second))
    answer = portal.batch("contacts", "create", contacts(first, second, address()))
    assert (answer.status_code, answer.json()["message"]) == (409, "Contact already exists")
    assert answer.json()["category"] == "CONFLICT"


def test_a_conflict_of_one_record_names_the_other(portal: PortalClient) -> None:
    email = address()
    existing = portal.create("contacts", email=email)
    answer = portal.call("POST", "objects/contacts", {"properties": {"email": email.upper()}})
    assert answer.status_code == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {existing}"
    assert "context" not in answer.json()


def test_bisecting_finds_the_one_culprit(portal: PortalClient) -> None:
    emails = [address() for _ in range(100)]
    culprit = portal.create("contacts", email=emails[62])
    calls = 0

    def write(inputs: list[dict[str, Any]]) -> list[str]:
        nonlocal calls
        calls += 1
        answer = portal.batch("contacts", "create", inputs)
        if answer.status_code == 201:
            return []
        if len(inputs) == 1:
            return [answer.json()["message"].rpartition(" ")[2]]
        half = len(inputs) // 2
        return write(inputs[:half]) + write(inputs[half:])

    assert write(contacts(*emails)) == [culprit]
    assert calls <= 15


@pytest.mark.parametrize("verb", ["update", "upsert"])
def test_one_id_twice_is_refused_with_the_id(portal: PortalClient, verb: str) -> None:
    email = address()
    portal.create("contacts", email=email)
    inputs = [{"id": one, "idProperty": "email", "properties": {}} for one in (email, email.upper(), address())]
    answer = portal.batch("contacts", verb, inputs)
    assert answer.status_code == 400
    assert answer.json()["message"] == f"Duplicate IDs found in batch input: [{email.upper()}]. IDs must be unique"
    assert answer.json()["context"] == {"ids": [email.upper()]}


def test_upsert_says_what_is_new_and_keeps_emails_in_lower_case(portal: PortalClient) -> None:
    known, fresh = address(), f"Ünïcode.{address('New')}"
    existing = portal.create("contacts", email=known)
    inputs = [
        {"id": one.upper(), "idProperty": "email", "properties": {"city": "Oslo"}, "objectWriteTraceId": one}
        for one in (known, fresh)
    ]
    answer = portal.batch("contacts", "upsert", inputs)
    results = {one["objectWriteTraceId"]: one for one in answer.json()["results"]}
    assert answer.status_code == 200
    assert (results[known]["new"], results[known]["id"]) == (False, existing)
    assert (results[fresh]["new"], results[fresh]["properties"]["email"]) == (True, fresh.lower())
    assert portal.read("contacts", existing, "city")["city"] == "Oslo"


def test_upsert_by_email_does_not_change_the_email(portal: PortalClient) -> None:
    email = address()
    existing = portal.create("contacts", email=email)
    portal.batch("contacts", "upsert", [{"id": email, "idProperty": "email", "properties": {"email": address()}}])
    assert portal.read("contacts", existing, "email")["email"] == email


@pytest.mark.parametrize(("kind", "key"), [("companies", "domain"), ("deals", "dealname"), ("contacts", "phone")])
def test_upsert_by_what_is_not_unique_is_refused(portal: PortalClient, kind: str, key: str) -> None:
    answer = portal.batch(kind, "upsert", [{"id": "x", "idProperty": key, "properties": {}}])
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Unable to perform update/upsert by non-unique 0-")
    assert portal.batch(kind, "upsert", [{"id": "x", "properties": {}}]).status_code == 400
    assert portal.batch(kind, "upsert", [{"id": "x", "idProperty": "gone", "properties": {}}]).status_code == 400


@pytest.mark.parametrize("kind", ["companies", "deals", "notes", "calls", "tasks", "tickets"])
def test_any_object_is_upserted_by_a_unique_property_of_ones_own(portal: PortalClient, kind: str) -> None:
    portal.add_property(kind, "batch_key", hasUniqueValue=True)
    required = {"hs_timestamp": "2026-01-05T09:00:00Z"} if kind in ("notes", "calls", "tasks") else {}
    required |= {"subject": "s", "hs_pipeline_stage": "1"} if kind == "tickets" else {}
    inputs = [{"id": f"K-{kind}", "idProperty": "batch_key", "properties": required}]
    first = portal.batch(kind, "upsert", inputs).json()["results"][0]
    second = portal.batch(kind, "upsert", inputs).json()["results"][0]
    assert (first["id"], first["new"]) == (second["id"], True)
    assert second["new"] is False
    found = portal.batch(kind, "read", [{"id": f"K-{kind}"}], idProperty="batch_key", properties=["batch_key"])
    assert found.json()["results"][0]["properties"]["batch_key"] == f"K-{kind}"


def test_a_unique_value_that_another_record_has_is_refused(portal: PortalClient) -> None:
    portal.add_property("companies", "clash_key", hasUniqueValue=True)
    holder = portal.create("companies", name="A", clash_key="1")
    answer = portal.call("POST", "objects/companies", {"properties": {"name": "B", "clash_key": "1"}})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "CONFLICTING_UNIQUE_VALUE")
    assert holder in answer.json()["message"]


@pytest.mark.parametrize("traced", [True, False])
def test_ids_that_name_no_record_are_told_in_a_207(portal: PortalClient, traced: bool) -> None:
    existing = portal.create("contacts", email=address())
    inputs = [{"id": one, "properties": {"firstname": "U"}} for one in (existing, "unknown888", "1")]
    inputs = [{**one, "objectWriteTraceId": str(n)} for n, one in enumerate(inputs)] if traced else inputs
    body = portal.batch("contacts", "update", inputs).json()
    assert [one["id"] for one in body["results"]] == [existing]
    (error,) = body["errors"]
    assert (error["category"], error["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["unknown888", "1"]})
    assert error["message"].startswith("Could not get some CONTACT objects, they may be deleted or not exist.")
    read = portal.batch("contacts", "read", [{"id": existing}, {"id": "1"}], properties=["firstname"])
    assert (read.status_code, read.json()["results"][0]["properties"]["firstname"]) == (207, "U")


def test_partial_writes_can_be_switched_off_for_what_is_assumed(portal: PortalClient) -> None:
    inputs = [
        {"id": address(), "idProperty": "email", "properties": extra, "objectWriteTraceId": trace}
        for trace, extra in (("a", {}), ("b", {"nope": "1"}))
    ]
    assert portal.batch("contacts", "upsert", inputs).status_code == 207
    portal.settings(partial_upserts=False)
    assert portal.batch("contacts", "upsert", inputs).status_code == 400


def test_results_come_in_another_order_than_the_inputs(portal: PortalClient) -> None:
    emails = [address() for _ in range(20)]
    body = portal.batch("contacts", "create", contacts(*emails)).json()
    answered = [one["properties"]["email"] for one in body["results"]]
    assert answered != emails
    assert sorted(answered) == sorted(emails)
    portal.settings(shuffle_results=False)
    more = [address() for _ in range(20)]
    body = portal.batch("contacts", "create", contacts(*more)).json()
    assert [one["properties"]["email"] for one in body["results"]] == more


def test_an_archived_batch_is_gone_and_gone_again(portal: PortalClient) -> None:
    ids = [portal.create("contacts", email=address()) for _ in range(3)]
    for _ in range(2):
        assert portal.batch("contacts", "archive", [{"id": one} for one in ids]).status_code == 204
    assert portal.call("GET", f"objects/contacts/{ids[0]}").status_code == 404
    assert portal.call("GET", f"objects/contacts/{ids[0]}", archived="true").json()["archived"] is True


def test_more_than_fifty_histories_at_once_are_refused(portal: PortalClient) -> None:
    inputs = [{"id": str(n)} for n in range(51)]
    answer = portal.batch("contacts", "read", inputs, propertiesWithHistory=["email"])
    assert (answer.status_code, "property histories is 50" in answer.json()["message"]) == (400, True)


def test_a_code_ordered_for_a_batch_strikes_its_first_record(portal: PortalClient) -> None:
    path = "/crm/*/objects/contacts/batch/create"
    portal.sandbox.fault(method="POST", path=path, code="INVALID_OPTION", times=2)
    partial = portal.batch("contacts", "create", contacts(address(), address(), traced=True))
    assert (partial.status_code, len(partial.json()["results"])) == (207, 1)
    assert partial.json()["errors"][0]["context"]["objectWriteTraceId"] == ["t0"]
    assert portal.batch("contacts", "create", contacts(address(), address())).status_code == 400
    assert portal.batch("contacts", "create", contacts(address(), address())).status_code == 201
