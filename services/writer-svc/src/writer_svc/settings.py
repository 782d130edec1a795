"""Settings of the writer service. Read by `app.py` and nothing else."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.settings import SalesforceSettings
from shared.settings import HttpSettings, KafkaSettings, Settings


class WriterSettings(Settings):
    """How results are written: `WRITER_*`."""

    model_config = SettingsConfigDict(env_prefix="WRITER_")

    group: int = Field(200, ge=1, le=200, description="records of one call; Salesforce takes 200")
    linger_s: float = Field(0.05, ge=0, description="how long a record waits for others of its target")
    parallel: int = Field(4, ge=1, description="calls at once for one object: more of them lock each other's rows")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    salesforce: SalesforceSettings = Field(default_factory=SalesforceSettings)
    hubspot: HubSpotSettings = Field(default_factory=HubSpotSettings)
