"""How to reach a Salesforce org: `SF_*`."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from shared.settings import Settings


class SalesforceSettings(Settings):
    """Salesforce by OAuth 2.0 JWT bearer. Calls go to the instance that the login names, never to a configured one."""

    model_config = SettingsConfigDict(env_prefix="SF_")

    login_url: str = Field(
        "https://login.salesforce.com", description="login.salesforce.com, test.salesforce.com or My Domain"
    )
    consumer_key: SecretStr | None = Field(None, description="consumer key of the connected app")
    username: str | None = None
    private_key: SecretStr | None = Field(None, description="PEM; `\\n` may stand for a line break")
    private_key_file: Path | None = None
    private_key_passphrase: SecretStr | None = Field(
        None, description="opens an encrypted key: PKCS#8, or AES-256-GCM as `recordsmith seal-key` makes it"
    )
    create_external_id: bool = Field(
        False, description="make a missing external id field of a target, and grant it to this user"
    )
    audience: str | None = Field(None, description="`aud` of the assertion; unset: derived from the login URL")
    api_version: str = "v62.0"
    ca_file: Path | None = Field(None, description="PEM bundle to trust instead of the public authorities")
    timeout_s: float = Field(60.0, gt=0, description="to wait for an answer; connecting is given 10 s")
    daily_share: float = Field(
        0.95, gt=0, le=1, description="of the org's daily API requests: beyond it writing waits, and nothing fails"
    )
    connections: int = Field(20, ge=1, description="an org serves 25 long requests at once, a developer org 5")

    @field_validator("api_version")
    @classmethod
    def _with_v(cls, value: str) -> str:
        found = re.fullmatch(r"[vV]?(\d{2})(\.0)?", value.strip())
        if found is None:
            raise ValueError("an API version looks like v62.0 or 62.0")
        return f"v{found[1]}.0"

    @property
    def configured(self) -> bool:
        """Whether there is enough to try a login."""
        return bool(self.consumer_key and self.username and (self.private_key or self.private_key_file))

    def assertion_audience(self) -> str:
        """`aud`: a My Domain login still names the authorization server behind it."""
        if self.audience:
            return self.audience
        url = self.login_url.rstrip("/")
        if url.endswith(".my.salesforce.com"):
            return "https://test.salesforce.com" if ".sandbox." in url else "https://login.salesforce.com"
        return url
