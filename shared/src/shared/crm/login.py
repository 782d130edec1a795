"""Logging in to Salesforce by OAuth 2.0 JWT bearer, once at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.crm.calls import Calls
from shared.crm.refusals import error_of, gave_up, is_transient
from shared.crm.sealed_key import WrongPassphrase, is_sealed, opened
from shared.crm.settings import SalesforceSettings
from shared.errors import Fatal, RecordsmithError, Retryable
from shared.telemetry import names, span

ASSERTION_S = 180
"""Salesforce takes assertions that expire within 3 minutes."""

CLOSED_S = 300.0
"""After a login that can never go well there is no other for so long: Salesforce locks accounts that keep trying."""


@dataclass(frozen=True)
class Session:
    """What a login gave. `generation` tells a token that expired from the one that has replaced it already."""

    token: str
    instance_url: str
    generation: int


class Logins:
    """The current session; fifty calls that find it expired cause one login, and share its failure too."""

    def __init__(
        self, settings: SalesforceSettings, calls: Calls, *, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._calls = calls
        self._clock = clock
        self._monotonic = monotonic
        self._session: Session | None = None
        self._running: asyncio.Task[Session] | None = None
        self._refused: tuple[float, Fatal] | None = None

    async def current(self) -> Session:
        """The session to use, logging in if there is none."""
        return self._session or await self._renew()

    async def after(self, expired: Session) -> Session:
        """A session younger than `expired`."""
        if self._session is not None and self._session.generation > expired.generation:
            return self._session
        return await self._renew()

    async def _renew(self) -> Session:
        if self._running is None:
            self._running = asyncio.create_task(self._log_in())
            self._running.add_done_callback(self._forget_task)
        # Shielded: a caller that is cancelled must not take the login from the others.
        return await asyncio.shield(self._running)

    def _forget_task(self, task: asyncio.Task[Session]) -> None:
        self._running = None
        if not task.cancelled():
            task.exception()

    async def _log_in(self) -> Session:
        if self._refused is not None and self._monotonic() < self._refused[0]:
            raise self._refused[1]
        with span(names.SPAN_LOGIN):
            try:
                grant = await self._ask()
            except Fatal as error:
                self._refused = (self._monotonic() + CLOSED_S, error)
                raise
        generation = self._session.generation + 1 if self._session else 1
        self._session = Session(grant["access_token"], grant["instance_url"].rstrip("/"), generation)
        self._refused = None
        return self._session

    async def _ask(self) -> dict[str, str]:
        response = await self._calls.send(
            "POST",
            f"{self._settings.login_url.rstrip('/')}/services/oauth2/token",
            operation="login",
            form={
                "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "assertion": self._assertion(),
            },
        )
        if response.is_success:
            return _grant(response)
        raise _refusal(response)

    def _assertion(self) -> str:
        settings = self._settings
        if not settings.configured or settings.consumer_key is None:
            raise Fatal(
                "Salesforce is not configured: set SF_CONSUMER_KEY, SF_USERNAME and SF_PRIVATE_KEY(_FILE)",
                category="auth",
            )
        claims = {
            "iss": settings.consumer_key.get_secret_value(),
            "sub": settings.username,
            "aud": settings.assertion_audience(),
            "exp": int(self._clock()) + ASSERTION_S,
        }
        return jwt.encode(claims, private_key(settings), algorithm="RS256")


def private_key(settings: SalesforceSettings) -> RSAPrivateKey:
    """The key that signs assertions. Its errors name the setting and never the key."""
    passphrase = settings.private_key_passphrase
    pem = _pem(settings)
    try:
        if is_sealed(pem):
            pem, passphrase = opened(pem, passphrase.get_secret_value() if passphrase else ""), None
        key = load_pem_private_key(pem, passphrase.get_secret_value().encode() if passphrase else None)
    except WrongPassphrase:
        raise Fatal(
            "the Salesforce private key does not open: SF_PRIVATE_KEY_PASSPHRASE is wrong or missing", category="auth"
        ) from None
    except TypeError as error:
        raise Fatal(
            f"the Salesforce private key and SF_PRIVATE_KEY_PASSPHRASE do not fit: {error}", category="auth"
        ) from None
    except ValueError:
        raise Fatal(
            "the Salesforce private key cannot be read: no PEM, or a wrong SF_PRIVATE_KEY_PASSPHRASE", category="auth"
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise Fatal("the Salesforce private key is not an RSA key: assertions are signed with RS256", category="auth")
    return key


def _pem(settings: SalesforceSettings) -> bytes:
    if settings.private_key is not None:
        return settings.private_key.get_secret_value().replace("\\n", "\n").encode()
    try:
        return settings.private_key_file.read_bytes() if settings.private_key_file else b""
    except OSError as error:
        raise Fatal(f"SF_PRIVATE_KEY_FILE cannot be read: {error.strerror}", category="auth") from None


def _grant(response: httpx.Response) -> dict[str, str]:
    body = response.json() if response.content[:1] == b"{" else {}
    if not body.get("access_token") or not body.get("instance_url"):
        raise Retryable("the Salesforce login answered without a token", category="auth")
    return {name: str(body[name]) for name in ("access_token", "instance_url")}


def _refusal(response: httpx.Response) -> RecordsmithError:
    code, said = error_of(response)
    if is_transient(response):
        return gave_up(response)
    if code == "rate_limit_exceeded":
        return Retryable("Salesforce limits logins", category="rate_limit", code=code, retry_after_s=60.0)
    return Fatal(f"Salesforce refuses the login: {code}, {said[:120]}", category="auth", code=code)
