"""simple-salesforce as it is on PyPI, against the sandbox: what a user of it would do on the first day."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce, SalesforceAuthenticationFailed, SalesforceMalformedRequest
from simple_salesforce.exceptions import SalesforceExpiredSession

from crm_sandbox.testing import RunningSandbox


class Rerouted(HTTPAdapter):
    """Leads the vendor's login host, whose name is written into the client, to the sandbox."""

    def __init__(self, url: str) -> None:
        self._url = url
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        _, _, path = str(request.url).removeprefix("https://").partition("/")
        request.url = f"{self._url}/{path}"
        return super().send(request, *args, **kwargs)


@pytest.fixture
def session(sandbox: RunningSandbox) -> Iterator[requests.Session]:
    """A session that trusts the sandbox's own certificate authority."""
    with requests.Session() as trusting:
        trusting.trust_env = False
        trusting.verify = sandbox.handle["ca_file"]
        trusting.mount("https://login.salesforce.com/", Rerouted(sandbox.handle["https"]))
        yield trusting


@pytest.fixture
def client(sandbox: RunningSandbox, session: requests.Session) -> Salesforce:
    url, token = sandbox.handle["https"], sandbox.handle["salesforce"]["access_token"]
    return Salesforce(instance_url=url, session_id=token, session=session, version="68.0")


def test_it_reads_and_writes_single_records(client: Salesforce) -> None:
    made = client.Claim__c.create({"Patient_Name__c": "Simple 🙂", "Claim_Amount__c": 12.5})
    assert made["success"] is True
    assert client.Claim__c.get(made["id"])["Patient_Name__c"] == "Simple 🙂"
    assert client.Claim__c.update(made["id"], {"Diagnosis__c": "d"}) == 204
    assert client.Claim__c.upsert("Claim_Number__c/simple-1", {"Patient_Name__c": "x"}) == 201
    assert client.Claim__c.get_by_custom_id("Claim_Number__c", "simple-1")["Patient_Name__c"] == "x"
    assert client.Claim__c.delete(made["id"]) == 204
    assert client.Claim__c.describe()["keyPrefix"] == "a00"
    assert "Claim__c" in [one["name"] for one in client.describe()["sobjects"]]
    assert client.limits()["DailyApiRequests"]["Remaining"] > 0
    with pytest.raises(SalesforceMalformedRequest, match="REQUIRED_FIELD_MISSING"):
        client.Claim__c.create({})


def test_it_reads_all_pages(client: Salesforce) -> None:
    found = client.query_all("SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'HC-%'")
    assert (found["totalSize"], len(found["records"])) == (2300, 2300)
    assert len(list(client.query_all_iter("SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'HC-%'"))) == 2300


def test_it_sends_collections(client: Salesforce) -> None:
    body = {"records": [{"attributes": {"type": "Claim__c"}, "Claim_Number__c": f"sc-{i}", "Patient_Name__c": "x"}
                        for i in range(200)]}  # fmt: skip
    path = "composite/sobjects/Claim__c/Claim_Number__c"
    results = client.restful(path, method="PATCH", data=json.dumps(body))
    assert [result["created"] for result in results] == [True] * 200


def test_it_loads_and_reads_in_bulk(client: Salesforce) -> None:
    records = [{"Claim_Number__c": f"sb-{i}", "Patient_Name__c": f"Patient {i}"} for i in range(500)]
    records.append({"Claim_Number__c": "sb-500", "Patient_Name__c": ""})
    (result,) = client.bulk2.Claim__c.upsert(records=records, external_id_field="Claim_Number__c", wait=0.05)
    assert (result["numberRecordsProcessed"], result["numberRecordsFailed"]) == (501, 1)
    assert client.bulk2.Claim__c.get_failed_records(result["job_id"]).count("REQUIRED_FIELD_MISSING") == 1
    assert client.bulk2.Claim__c.get_successful_records(result["job_id"]).count("sb-") == 500
    assert client.bulk2.Claim__c.get_unprocessed_records(result["job_id"]).strip().count("\n") == 0
    soql = "SELECT Claim_Number__c FROM Claim__c WHERE Claim_Number__c LIKE 'sb-%'"
    pages = list(client.bulk2.Claim__c.query(soql, max_records=200, wait=0.05))
    assert [page.count("sb-") for page in pages] == [200, 200, 100]


def test_it_logs_in_with_password_and_token(sandbox: RunningSandbox, session: requests.Session) -> None:
    me = sandbox.handle["salesforce"]
    words = {name: me[name] for name in ("username", "password", "security_token")}
    client = Salesforce(**words, session=session, version="62.0")
    assert f"https://{client.sf_instance}" == sandbox.handle["https"]
    assert client.query("SELECT COUNT() FROM User")["totalSize"] == 1
    for wrong in ({"password": "no"}, {"security_token": ""}, {"username": "nobody@example.com"}):
        with pytest.raises(SalesforceAuthenticationFailed, match="Invalid username, password, security token"):
            Salesforce(**{**words, **wrong}, session=session, version="62.0")
    with pytest.raises(SalesforceAuthenticationFailed, match="UNSUPPORTED_API_VERSION"):
        Salesforce(**words, session=session, version="65.0")


def test_it_logs_in_with_a_key(sandbox: RunningSandbox, session: requests.Session) -> None:
    me = sandbox.handle["salesforce"]
    client = Salesforce(
        username=me["username"],
        consumer_key=me["consumer_key"],
        privatekey_file=me["private_key_file"],
        session=session,
        version="62.0",
    )
    assert client.query("SELECT Username FROM User")["records"][0]["Username"] == me["username"]


def test_it_learns_that_its_session_is_over(sandbox: RunningSandbox, session: requests.Session) -> None:
    token = sandbox.login().json()["access_token"]
    client = Salesforce(instance_url=sandbox.handle["https"], session_id=token, session=session, version="62.0")
    with sandbox.http(token) as http:
        assert http.post("/services/oauth2/revoke", data={"token": token}).status_code == 200
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT COUNT() FROM User")
