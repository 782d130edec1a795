"""Batches that continue each other, from the CRM's change to the LLM's prompt, over a crash between them."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from tests.fakes.llm_server import FakeLLM
from tests.flows.conftest import MODELS
from tests.running import Json, Running

DATA = "/services/data/v62.0"


class Org:
    """What a person would do in Salesforce."""

    def __init__(self, system: Running) -> None:
        sandbox = system.run_file()["sandbox"]
        headers = {"authorization": f"Bearer {sandbox['salesforce']['access_token']}"}
        self.http = httpx.Client(base_url=sandbox["http"], headers=headers, timeout=20, trust_env=False)

    def create(self, kind: str, **fields: Any) -> str:
        answer: Json = self.http.post(f"{DATA}/sobjects/{kind}", json=fields).raise_for_status().json()
        return str(answer["id"])

    def change(self, kind: str, record_id: str, **fields: Any) -> None:
        self.http.patch(f"{DATA}/sobjects/{kind}/{record_id}", json=fields).raise_for_status()

    def delete(self, kind: str, record_id: str) -> None:
        self.http.delete(f"{DATA}/sobjects/{kind}/{record_id}").raise_for_status()


def test_each_change_is_asked_about_once_and_what_was_deleted_is_told(system: Running, llm: FakeLLM) -> None:
    org, mark = Org(system), f"Flow{uuid.uuid4().hex[:8]}"
    account = org.create("Account", Name=f"{mark} Ltd")
    ids = [org.create("Contact", LastName=f"{mark} {number}", AccountId=account) for number in range(5)]
    batch: Json = {
        "name": mark,
        "source": {
            "kind": "salesforce",
            "object": "Contact",
            "where": f"LastName LIKE '{mark}%'",
            "changed_since": "last",
            "deleted": "forward",
        },
        "prompt": {"template": "Greet {{LastName}} of {{Account.Name}}"},
        "models": MODELS,
        "fallback": "fail",
        "target": {"kind": "none"},
    }

    def run() -> tuple[int, int]:
        llm.steer(forget=True)
        shown = system.wait(system.submit(batch))
        assert shown["state"] == "completed"
        return shown["counts"]["generated"], shown["counts"]["skipped"]

    assert run() == (5, 0)
    assert set(llm.calls()) == {f"Greet {mark} {number} of {mark} Ltd" for number in range(5)}
    system.kill("schema-svc")
    org.change("Contact", ids[1], LastName=f"{mark} one")
    org.delete("Contact", ids[2])
    assert run() == (1, 1)
    assert set(llm.calls()) == {f"Greet {mark} one of {mark} Ltd"}
    assert run() == (0, 0)


def test_what_is_deleted_at_the_source_is_deleted_at_the_target(system: Running, llm: FakeLLM) -> None:
    org, mark = Org(system), f"K{uuid.uuid4().hex[:8]}"
    key = {"name": "Key__c", "externalId": True, "unique": True}
    for name in ("Order__c", "Letter__c"):
        system.admin("POST", "/objects", {"name": name, "fields": [key, {"name": "Text__c"}]})
    orders = [org.create("Order__c", Key__c=f"{mark}-{number}", Text__c=f"order {number}") for number in range(4)]
    batch: Json = {
        "name": mark,
        "source": {
            "kind": "salesforce",
            "object": "Order__c",
            "where": f"Key__c LIKE '{mark}%'",
            "changed_since": "last",
            "deleted": "forward",
        },
        "prompt": {"template": "Write a letter about {{Text__c}}"},
        "models": MODELS,
        "fallback": "fail",
        "target": {
            "kind": "salesforce",
            "object": "Letter__c",
            "external_id": "Key__c",
            "field": "Text__c",
            "deletes": "delete",
        },
    }

    def run() -> dict[str, int]:
        llm.steer(forget=True)
        shown = system.wait(system.submit(batch))
        assert shown["state"] == "completed"
        assert sum(shown["counts"].values()) == shown["requested"]
        return {state: count for state, count in shown["counts"].items() if count}

    def letters() -> set[str]:
        return {row["Key__c"] for row in system.query(f"SELECT Key__c FROM Letter__c WHERE Key__c LIKE '{mark}%'")}

    assert run() == {"written": 4}
    assert letters() == {f"{mark}-{number}" for number in range(4)}
    never_written = org.create("Order__c", Key__c=f"{mark}-9")
    org.change("Order__c", orders[0], Text__c="order zero")
    for record_id in (orders[1], orders[2], never_written):
        org.delete("Order__c", record_id)
    assert run() == {"written": 3, "skipped": 1}
    assert set(llm.calls()) == {"Write a letter about order zero"}
    assert letters() == {f"{mark}-0", f"{mark}-3"}
    assert run() == {}
