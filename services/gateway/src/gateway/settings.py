"""Settings of the gateway: the shared ones, and the key that opens its API."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field, SecretStr, ValidationError
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.settings import SalesforceSettings
from shared.settings import DatabaseSettings, HttpSettings, KafkaSettings, Settings


class ApiSettings(Settings):
    """`RECORDSMITH_*`."""

    api_key: SecretStr = Field(alias="RECORDSMITH_API_KEY", min_length=1, description="whoever shows it may do all")
    log_level: str = Field("info", alias="RECORDSMITH_LOG_LEVEL", pattern="^(debug|info|warning|error)$")


@dataclass(frozen=True)
class GatewaySettings:
    """All that `app.py` reads."""

    kafka: KafkaSettings
    database: DatabaseSettings
    http: HttpSettings
    api: ApiSettings
    salesforce: SalesforceSettings
    hubspot: HubSpotSettings

    @classmethod
    def read(cls) -> GatewaySettings:
        """From the environment. Ends the process with a sentence when the API would be without a key."""
        try:
            api = ApiSettings()
        except ValidationError as error:
            if any("RECORDSMITH_API_KEY" in found["loc"] for found in error.errors(include_input=False)):
                raise SystemExit(
                    "RECORDSMITH_API_KEY is not set: the gateway does not start without a key that guards its API. "
                    "Set it to a long random text, for example `openssl rand -hex 32`."
                ) from None
            raise SystemExit("RECORDSMITH_LOG_LEVEL must be debug, info, warning or error.") from None
        crms = (SalesforceSettings(), HubSpotSettings())
        return cls(KafkaSettings(), DatabaseSettings(), HttpSettings(), api, *crms)
