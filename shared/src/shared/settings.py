"""Settings that every service has. Read by each service's `app.py` and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Base: the environment, then `.env` in the working directory; a real environment variable wins."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True)


class KafkaSettings(Settings):
    """The bus: `KAFKA_*`."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_")

    bootstrap_servers: str = Field("127.0.0.1:9092", description="host:port, comma separated")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    replication_factor: int = Field(1, ge=1, description="of topics that the topic init creates")
    drain_s: float = Field(25.0, ge=0, description="how long records in flight may finish at shutdown or revoke")
    commit_interval_s: float = Field(0.25, gt=0)
    session_timeout_s: float = Field(45.0, ge=6, description="a killed replica's partitions stand still for so long")
    group_membership: bool = Field(
        True, description="false: one process per service, which takes all partitions without joining a group"
    )
    idle_fetch_pause_s: float = Field(
        0.0, ge=0, description="rest of an idle consumer between fetches, for a broker that answers empty ones at once"
    )
    undecodable_limit: int = Field(1_000, ge=1, description="so many undecodable records in a row stop a consumer")
    retry_delay_factor: float = Field(1.0, gt=0, description="scales the retry topics' delays; tests shorten them")


class DatabaseSettings(Settings):
    """Where a service keeps its tables."""

    database_url: str | None = Field(None, description="postgresql://… in production; unset: SQLite in the data folder")
    data: Path = Field(Path(".recordsmith"), alias="RECORDSMITH_DATA", description="folder of the SQLite files")

    def url_for(self, service: str) -> str:
        """SQLAlchemy URL of this service's tables: one SQLite file each, or the one PostgreSQL database."""
        if self.database_url is None:
            return f"sqlite:///{self.data.resolve() / (service + '.sqlite3')}"
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
            "postgres://", "postgresql+psycopg://", 1
        )


class HttpSettings(Settings):
    """Where a service answers health, readiness and metrics (and the gateway its API)."""

    model_config = SettingsConfigDict(env_prefix="HTTP_")

    host: str = Field("127.0.0.1", description="loopback unless told otherwise")
    port: int = Field(0, ge=0, le=65_535, description="0: any free port")
