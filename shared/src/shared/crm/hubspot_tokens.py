"""The access token of a portal: a private app's for good, an OAuth app's refreshed once at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import httpx

from shared.crm.hubspot_calls import HubSpotCalls
from shared.crm.hubspot_limits import body_of, hold_of
from shared.crm.hubspot_paths import TOKEN
from shared.crm.hubspot_refusals import gave_up
from shared.crm.hubspot_settings import HubSpotSettings
from shared.crm.sealed_key import WrongPassphrase, opened_token
from shared.errors import Fatal, RecordsmithError, Retryable
from shared.telemetry import names, span

EARLY_S = 90.0
"""Before its end a token is replaced: a call that takes a minute must not outlive it."""


@dataclass(frozen=True)
class AccessToken:
    """`generation` tells a token that expired from the one that has replaced it already."""

    text: str
    generation: int
    until: float | None = None
    """On the monotonic clock; None: for good."""


class HubSpotTokens:
    """The current token; fifty calls that find it expired cause one refresh, and share its failure too."""

    def __init__(self, settings: HubSpotSettings, calls: HubSpotCalls, *, monotonic: Callable[[], float]) -> None:
        self._settings = settings
        self._calls = calls
        self._monotonic = monotonic
        self._running: asyncio.Task[AccessToken] | None = None
        self._refused: Fatal | None = None
        self._token: AccessToken | None = None

    async def current(self) -> AccessToken:
        """The token to use, refreshed shortly before it ends. Raises `Fatal` where none can be had."""
        if self._token is None and self._settings.access_token is not None:
            self._token = AccessToken(self._opened("access_token"), 1)
        token = self._token
        if token is not None and (token.until is None or self._monotonic() < token.until):
            return token
        return await self._renew()

    async def after(self, refused: AccessToken) -> AccessToken:
        """A token younger than `refused`. A private app's has no successor: `Fatal`."""
        if self._token is not None and self._token.generation > refused.generation:
            return self._token
        if not self._settings.uses_oauth:
            raise Fatal("HubSpot refuses HUBSPOT_ACCESS_TOKEN", category="auth", code="INVALID_AUTHENTICATION")
        return await self._renew()

    async def _renew(self) -> AccessToken:
        if self._running is None:
            self._running = asyncio.create_task(self._refresh())
            self._running.add_done_callback(self._forget_task)
        # Shielded: a caller that is cancelled must not take the refresh from the others.
        return await asyncio.shield(self._running)

    def _forget_task(self, task: asyncio.Task[AccessToken]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()

    async def _refresh(self) -> AccessToken:
        if self._refused is not None:
            raise self._refused
        with span(names.SPAN_LOGIN):
            response = await self._calls.send(
                "POST", self._settings.base_url.rstrip("/") + TOKEN, operation="login", form=self._grant()
            )
        body = body_of(response)
        if not response.is_success or not body.get("access_token"):
            raise self._refusal(response)
        lasts_s = max(0.0, float(body.get("expires_in") or 1_800) - EARLY_S)
        generation = self._token.generation + 1 if self._token else 1
        self._token = AccessToken(str(body["access_token"]), generation, self._monotonic() + lasts_s)
        return self._token

    def _grant(self) -> dict[str, str]:
        settings = self._settings
        if not (settings.uses_oauth and settings.client_id and settings.client_secret and settings.refresh_token):
            raise Fatal("HubSpot is not configured: set HUBSPOT_ACCESS_TOKEN", category="auth")
        return {
            "grant_type": "refresh_token",
            "client_id": settings.client_id,
            "client_secret": self._opened("client_secret"),
            "refresh_token": self._opened("refresh_token"),
        }

    def _opened(self, name: Literal["access_token", "client_secret", "refresh_token"]) -> str:
        """A secret of the settings. Its errors name the variable and never the secret."""
        given, passphrase = getattr(self._settings, name), self._settings.token_passphrase
        try:
            return opened_token(given.get_secret_value(), passphrase.get_secret_value() if passphrase else "")
        except WrongPassphrase:
            said = "does not open: HUBSPOT_TOKEN_PASSPHRASE is wrong or missing"
        except ValueError:
            said = "is damaged: seal it again with `recordsmith seal-token`"
        raise Fatal(f"HUBSPOT_{name.upper()} {said}", category="auth")

    def _refusal(self, response: httpx.Response) -> RecordsmithError:
        hold, body = hold_of(response), body_of(response)
        if hold is not None:
            return gave_up(response.status_code, hold)
        if response.is_success:
            return Retryable("the HubSpot refresh answered without a token", category="auth")
        code = str(body.get("status") or body.get("error") or response.status_code)
        # BAD_REFRESH_TOKEN and invalid_grant never mend by themselves: no second refresh is tried.
        self._refused = Fatal(f"HubSpot refuses the refresh token ({code})", category="auth", code=code)
        return self._refused
