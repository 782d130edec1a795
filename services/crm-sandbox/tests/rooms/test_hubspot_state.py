"""What stays, what a reset forgets, what the administrator sees (contract check 101)."""

import signal
from pathlib import Path
from typing import Any

from crm_sandbox.testing import PortalClient, RunningSandbox


def records(portal: PortalClient) -> dict[str, int]:
    counts: dict[str, int] = portal.sandbox.admin("GET", "/hubspot").json()["records"]
    return counts


def first_ids(portal: PortalClient) -> list[tuple[str, Any]]:
    page = portal.call("GET", "objects/contacts", limit=100, properties="email").json()["results"]
    return [(one["id"], one["properties"]["email"]) for one in page]


def test_a_restart_keeps_everything_and_a_reset_nothing(folder: Path) -> None:
    portal = PortalClient(RunningSandbox(folder, records=1))
    start, seeded = records(portal), first_ids(portal)
    assert (start["companies"], start["contacts"], start["deals"]) == (12, 48, 12)
    portal.add_property("contacts", "kept_key", hasUniqueValue=True)
    schema = {
        "name": "gadget",
        "labels": {"singular": "Gadget", "plural": "Gadgets"},
        "properties": [{"name": "code", "label": "Code", "type": "string", "fieldType": "text"}],
    }
    portal.call("POST", "schemas", schema).raise_for_status()
    contact = portal.create("contacts", email="kept@state.example", kept_key="K")
    portal.create("gadgets", code="1")
    company = portal.call("GET", "objects/companies", limit=1).json()["results"][0]["id"]
    portal.version = "v4"
    portal.call("PUT", f"objects/contacts/{contact}/associations/default/companies/{company}")
    portal.settings(daily=1234)
    erased = portal.create("contacts", email="erased@state.example")
    portal.call("POST", "objects/contacts/gdpr-delete", {"objectId": erased}).raise_for_status()
    given = portal.sandbox.handle["hubspot"]
    form = {"grant_type": "refresh_token", **{name: given[name] for name in given if name != "access_token"}}
    token = portal.http.post("/oauth/v1/token", data=form).json()["access_token"]
    portal.sandbox.stop(signal.SIGKILL)

    again = PortalClient(RunningSandbox(folder, records=1), "v4")
    try:
        assert again.sandbox.handle["hubspot"] == given
        answer = again.call("GET", "objects/contacts/K", idProperty="kept_key", associations="companies")
        assert answer.json()["id"] == contact
        assert answer.json()["associations"]["companies"]["results"][0]["id"] == company
        assert records(again) == {**start, "contacts": 49, "gadgets": 1}
        assert int(answer.headers["x-hubspot-ratelimit-daily"]) == 1234
        with again.sandbox.hubspot(token) as client:
            assert client.get("/crm/v3/objects/gadgets").status_code == 200
        assert again.create("contacts", firstname="Next") > erased, "an erased record's id is not given again"
        again.sandbox.admin("POST", "/reset").raise_for_status()
        assert (records(again), first_ids(again)) == (start, seeded)
        assert again.call("GET", "properties/contacts/kept_key").status_code == 404
        assert int(again.call("GET", "objects/contacts").headers["x-hubspot-ratelimit-daily"]) == 650_000
    finally:
        again.sandbox.stop()


def test_the_empty_org_has_the_objects_and_no_records(folder: Path) -> None:
    portal = PortalClient(RunningSandbox(folder, org="empty"))
    try:
        assert set(records(portal).values()) == {0}
        assert portal.call("GET", "objects/contacts").json() == {"results": []}
        assert portal.call("GET", "properties/contacts/email").status_code == 200
    finally:
        portal.sandbox.stop()


def test_the_seeded_records_hang_together(portal: PortalClient) -> None:
    for kind in ("contacts", "deals", "tickets", "notes", "calls", "tasks"):
        page = portal.call("GET", f"objects/{kind}", limit=5, associations="companies").json()["results"]
        assert all(one["associations"]["companies"]["results"] for one in page), kind


def test_settings_and_switches_are_two_doors_to_the_same(portal: PortalClient) -> None:
    portal.sandbox.admin(
        "POST", "/switches", {"hubspot_daily": 7777, "hubspot_partial_upserts": False}
    ).raise_for_status()
    settings = portal.sandbox.admin("GET", "/hubspot/settings").json()
    assert (settings["daily"], settings["partial_upserts"]) == (7777, False)
    portal.settings(daily=8888, time_zone="Europe/Berlin")
    assert portal.sandbox.admin("GET", "/switches").json()["hubspot_daily"] == 8888
    assert portal.http.get("/account-info/v3/details").json()["timeZone"] == "Europe/Berlin"
    assert portal.sandbox.admin("PATCH", "/hubspot/settings", {"daily": 1, "time_zone": "Mars"}).status_code == 400
    assert portal.sandbox.admin("GET", "/switches").json()["hubspot_daily"] == 8888, "all or none"


def test_the_administrator_sees_what_is_the_portals_own(portal: PortalClient) -> None:
    portal.add_property("deals", "state_own")
    told = portal.sandbox.admin("GET", "/hubspot").json()
    assert "state_own" in told["properties"]["deals"]
    assert told["calls_today"] > 0
    assert portal.http.get("/admin/hubspot").status_code == 401
