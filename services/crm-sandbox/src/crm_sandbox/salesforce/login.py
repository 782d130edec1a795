"""OAuth 2.0 JWT bearer: an assertion signed with the connected app's key becomes a session."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LOGIN_HOSTS = frozenset({"https://login.salesforce.com", "https://test.salesforce.com"})
# An assertion may live three minutes; Salesforce allows for clocks that differ.
MOST_AHEAD_S = 5 * 60
CLOCK_SKEW_S = 3


class LoginError(Exception):
    """Why there is no session, in OAuth's words."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    consumer_key: str
    username: str
    public_key: RSAPublicKey


def check_assertion(app: ConnectedApp, form: Mapping[str, str], *, own_urls: frozenset[str], now: float) -> None:
    """Return where the assertion is good; LoginError says which claim is not."""
    if form.get("grant_type") != GRANT_TYPE:
        raise LoginError("unsupported_grant_type", "grant type not supported")
    assertion = form.get("assertion", "")
    claims = _claims(assertion)
    if claims.get("iss") != app.consumer_key:
        raise LoginError("invalid_client_id", "client identifier invalid")
    _check_signature(app, assertion)
    if _audience(claims) not in LOGIN_HOSTS | own_urls:
        raise LoginError("invalid_grant", "audience is invalid")
    if not now - CLOCK_SKEW_S < _expiry(claims) <= now + MOST_AHEAD_S:
        raise LoginError("invalid_grant", "assertion is not within its valid lifetime")
    if str(claims.get("sub", "")).lower() != app.username.lower():
        raise LoginError("invalid_grant", "user hasn't approved this consumer")


def _claims(assertion: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise LoginError("invalid_grant", "invalid assertion") from error
    return claims


def _check_signature(app: ConnectedApp, assertion: str) -> None:
    try:
        # The signature alone: PyJWT's check of exp knows neither the strings nor the milliseconds real clients send.
        jwt.PyJWS(algorithms=["RS256"]).decode(assertion, app.public_key, algorithms=["RS256"])
    except jwt.InvalidTokenError as error:
        raise LoginError("invalid_grant", "invalid assertion") from error


def _audience(claims: Mapping[str, Any]) -> str:
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    return str(audience).rstrip("/")


def _expiry(claims: Mapping[str, Any]) -> float:
    """Seconds, from a number, a string of digits (simple-salesforce) or milliseconds (sf command line)."""
    given = claims.get("exp")
    try:
        expiry = float(given) if isinstance(given, int | float | str) and not isinstance(given, bool) else 0.0
    except ValueError:
        return 0.0
    return expiry / 1000 if expiry > 1e11 else expiry
