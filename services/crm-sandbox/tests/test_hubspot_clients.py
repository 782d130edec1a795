"""The official clients, as they come from the registry (contract check 100)."""

from collections.abc import Iterator

import httpx
import pytest
from hubspot import HubSpot
from hubspot.crm.associations.v4 import AssociationSpec
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInputForCreate,
    BatchInputSimplePublicObjectBatchInputUpsert,
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicObjectSearchRequest,
    SimplePublicObjectInput,
    SimplePublicObjectInputForCreate,
)
from hubspot.crm.properties import PropertyCreate, PropertyGroupCreate
from hubspot_sdk import APIStatusError, RateLimitError
from hubspot_sdk import HubSpot as Sdk

from crm_sandbox.testing import PortalClient


@pytest.fixture
def classic(portal: PortalClient) -> HubSpot:
    handle = portal.sandbox.handle
    return HubSpot(access_token=handle["hubspot"]["access_token"], host=handle["http"])


@pytest.fixture
def sdk(portal: PortalClient) -> Iterator[Sdk]:
    token, url = portal.sandbox.handle["hubspot"]["access_token"], portal.sandbox.handle["http"]
    with Sdk(access_token=token, base_url=url, http_client=httpx.Client(trust_env=False)) as client:
        yield client


def test_the_classic_client_creates_reads_changes_and_archives(classic: HubSpot) -> None:
    api = classic.crm.contacts.basic_api
    made = api.create(SimplePublicObjectInputForCreate(properties={"email": "classic@clients.example"}))
    api.update(made.id, SimplePublicObjectInput(properties={"firstname": "Ada"}))
    read = api.get_by_id("classic@clients.example", id_property="email", properties=["firstname", "city"])
    assert (read.id, read.properties["firstname"], read.properties["city"]) == (made.id, "Ada", None)
    with pytest.raises(ApiException) as refused:
        api.create(SimplePublicObjectInputForCreate(properties={"email": "classic@clients.example"}))
    assert (refused.value.status, made.id in refused.value.body) == (409, True)
    api.archive(made.id)
    with pytest.raises(ApiException) as gone:
        api.get_by_id(made.id)
    assert gone.value.status == 404


def test_the_classic_client_sees_partial_success(classic: HubSpot) -> None:
    inputs = [
        {"properties": {"email": "one@clients.example"}, "objectWriteTraceId": "1", "associations": []},
        {"properties": {"email": "no address"}, "objectWriteTraceId": "2", "associations": []},
    ]
    batch = BatchInputSimplePublicObjectBatchInputForCreate(inputs=inputs)
    answer = classic.crm.contacts.batch_api.create(batch)
    assert (answer.num_errors, len(answer.results)) == (1, 1)
    assert answer.errors[0].context["objectWriteTraceId"] == ["2"]
    upsert = [{"id": "one@clients.example", "idProperty": "email", "properties": {"city": "Rome"}}]
    changed = classic.crm.contacts.batch_api.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=upsert))
    assert changed.results[0].new is False
    wanted = BatchReadInputSimplePublicObjectId(
        id_property="email", inputs=[{"id": "one@clients.example"}], properties=["city"], properties_with_history=[]
    )
    assert classic.crm.contacts.batch_api.read(wanted).results[0].properties["city"] == "Rome"


def test_the_classic_client_pages_and_searches(classic: HubSpot) -> None:
    page = classic.crm.contacts.basic_api.get_page(limit=3, properties=["email", "firstname"])
    assert len(page.results) == 3
    rest = classic.crm.contacts.basic_api.get_page(limit=3, after=page.paging.next.after)
    assert not {one.id for one in page.results} & {one.id for one in rest.results}
    email = page.results[0].properties["email"]
    groups = [FilterGroup(filters=[Filter(property_name="email", operator="EQ", value=email)])]
    found = classic.crm.contacts.search_api.do_search(PublicObjectSearchRequest(filter_groups=groups, limit=10))
    assert [one.id for one in found.results] == [page.results[0].id]
    assert classic.crm.contacts.get_all()


def test_the_classic_client_makes_properties_and_links(classic: HubSpot) -> None:
    classic.crm.properties.groups_api.create("companies", PropertyGroupCreate(name="clients", label="Clients"))
    wanted = PropertyCreate(
        name="clients_key", label="Key", type="string", field_type="text", group_name="clients", has_unique_value=True
    )
    assert classic.crm.properties.core_api.create("companies", wanted).has_unique_value
    listed = classic.crm.properties.core_api.get_all("companies").results
    assert "clients_key" in [one.name for one in listed]
    company = classic.crm.companies.basic_api.create({"properties": {"name": "C", "clients_key": "1"}})
    contact = classic.crm.contacts.basic_api.create({"properties": {"firstname": "L"}})
    links = classic.crm.associations.v4.basic_api
    links.create_default("contacts", contact.id, "companies", company.id)
    spec = AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=1)
    links.create("contacts", contact.id, "companies", company.id, [spec])
    (end,) = links.get_page("contacts", contact.id, "companies").results
    assert end.to_object_id == company.id or str(end.to_object_id) == company.id
    assert classic.crm.owners.owners_api.get_page().results
    assert classic.crm.pipelines.pipelines_api.get_all("deals").results[0].id == "default"


def test_the_classic_client_refreshes_its_token(portal: PortalClient) -> None:
    given = portal.sandbox.handle["hubspot"]
    client = HubSpot(host=portal.sandbox.handle["http"])
    answer = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        refresh_token=given["refresh_token"],
    )
    assert answer.expires_in == 1800
    client.access_token = answer.access_token
    assert client.crm.contacts.basic_api.get_page(limit=1).results
    assert client.oauth.access_tokens_api.get(answer.access_token).hub_id == 44237313


def test_the_new_sdk_upserts_by_email(sdk: Sdk) -> None:
    inputs = [
        {"id": f"{name}@sdk.example", "id_property": "email", "properties": values, "object_write_trace_id": name}
        for name, values in (("good", {"city": "Bern"}), ("bad", {"nope": "1"}))
    ]
    answer = sdk.crm.objects.contacts.batch.upsert(inputs=inputs)  # type: ignore[arg-type]
    (one,) = answer.results
    assert (one.new, one.object_write_trace_id, one.properties["email"]) == (True, "good", "good@sdk.example")
    assert (answer.model_extra or {})["numErrors"] == 1
    read = sdk.crm.objects.contacts.get(one.id, properties=["city", "email"])
    assert read.properties["city"] == "Bern"


def test_the_new_sdk_reads_the_catalogue(sdk: Sdk) -> None:
    assert sdk.account.activity is not None
    names = [one.name for one in sdk.crm.properties.list("deals").results]
    assert {"dealname", "dealstage", "amount"} <= set(names)
    page = sdk.crm.objects.companies.list(limit=2)
    assert len(page.results) == 2


def test_the_new_sdk_raises_what_the_sandbox_refuses(sdk: Sdk, portal: PortalClient) -> None:
    with pytest.raises(APIStatusError) as refused:
        sdk.crm.objects.notes.create(properties={"hs_note_body": "x"}, associations=[])
    assert refused.value.status_code == 400
    portal.sandbox.fault(method="GET", path="/crm/objects/*/contacts*", status=429, retry_after=1, times=1)
    assert sdk.crm.objects.contacts.list(limit=1).results, "it waits and tries again by itself"
    portal.sandbox.fault(method="GET", path="/crm/objects/*/contacts*", status=429)
    with pytest.raises(RateLimitError):
        sdk.with_options(max_retries=0).crm.objects.contacts.list(limit=1)
