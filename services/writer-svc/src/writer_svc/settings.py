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
    dataset_records: int = Field(50_000, ge=1, description="records of one upload to the dataset at most")
    dataset_longest_s: float = Field(
        1_800.0, gt=0, description="no answer waits longer for the others of its batch before it is uploaded"
    )
    dataset_uploads_a_day: int = Field(48, ge=1, le=50, description="uploads in 24 hours; CRM Analytics takes 50")
    dataset_uploads_at_once: int = Field(
        24, ge=0, description="of these, how many need no rest before them; the others are spread over the day"
    )
    dataset_app: str | None = Field(
        None, description="app that Structured_Response is created in; unset: the user's private one"
    )
    parent_retries: int = Field(
        1,
        ge=0,
        le=3,
        description="how often a record that refers to one which is not there yet is written again: after 30 s, 5 min "
        "and 30 min",
    )
    parallel: int = Field(4, ge=1, description="calls at once for one object: more of them lock each other's rows")

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    http: HttpSettings = Field(default_factory=HttpSettings)
    salesforce: SalesforceSettings = Field(default_factory=SalesforceSettings)
    hubspot: HubSpotSettings = Field(default_factory=HubSpotSettings)
