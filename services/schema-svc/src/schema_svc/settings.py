"""Settings of the schema service. Read by `app.py` and nothing else."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.settings import SalesforceSettings
from shared.settings import DatabaseSettings, HttpSettings, KafkaSettings, Settings


class SchemaSettings(Settings):
    """How batches are expanded: `SCHEMA_*`."""

    model_config = SettingsConfigDict(env_prefix="SCHEMA_")

    window: int = Field(2_000, ge=1, description="prompts of a slow batch that may be without a verdict at a time")
    window_most: int = Field(32_000, ge=1, description="the same for a batch whose workers settle that many in 2 s")
    slice_window: int = Field(200_000, ge=1, description="the same for rows of recipes, which cost no LLM call")
    chunk: int = Field(500, ge=1, le=500, description="records published together")
    chunk_most: int = Field(4_000, ge=1, le=8_000, description="the same of a batch whose records are settled at once")
    publish_parallel: int = Field(2, ge=1, description="chunks published at once")
    bulk_query_from: int = Field(50_000, ge=1, description="Salesforce records that are read by a Bulk API query job")
    lease_s: float = Field(6.0, gt=0, description="how long a killed replica's batches stand still at most")
    poll_s: float = Field(0.5, gt=0, description="between two looks for batches that other replicas left")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    salesforce: SalesforceSettings = Field(default_factory=SalesforceSettings)
    hubspot: HubSpotSettings = Field(default_factory=HubSpotSettings)
