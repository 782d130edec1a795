"""Asks the source how many records a batch has, and refuses what cannot run before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping

from shared.crm.hubspot import HubSpotSession
from shared.crm.hubspot_refusals import HubSpotRefused
from shared.crm.refusals import SalesforceRefused
from shared.crm.salesforce import SalesforceSession
from shared.events import BatchSpec, HubSpotTarget, RowsSource, SalesforceTarget
from shared.telemetry import get_logger, names

from schema_svc.domain.hubspot_target import refuse_unwritable_properties
from schema_svc.domain.slots import Refused
from schema_svc.domain.source import Source
from schema_svc.domain.target import is_ambiguous, lacks_external_id, refuse_unsupported, refuse_unwritable
from schema_svc.expansion import OpenBatch
from schema_svc.external_ids import ensure_external_id

NOT_CONFIGURED = "Salesforce is not configured: set SF_CONSUMER_KEY, SF_USERNAME and SF_PRIVATE_KEY(_FILE)."


def source_of(spec: BatchSpec, sources: Mapping[str, Source]) -> Source:
    """Where the records of a batch come from."""
    if (source := sources.get(spec.source.kind)) is None:
        raise Refused(f"Sources of kind {spec.source.kind} are not supported yet; use {', '.join(sources)}.")
    return source


async def plan_batch(
    batch: OpenBatch, salesforce: SalesforceSession | None, hubspot: HubSpotSession | None = None
) -> int:
    """Records of the batch. Raises `Rejected` with a sentence that names what is wrong."""
    refuse_unsupported(batch.spec)
    await _refuse_lost_rows(batch)
    planned = await batch.source.plan(batch.spec, batch.needed, batch.snapshot)
    if batch.spec.target.kind == "crm-analytics" and batch.spec.mode == "run" and salesforce is None:
        raise Refused(NOT_CONFIGURED)
    if batch.spec.target.kind == "salesforce":
        await _refuse_unwritable(batch.spec.target, salesforce)
    elif batch.spec.target.kind == "hubspot" and batch.spec.mode != "test":
        await _refuse_unwritable_properties(batch.spec.target, hubspot)
    return planned.requested


async def _refuse_lost_rows(batch: OpenBatch) -> None:
    if not isinstance(batch.spec.source, RowsSource):
        return
    arrived = 0
    async for _ in batch.snapshot.row_parts():
        arrived += 1
    if arrived < batch.spec.source.parts:
        # The parts travel ahead on the same key: what is not here now was never sent.
        raise Refused(f"Only {arrived} of {batch.spec.source.parts} parts of the rows arrived before the batch.")


async def _refuse_unwritable(target: SalesforceTarget, salesforce: SalesforceSession | None) -> None:
    if salesforce is None:
        raise Refused(NOT_CONFIGURED)
    try:
        described = await salesforce.describe(target.object)
    except SalesforceRefused as refused:
        if refused.status == 404:
            raise Refused(f"The org has no object {target.object}, or this user may not write it.") from refused
        raise
    if salesforce.settings.create_external_id and lacks_external_id(target, described):
        await ensure_external_id(salesforce, target.object, target.external_id or "")
        described = await salesforce.describe(target.object)
    user = salesforce.settings.username or "this user"
    try:
        refuse_unwritable(target, described, user=user)
    except Refused:
        # Somebody may just have put it right in Salesforce: looked at anew before it is said.
        described = await salesforce.describe(target.object, refresh=True)
        refuse_unwritable(target, described, user=user)
    if is_ambiguous(target, described):
        get_logger().warning(names.LOG_KEY_NOT_UNIQUE, object=target.object, field=target.external_id)


async def _refuse_unwritable_properties(target: HubSpotTarget, hubspot: HubSpotSession | None) -> None:
    if hubspot is None:
        raise Refused("HubSpot is not configured: set HUBSPOT_ACCESS_TOKEN.")
    try:
        try:
            refuse_unwritable_properties(target, await hubspot.definitions(target.object))
        except Refused:
            # Somebody may just have put it right in HubSpot: looked at anew before it is said.
            refuse_unwritable_properties(target, await hubspot.definitions(target.object, refresh=True))
    except HubSpotRefused as refused:
        if refused.status in (400, 404):
            raise Refused(f"HubSpot has no object {target.object}, or this token may not write it.") from refused
        raise Refused(str(refused)) from refused
