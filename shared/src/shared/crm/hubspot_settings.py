"""How to reach a HubSpot portal: `HUBSPOT_*`."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import Settings


class HubSpotSettings(Settings):
    """HubSpot by a private app's token, or as an OAuth app by a refresh token. Neither is ever stored (S2-85).

    Each secret may be given as `recordsmith seal-token` makes it, so that none lies readable in a file either.
    """

    model_config = SettingsConfigDict(env_prefix="HUBSPOT_", env_ignore_empty=True)

    access_token: SecretStr | None = Field(None, description="token of a private app, or a service key")
    base_url: str = Field("https://api.hubapi.com", description="address of the API")
    client_id: str | None = Field(None, description="of an OAuth app, instead of a private app's token")
    client_secret: SecretStr | None = Field(None, description="of the OAuth app")
    refresh_token: SecretStr | None = Field(None, description="that the OAuth app was given for the portal")
    token_passphrase: SecretStr | None = Field(None, description="opens secrets that `recordsmith seal-token` has made")
    api_version: str = Field("2026-09", description="2026-09, 2026-03 or v3")
    ca_file: Path | None = Field(None, description="PEM bundle to trust instead of the public authorities")
    timeout_s: float = Field(30.0, gt=0, description="to wait for an answer; connecting is given 10 s")
    connections: int = Field(8, ge=1, description="calls at once; a portal allows 100 to 190 calls in 10 s")

    @field_validator("api_version")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if not re.fullmatch(r"v3|20\d\d-(03|09)", value.strip()):
            raise ValueError("a HubSpot API version looks like 2026-09 or v3")
        return value.strip()

    @property
    def uses_oauth(self) -> bool:
        """Whether access tokens are fetched with a refresh token; a private app's token goes first."""
        return self.access_token is None and bool(self.client_id and self.client_secret and self.refresh_token)

    @property
    def configured(self) -> bool:
        """Whether there is enough to try a call."""
        return self.access_token is not None or self.uses_oauth
