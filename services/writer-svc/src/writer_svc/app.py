"""Wires the writer service."""

from __future__ import annotations

from shared.bus import Bus, Collect
from shared.bus.topic_admin import ensure_topics
from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession
from shared.events import RecordGenerated
from shared.serving import serve, service_app
from shared.telemetry import start_logs, start_traces
from starlette.applications import Starlette

from shared import topics
from writer_svc.domain.memory import Written
from writer_svc.domain.plans import PlanBook
from writer_svc.handlers import failed_record, plan_key, write_records
from writer_svc.settings import WriterSettings
from writer_svc.targets import open_targets

SERVICE = "writer-svc"


def build(settings: WriterSettings) -> tuple[Bus, Starlette]:
    """The bus with its handlers, and the application that runs everything."""
    bus = Bus(settings.kafka, service=SERVICE)
    salesforce = SalesforceSession(settings.salesforce) if settings.salesforce.configured else None
    hubspot = HubSpotSession(settings.hubspot) if settings.hubspot.configured else None
    plans = PlanBook(released=lambda batch_id: bus.release(plan_key(batch_id)))
    bus.follow(topics.BATCHES_CONTROL, plans.note)
    collect = Collect[RecordGenerated](
        by=plans.group_of, size=settings.group, linger_s=settings.linger_s, parallel=settings.parallel
    )
    bus.on_many(
        topics.RESULTS,
        handler=write_records,
        collect=collect,
        failed=failed_record,
        plans=plans,
        targets=open_targets(salesforce, hubspot, parallel=settings.parallel),
        written=Written(),
    )

    async def prepare() -> None:
        await ensure_topics(settings.kafka)

    async def close() -> None:
        for session in (salesforce, hubspot):
            if session is not None:
                await session.close()

    return bus, service_app(bus, before=[prepare], after=[close])


def main() -> None:
    """Run until told to stop."""
    settings = WriterSettings()
    start_logs(SERVICE)
    start_traces(SERVICE)
    _, app = build(settings)
    serve(app, settings.http)
