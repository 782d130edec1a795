"""This service's settings. Read by `app.py` and nothing else."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict
from shared.settings import DatabaseSettings, HttpSettings, KafkaSettings, Settings

DEFAULT_MAX_CONCURRENCY = 64


class AISettings(Settings):
    """Generation: `AI_*` (S2-20 … S2-26)."""

    model_config = SettingsConfigDict(env_prefix="AI_", env_ignore_empty=True)

    provider: str | None = Field(
        None, description="asked for batches that name no model; several, comma separated, in order"
    )
    model: str | None = Field(None, description="model of the first of them; unset: that provider's default")
    enabled: bool = Field(True, description="false: no LLM is asked, the fallback answers")
    timeout_ms: int = Field(10_000, ge=1, le=600_000, description="of one call whose model sets no timeout_s")
    max_retries: int = Field(2, ge=0, le=10, description="repetitions of a call, a provider and record")
    generation_log_level: Literal["debug", "info", "warn", "error"] = "info"
    max_concurrency: int = Field(DEFAULT_MAX_CONCURRENCY, ge=1, le=10_000, description="calls at a time, a model")
    cache_days: float = Field(7.0, ge=0, description="so long completions of finished batches are kept")


class ProviderSettings(Settings):
    """Key and address of one provider: `<PROVIDER>_API_KEY`, `<PROVIDER>_BASE_URL` or `<PROVIDER>_URL`."""

    model_config = SettingsConfigDict(env_ignore_empty=True)

    api_key: SecretStr | None = None
    base_url: str | None = None
    url: str | None = Field(None, description="LM Studio: may end in /v1/completions, /v1/chat/completions or /v1")

    @classmethod
    def of(cls, provider: str) -> ProviderSettings:
        """What the environment says about a provider."""
        return cls(_env_prefix=f"{provider.upper()}_")


class InFlightSettings(Settings):
    """How many records are under way in this process: `GENERATOR_*`."""

    model_config = SettingsConfigDict(env_prefix="GENERATOR_")

    interactive_in_flight: int = Field(512, ge=1)
    bulk_in_flight: int = Field(4_096, ge=1)
    slices_in_flight: int = Field(16, ge=1)


class GeneratorSettings:
    """Everything together."""

    def __init__(self) -> None:
        self.kafka = KafkaSettings()
        self.database = DatabaseSettings()
        self.http = HttpSettings()
        self.ai = AISettings()
        self.in_flight = InFlightSettings()
