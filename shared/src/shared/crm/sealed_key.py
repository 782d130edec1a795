"""Secrets at rest: AES-256-GCM under a key that scrypt makes of a passphrase (S1-61, S2-85)."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import textwrap

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

LABEL = "RECORDSMITH AES-256-GCM PRIVATE KEY"
SEALED = "sealed:"
"""What a sealed token begins with; HubSpot's own never do."""

_PEM = re.compile(rf"-----BEGIN {LABEL}-----(.*?)-----END {LABEL}-----", re.DOTALL)
_VERSION = b"\x01"
_SALT, _NONCE, _TAG = 16, 12, 16


class WrongPassphrase(ValueError):
    """The passphrase does not open the key, or somebody has changed it."""


def is_sealed(pem: bytes) -> bool:
    """Whether this is a key that `sealed` has made."""
    return f"BEGIN {LABEL}".encode() in pem


def sealed(pem: bytes, passphrase: str) -> str:
    """The key, encrypted, in the form of a PEM file. Twice the same key gives two different texts."""
    lines = textwrap.wrap(base64.b64encode(_closed(pem, passphrase)).decode(), 64)
    return "\n".join([f"-----BEGIN {LABEL}-----", *lines, f"-----END {LABEL}-----", ""])


def sealed_token(token: str, passphrase: str) -> str:
    """A token, encrypted, on one line: as the value of an environment variable."""
    return SEALED + base64.b64encode(_closed(token.encode(), passphrase)).decode()


def opened_token(text: str, passphrase: str) -> str:
    """The token; one that is not sealed is as it is. Raises `WrongPassphrase`, and `ValueError` where it is damaged."""
    if not text.startswith(SEALED):
        return text
    return _open(text.removeprefix(SEALED), passphrase).decode()


def opened(pem: bytes, passphrase: str) -> bytes:
    """The key. Raises `WrongPassphrase`, and `ValueError` for what is no such key."""
    found = _PEM.search(pem.decode("ascii", "replace"))
    return _open("".join(found[1].split()) if found else "", passphrase)


def _closed(secret: bytes, passphrase: str) -> bytes:
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    return _VERSION + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, secret, _VERSION)


def _open(text: str, passphrase: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    start = len(_VERSION)
    if raw[:start] != _VERSION or len(raw) < start + _SALT + _NONCE + _TAG:
        raise ValueError("not what `recordsmith seal-key` or `seal-token` has made")
    salt, nonce = raw[start : start + _SALT], raw[start + _SALT : start + _SALT + _NONCE]
    try:
        return AESGCM(_key(passphrase, salt)).decrypt(nonce, raw[start + _SALT + _NONCE :], _VERSION)
    except InvalidTag:
        raise WrongPassphrase from None


def _key(passphrase: str, salt: bytes) -> bytes:
    # The cost that RFC 7914 and OWASP give for a key that is opened once per start: 32 MB, a tenth of a second.
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())
