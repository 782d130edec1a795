"""Archiving in the sandbox's portal what was deleted at its source."""

from typing import Any
from uuid import uuid4

import pytest
from crm_sandbox.testing import PortalClient
from shared.crm.hubspot import HubSpotSession
from shared.errors import Retryable
from writer_svc.domain.verdicts import NOTHING_TO_DELETE, Verdict
from writer_svc.targets.hubspot import HubSpot

TARGET = {"object": "contacts", "external_id": "simcrm_external_id", "field": "firstname", "deletes": "delete"}


@pytest.fixture
def target(hubspot: HubSpotSession) -> HubSpot:
    return HubSpot(hubspot)


@pytest.fixture
def mine() -> str:
    return f"Key-{uuid4().hex[:8]}"


async def write(target: HubSpot, planned: list[Any]) -> dict[int, Verdict]:
    told = [pair async for pair in target.write(planned)]
    assert len(told) == len(planned)
    return {result.index: verdict for result, verdict in told}


async def create(target: HubSpot, planned: Any, *keys: str) -> list[str]:
    verdicts = await write(target, planned(TARGET, *("Ada" for _ in keys), external_id=list(keys)))
    return [str(verdicts[at].crm_id) for at in range(len(keys))]


def gone(planned: Any, *keys: str) -> list[Any]:
    """Results that say the source records with these keys are deleted."""
    return list(planned(TARGET, *(None for _ in keys), external_id=list(keys), deleted=True))


def is_archived(portal: PortalClient, record_id: str) -> bool:
    living = portal.call("GET", f"objects/contacts/{record_id}").status_code == 200
    in_the_bin = portal.call("GET", f"objects/contacts/{record_id}", archived="true").status_code == 200
    assert living != in_the_bin
    return in_the_bin


async def test_the_record_with_the_key_is_archived_and_no_other(
    target: HubSpot, portal: PortalClient, planned: Any, mine: str
) -> None:
    first, second = await create(target, planned, f"{mine}-1", f"{mine}-2")
    verdicts = await write(target, gone(planned, f"{mine}-1", f"{mine}-none"))
    assert (verdicts[0].state, verdicts[0].code, verdicts[0].crm_id) == ("written", "DELETED", first)
    assert verdicts[1] == NOTHING_TO_DELETE
    assert (is_archived(portal, first), is_archived(portal, second)) == (True, False)


async def test_120_records_are_archived_in_two_calls(
    target: HubSpot, portal: PortalClient, planned: Any, mine: str
) -> None:
    keys = [f"{mine}-{number}" for number in range(120)]
    ids = await create(target, planned, *keys)
    portal.sandbox.admin("DELETE", "/calls")
    verdicts = await write(target, gone(planned, *keys))
    assert [verdicts[at].crm_id for at in range(120)] == ids
    calls = portal.sandbox.admin("GET", "/calls").json()["calls"]
    assert sum(call["count"] for call in calls if call["path"].endswith("/batch/archive")) == 2


async def test_a_new_record_with_the_key_of_a_deleted_one_stays(
    target: HubSpot, portal: PortalClient, planned: Any, mine: str
) -> None:
    (old,) = await create(target, planned, f"{mine}-1")
    both = planned(TARGET, "Grace", None, external_id=f"{mine}-1", deleted=[None, True])
    verdicts = await write(target, both)
    assert (verdicts[0].state, verdicts[1].code) == ("written", "DELETED")
    assert is_archived(portal, old)
    assert not is_archived(portal, str(verdicts[0].crm_id))


async def test_a_record_without_a_key_fails_and_the_others_are_archived(
    target: HubSpot, portal: PortalClient, planned: Any, mine: str
) -> None:
    (first,) = await create(target, planned, f"{mine}-1")
    verdicts = await write(target, gone(planned, " ", f"{mine}-1"))
    assert [(verdicts[at].state, verdicts[at].code) for at in (0, 1)] == [
        ("failed", "REQUIRED_FIELD_MISSING"),
        ("written", "DELETED"),
    ]
    assert is_archived(portal, first)


async def test_a_portal_that_is_away_is_asked_later(
    target: HubSpot, portal: PortalClient, planned: Any, mine: str
) -> None:
    (first,) = await create(target, planned, f"{mine}-1")
    portal.sandbox.fault(method="POST", path="/crm/objects/*/batch/archive", status=503, times=100)
    with pytest.raises(Retryable):
        await write(target, gone(planned, f"{mine}-1"))
    assert not is_archived(portal, first)
