"""Settings of the writer service. Read by `app.py` and nothing else."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.settings import SalesforceSettings
from shared.settings import DatabaseSettings, HttpSettings, KafkaSettings, Settings


class WriterSettings(Settings):
    """How results are written: `WRITER_*`."""

    model_config = SettingsConfigDict(env_prefix="WRITER_")

    group: int = Field(200, ge=1, le=200, description="records of one call; Salesforce takes 200")
    linger_s: float = Field(0.05, ge=0, description="how long a record waits for others of its target")
    quiet_s: float = Field(
        1.0, ge=0, description="a CRM call that is not full is made when for so long no record of its target has come"
    )
    longest_s: float = Field(5.0, ge=0, description="a record waits no longer than this for its call to be full")
    bulk_from: int = Field(2_000, ge=1, description="a batch of more records is written by Bulk API 2.0 jobs")
    bulk_quiet_s: float = Field(5.0, gt=0, description="a job is closed when for so long no result has come")
    bulk_longest_s: float = Field(3_600.0, gt=0, description="no result waits longer for its job to be closed")
    parallel: int = Field(4, ge=1, description="calls at once for one object: more of them lock each other's rows")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    salesforce: SalesforceSettings = Field(default_factory=SalesforceSettings)
    hubspot: HubSpotSettings = Field(default_factory=HubSpotSettings)
