"""Answers have the keys of real ones, where a folder with recorded bodies is at hand."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from crm_sandbox.testing import PortalClient


@pytest.fixture(scope="session")
def bodies() -> Path:
    folder = Path(os.environ.get("RECORDSMITH_HUBSPOT_BODIES", "no folder"))
    if not folder.is_dir():
        pytest.skip("RECORDSMITH_HUBSPOT_BODIES names no folder of real HubSpot bodies")
    return folder


def recorded(bodies: Path, name: str) -> Any:
    return json.loads((bodies / f"{name}.json").read_text())


def keys(body: dict[str, Any]) -> set[str]:
    return set(body) - {"correlationId"}


def test_a_batch_create(bodies: Path, portal: PortalClient) -> None:
    real = recorded(bodies, "test__batch__create__contacts__success")
    ours = portal.batch("contacts", "create", [{"properties": {"email": "real1@bodies.example"}}]).json()
    assert keys(ours) == keys(real)
    assert keys(ours["results"][0]) == keys(real["results"][0])
    rolled_up = {"hs_lifecyclestage_lead_date"} | {
        name for name in real["results"][0]["properties"] if "_count" in name
    }
    assert {"hs_object_id", "hs_email_domain", "hs_is_unworked"} <= keys(ours["results"][0]["properties"]) | rolled_up


def test_a_batch_with_a_conflict(bodies: Path, portal: PortalClient) -> None:
    real = recorded(bodies, "test__batch__create__contacts__err-partial-success")
    portal.create("contacts", email="real2@bodies.example")
    inputs = [{"properties": {"email": f"real{n}@bodies.example"}, "objectWriteTraceId": str(n)} for n in (2, 3)]
    ours = portal.batch("contacts", "create", inputs).json()
    assert keys(ours) == keys(real)
    assert (keys(ours["errors"][0]), keys(ours["errors"][0]["context"])) == (
        keys(real["errors"][0]),
        keys(real["errors"][0]["context"]),
    )
    whole = portal.batch("contacts", "create", [{"properties": {"email": "real2@bodies.example"}}] * 2).json()
    assert whole | {"correlationId": ""} == recorded(bodies, "test__batch__create__contacts__err-conflict") | {
        "correlationId": ""
    }


def test_a_batch_with_unknown_properties(bodies: Path, portal: PortalClient) -> None:
    real = recorded(bodies, "test__batch__create__contacts__err-many-invalid-properties")
    bad = {"first000name": "x", "last000name": "y"}
    ours = portal.batch("contacts", "create", [{"properties": bad}, {"properties": bad}]).json()
    assert keys(ours) == keys(real)
    assert ours["errors"] == real["errors"][:2]
    told = [json.loads(body["message"].partition(": ")[2]) for body in (ours, real)]
    for one in told[0]:
        del one["localizedErrorMessage"]
    assert told[0] == told[1]


def test_a_batch_update(bodies: Path, portal: PortalClient) -> None:
    real = recorded(bodies, "test__batch__update__contacts__err-partial-success")
    made = portal.create("contacts", email="real4@bodies.example")
    inputs = [{"id": one, "properties": {"firstname": "x"}} for one in (made, "unknownIdentifier888")]
    ours = portal.batch("contacts", "update", inputs).json()
    assert ours["errors"] == real["errors"]
    twice = portal.batch("contacts", "update", [{"id": "123456", "properties": {}}] * 2).json()
    duplicate = recorded(bodies, "test__batch__update__contacts__err-duplicate-ids")
    assert twice | {"correlationId": ""} == duplicate | {"correlationId": ""}


def test_groups_and_properties(bodies: Path, portal: PortalClient) -> None:
    group = portal.call(
        "POST", "properties/contacts/groups", recorded(bodies, "test__custom__create__1-payload-create-property-group")
    ).json()
    assert group | {"displayOrder": 0} == recorded(bodies, "test__custom__create__2-response-create-property-group") | {
        "displayOrder": 0
    }
    given = recorded(bodies, "test__custom__create__3-payload-batch-create-properties")
    real = recorded(bodies, "test__custom__create__4-response-batch-create-properties")
    ours = portal.call("POST", "properties/contacts/batch/create", given).json()
    for one, other in zip(ours["results"], real["results"], strict=True):
        assert {name: one[name] for name in other} == other
    given = recorded(bodies, "test__custom__update__2-payload-batch-create-properties")
    real = recorded(bodies, "test__custom__update__3-response-batch-create-properties")
    ours = portal.call("POST", "properties/contacts/batch/create", given).json()
    assert ours["errors"] == real["errors"]
    for one, other in zip(ours["results"], real["results"], strict=True):
        assert {name: one[name] for name in other} == other
    given = recorded(bodies, "test__custom__update__4-payload-update-property-age")
    real = recorded(bodies, "test__custom__update__5-response-update-property-age")
    assert keys(portal.call("PATCH", "properties/contacts/age__c", given).json()) == keys(real)


@pytest.mark.parametrize("kind", ["contacts", "deals"])
def test_standard_properties(bodies: Path, portal: PortalClient, kind: str) -> None:
    ours = {one["name"]: one for one in portal.call("GET", f"properties/{kind}").json()["results"]}
    for real in recorded(bodies, f"test__metadata-{kind}-properties-sampled")["results"]:
        if one := ours.get(real["name"]):
            assert keys(real) - {"referencedObjectType", "showCurrencySymbol"} <= keys(one), real["name"]
            assert (one["type"], one["externalOptions"]) == (real["type"], real["externalOptions"]), real["name"]
            assert one["modificationMetadata"]["readOnlyValue"] == real["modificationMetadata"]["readOnlyValue"]


@pytest.mark.parametrize("kind", ["contacts", "deals"])
def test_pipelines(bodies: Path, portal: PortalClient, kind: str) -> None:
    real = recorded(bodies, f"test__metadata-{kind}-external-pipelines")["results"]
    assert portal.call("GET", f"pipelines/{kind}").json()["results"][: len(real)] == real


def test_the_account(bodies: Path, portal: PortalClient) -> None:
    assert keys(portal.http.get("/account-info/v3/details").json()) == keys(
        recorded(bodies, "test__post-auth__account-info")
    )


def test_refusals(bodies: Path, portal: PortalClient) -> None:
    unknown = recorded(bodies, "test__search__error-invalid-object")
    ours = portal.call("POST", "objects/butterflies/search", {}).json()
    assert ours | {"correlationId": ""} == unknown | {"correlationId": ""}
    portal.settings(scopes=[])
    ours, real = portal.call("GET", "schemas").json(), recorded(bodies, "test__metadata-err-schemas-scope")
    assert (keys(ours), keys(ours["context"]), ours["message"]) == (keys(real), keys(real["context"]), real["message"])


def test_associations(bodies: Path, portal: PortalClient) -> None:
    portal.version = "v4"
    contact, company = portal.create("contacts", firstname="A"), portal.create("companies", name="A")
    inputs = [
        {
            "from": {"id": one},
            "to": {"id": two},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 449}],
        }
        for one, two in (("unknown_id_123456798", contact), (contact, contact))
    ]
    ours = portal.call("POST", "associations/contacts/contacts/batch/create", {"inputs": inputs}).json()
    real = recorded(bodies, "internal__associations__test__err-contact-to-contact")
    assert (keys(ours), ours["errors"][0]) == (keys(real), real["errors"][0])
    assert keys(ours["errors"][1]) == keys(real["errors"][1])
    portal.call("PUT", f"objects/contacts/{contact}/associations/default/companies/{company}")
    lonely = portal.create("contacts", firstname="B")
    read = {"inputs": [{"id": contact}, {"id": lonely}]}
    ours = portal.call("POST", "associations/contacts/companies/batch/read", read).json()
    real = recorded(bodies, "test__search__contacts__contacts-to-companies")
    assert ours["results"][0]["to"][0]["associationTypes"] == real["results"][0]["to"][0]["associationTypes"]
    assert keys(ours["errors"][0]) == keys(real["errors"][0])
    assert keys(ours["errors"][0]["context"]) == keys(real["errors"][0]["context"])
