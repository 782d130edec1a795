"""An external id field is made where that is allowed; else the refusal says how."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from crm_sandbox.testing import RunningSandbox
from schema_svc.domain.slots import Refused
from schema_svc.domain.target import refuse_unwritable
from schema_svc.external_ids import ensure_external_id
from shared.crm.describe import ObjectDescribe
from shared.crm.salesforce import SalesforceSession
from shared.crm.settings import SalesforceSettings
from shared.events import SalesforceTarget

DESCRIBED: ObjectDescribe = {
    "name": "C",
    "fields": [
        {"name": "Name", "label": "Name", "updateable": False, "autoNumber": True},
        {"name": "Sum__c", "label": "Sum", "updateable": False, "calculated": True},
        {"name": "Hidden__c", "label": "Hidden", "updateable": False},
        {"name": "SystemModstamp", "label": "Stamp", "updateable": False},
        {"name": "BillingAddress", "label": "Address", "type": "address", "updateable": False},
        {"name": "Own__c", "label": "Own", "externalId": True, "createable": True, "updateable": True},
        {"name": "Note__c", "label": "Clinical Summary", "updateable": True},
        {"name": "Plain__c", "label": "Plain", "updateable": True, "createable": True},
        {"name": "Seen__c", "label": "Seen", "externalId": True, "createable": False, "updateable": False},
    ],
}


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ({"field": "Name"}, ["auto-number"]),
        ({"field": "Sum__c"}, ["formula"]),
        ({"field": "Hidden__c"}, ["field-level security"]),
        ({"field": "SystemModstamp"}, ["Salesforce itself keeps it"]),
        ({"field": "BillingAddress"}, ["put together from other fields"]),
        ({"field": "Own__c", "external_id": "Own__c"}, ["both the external id and a target field"]),
        ({"field": "Clinical_Summary"}, ["is its label: its API name is Note__c"]),
        ({"field": "Notes__c"}, ["Did you mean Note__c?"]),
        ({"external_id": "Key__c"}, ["Text(64)", "External ID", "field-level security", "SF_CREATE_EXTERNAL_ID"]),
        ({"external_id": "Plain__c"}, ["is not an external id", "tick External ID"]),
        ({"external_id": "Seen__c"}, ["cannot be written by ada@example.org"]),
    ],
)
def test_a_refusal_names_the_remedy(target: dict[str, str], parts: list[str]) -> None:
    spec = {"kind": "salesforce", "object": "C", "field": "Note__c", **target}
    with pytest.raises(Refused) as caught:
        refuse_unwritable(SalesforceTarget.model_validate(spec), DESCRIBED, user="ada@example.org")
    assert [part for part in parts if part not in str(caught.value)] == []


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    running = RunningSandbox(folder, records=3)
    yield running
    running.stop()


@pytest.fixture
async def session(sandbox: RunningSandbox) -> AsyncIterator[SalesforceSession]:
    given = sandbox.handle["salesforce"]
    names = ("consumer_key", "username", "private_key_file")
    settings = {"login_url": sandbox.handle["http"], **{name: given[name] for name in names}}
    session = SalesforceSession(SalesforceSettings.model_validate(settings))
    yield session
    await session.close()


async def test_a_missing_field_is_made_seen_and_upserted_by_and_a_second_start_changes_nothing(
    session: SalesforceSession, sandbox: RunningSandbox
) -> None:
    target = SalesforceTarget(kind="salesforce", object="Claim__c", field="Clinical_Summary__c", external_id="Made__c")
    for _ in range(2):
        await ensure_external_id(session, "Claim__c", "Made__c")
        refuse_unwritable(target, await session.describe("Claim__c"))
    row = {"attributes": {"type": "Claim__c"}, "Made__c": "k", "Claim_Number__c": "n", "Patient_Name__c": "p"}
    (result,) = await session.collections_upsert("Claim__c", "Made__c", [row])
    assert result["success"], result
    assert len(sandbox.query("SELECT Id FROM PermissionSet WHERE Name = 'Recordsmith_Fields'")) == 1


async def test_what_the_user_may_not_make_is_refused_with_the_right_that_is_missing(
    session: SalesforceSession, sandbox: RunningSandbox
) -> None:
    # A user may not grant fields on an object that the org does not have: the same refusal of the Tooling API.
    with pytest.raises(Refused, match="Customize Application"):
        await ensure_external_id(session, "Nobodys__c", "Denied__c")


async def test_a_standard_name_is_never_made(session: SalesforceSession) -> None:
    with pytest.raises(Refused, match="__c"):
        await ensure_external_id(session, "Claim__c", "ExternalKey")
