"""Makes an external id field where an administrator has allowed it, and lets the user see it (crm-contracts 1.7)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.crm.soql import quoted
from shared.telemetry import get_logger

from schema_svc.domain.slots import Refused

PERMISSION_SET = "Recordsmith_Fields"

SEEN_AFTER_S = 30.0
"""A new field is described a little later than it is made."""
LOOK_EVERY_S = 6.0

_THERE = frozenset({"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"})
"""Another start of ours has made it already; the second is as good as the first."""


async def ensure_external_id(
    session: SalesforceSession, sobject: str, field: str, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> None:
    """Make the field if the org has none, and grant it to our own user. Raises `Refused` with what is missing."""
    if not field.endswith("__c"):
        raise Refused(f"The field {field} cannot be made: names of custom fields end in __c.")
    get_logger().warning("external_id_made", object=sobject, field=field)
    try:
        await _make(session, sobject, field)
        await _grant(session, sobject, field)
    except SalesforceRefused as refused:
        raise Refused(
            f"The external id field {field} of {sobject} could not be made ({refused.code}): the user needs "
            '"Customize Application" and "Manage Profiles and Permission Sets". Or let an administrator make it.'
        ) from refused
    waited_s = 0.0
    while not await _is_seen(session, sobject, field):
        if waited_s >= SEEN_AFTER_S:
            raise Refused(f"The field {field} of {sobject} was made, but this user cannot see it yet. Try again soon.")
        await sleep(LOOK_EVERY_S)
        waited_s += LOOK_EVERY_S


async def _make(session: SalesforceSession, sobject: str, field: str) -> None:
    metadata = {
        "type": "Text",
        "length": 64,
        "label": field.removesuffix("__c").replace("_", " "),
        "externalId": True,
        "unique": True,
        "caseSensitive": True,
    }
    body = {"FullName": f"{sobject}.{field}", "Metadata": metadata}
    await _once(session, "tooling/sobjects/CustomField", body)


async def _grant(session: SalesforceSession, sobject: str, field: str) -> None:
    """Making a field gives nobody the right to see it, not even its maker."""
    username = quoted(session.settings.username or "")
    user_id = await _id_of(session, f"SELECT Id FROM User WHERE Username = {username}")  # noqa: S608 – quoted
    by_name = f"SELECT Id FROM PermissionSet WHERE Name = {quoted(PERMISSION_SET)}"  # noqa: S608 – quoted
    if (set_id := await _id_of(session, by_name)) is None:
        await _once(session, "sobjects/PermissionSet", {"Name": PERMISSION_SET, "Label": "Recordsmith fields"})
        set_id = await _id_of(session, by_name)
    await _once(session, "sobjects/PermissionSetAssignment", {"PermissionSetId": set_id, "AssigneeId": user_id})
    permission = {"ParentId": set_id, "SobjectType": sobject, "Field": f"{sobject}.{field}"}
    await _once(session, "sobjects/FieldPermissions", {**permission, "PermissionsRead": True, "PermissionsEdit": True})


async def _once(session: SalesforceSession, path: str, body: dict[str, Any]) -> None:
    try:
        await session.post(path, body, repeat=True, operation="make field")
    except SalesforceRefused as refused:
        if refused.code not in _THERE:
            raise


async def _id_of(session: SalesforceSession, soql: str) -> str | None:
    async for page in session.query(soql):
        return str(page[0]["Id"]) if page else None
    return None


async def _is_seen(session: SalesforceSession, sobject: str, field: str) -> bool:
    described = await session.describe(sobject, refresh=True)
    return any(known["name"] == field for known in described["fields"])
