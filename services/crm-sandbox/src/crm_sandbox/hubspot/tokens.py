"""Who may call: the private app's token, which never expires, and OAuth access tokens, which live 30 minutes."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_sandbox.clock import Clock
from crm_sandbox.hubspot.errors import HubSpotError
from crm_sandbox.hubspot.portal_settings import KeptSettings
from crm_sandbox.hubspot.scopes import EVERY_SCOPE
from crm_sandbox.hubspot.stamps import stamp
from crm_sandbox.identity import HubSpotIdentity
from crm_sandbox.store import Store

LIFETIME_S = 1800
"""`expires_in` of every access token (crm-contracts 3.2)."""
APP_ID = 19083857
USER_ID = 51101001


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who is calling; `private` apps and OAuth apps have limits of their own."""

    token: str
    private: bool
    scopes: frozenset[str]


class Tokens:
    def __init__(self, store: Store, clock: Clock, identity: HubSpotIdentity, settings: KeptSettings) -> None:
        self._db = store.writer
        self._clock = clock
        self._identity = identity
        self._settings = settings
        self._until: dict[str, float] = {}
        self._revoked = False

    def create_tables(self) -> None:
        self._db.execute("CREATE TABLE IF NOT EXISTS hs_tokens (token TEXT PRIMARY KEY, until REAL NOT NULL)")
        self._until = dict(self._db.execute("SELECT token, until FROM hs_tokens"))
        self._revoked = self._identity.refresh_token in self._until

    def bearer(self, token: str | None) -> Bearer:
        """The holder of a token; HubSpotError 401 in the vendor's words."""
        scopes = self._settings.now.scopes
        granted = EVERY_SCOPE if scopes is None else frozenset(scopes)
        if token is not None and secrets.compare_digest(token.encode(), self._identity.access_token.encode()):
            return Bearer(token, True, granted)
        until = self._until.get(token or "")
        if token is None or until is None or token == self._identity.refresh_token:
            raise unknown_credentials()
        late = self._clock.now() - until
        if late >= 0:
            raise _expired(until, late)
        return Bearer(token, False, granted)

    def refresh(self, form: Mapping[str, str]) -> dict[str, Any]:
        """A new access token for the refresh token of sandbox.json."""
        if form.get("grant_type") != "refresh_token":
            raise _refused("BAD_GRANT_TYPE", "missing or unknown grant type", "unsupported_grant_type")
        if form.get("client_id") != self._identity.client_id:
            raise _refused("BAD_CLIENT_ID", "missing or unknown client id", "invalid_client")
        if form.get("client_secret") != self._identity.client_secret:
            raise _refused("BAD_CLIENT_SECRET", "missing or invalid client secret", "invalid_client")
        if self._revoked or form.get("refresh_token") != self._identity.refresh_token:
            raise _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token", "invalid_grant")
        token = self._open("C" + secrets.token_urlsafe(60), self._clock.now() + LIFETIME_S)
        answer = {"token_type": "bearer", "access_token": token, "refresh_token": self._identity.refresh_token}
        return {**answer, "expires_in": LIFETIME_S}

    def about(self, token: str) -> dict[str, Any]:
        """What introspection tells of an access token; 404 for one that is none."""
        until = self._until.get(token)
        if until is None or token == self._identity.refresh_token or until <= self._clock.now():
            raise HubSpotError(404, "access token not found", None)
        left = int(until - self._clock.now())
        return {
            "token": token,
            **self._holder(),
            "expires_in": left,
            "token_type": "access",
            "is_private_distribution": True,
        }

    def about_refresh(self, token: str) -> dict[str, Any]:
        if self._revoked or token != self._identity.refresh_token:
            raise HubSpotError(404, "refresh token not found", None)
        return {"token": token, **self._holder(), "client_id": self._identity.client_id, "token_type": "refresh"}

    def about_private(self, token: Any) -> dict[str, Any]:
        """What the private app's own introspection tells."""
        if token != self._identity.access_token:
            raise HubSpotError(404, "access token not found", None)
        holder = self._holder()
        return {"userId": USER_ID, "hubId": holder["hub_id"], "appId": APP_ID, "scopes": holder["scopes"]}

    def revoke(self, token: str) -> None:
        """No more access tokens for this refresh token, until the next reset."""
        if token == self._identity.refresh_token:
            self._revoked = True
            self._open(token, 0.0)

    def expire_all(self) -> int:
        """End every OAuth access token; how many there were. A private app's token does not expire."""
        now = self._clock.now()
        alive = [token for token, until in self._until.items() if until > now]
        for token in alive:
            self._open(token, now)
        return len(alive)

    def _open(self, token: str, until: float) -> str:
        self._until[token] = until
        self._db.execute("INSERT OR REPLACE INTO hs_tokens VALUES (?, ?)", (token, until))
        return token

    def _holder(self) -> dict[str, Any]:
        scopes = self._settings.now.scopes
        return {
            "user": "admin@sandbox.recordsmith.example",
            "hub_domain": "sandbox.recordsmith.example",
            "scopes": sorted(EVERY_SCOPE if scopes is None else scopes),
            "hub_id": self._settings.now.portal_id,
            "app_id": APP_ID,
            "user_id": USER_ID,
        }


def unknown_credentials() -> HubSpotError:
    message = (
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more"
        " details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
    )
    return HubSpotError(401, message, "INVALID_AUTHENTICATION")


def _expired(until: float, late: float) -> HubSpotError:
    message = f"The OAuth token used to make this call expired {_ago(late)} ago."
    context = {"expire time": [stamp(int(until * 1000))]}
    return HubSpotError(401, message, "EXPIRED_AUTHENTICATION", context=context)


def _ago(seconds: float) -> str:
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}(s)"
    return f"{int(seconds)} second(s)"


def _refused(status: str, message: str, error: str) -> HubSpotError:
    """The token endpoint's own form; `error` is what newer versions add for OAuth libraries."""
    return HubSpotError(400, message, None, more={"status": status, "error": error, "error_description": message})
