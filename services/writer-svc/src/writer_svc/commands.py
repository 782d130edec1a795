"""`recordsmith seal-key` and `seal-token`: secrets that may lie on a disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from shared.crm.sealed_key import sealed, sealed_token

app = typer.Typer(add_completion=False)

USAGE = 2
SHORTEST = 12
"""Characters of a passphrase: what is sealed may be tried out by anybody who has the file."""


@app.command(name="seal-key")
def seal_key(
    key: Annotated[Path, typer.Argument(metavar="KEY", help="The private key as PEM, not encrypted.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the encrypted key goes; must not exist.")],
    passphrase: Annotated[
        str,
        typer.Option(
            prompt="Passphrase", hide_input=True, confirmation_prompt=True, envvar="SF_PRIVATE_KEY_PASSPHRASE",
            help="Asked for where it is not in the environment.",
        ),
    ],
) -> None:  # fmt: skip
    """Encrypt a Salesforce private key with AES-256-GCM under a passphrase.

    Set SF_PRIVATE_KEY_FILE to the new file and SF_PRIVATE_KEY_PASSPHRASE to the passphrase.

    Example: recordsmith seal-key salesforce.key --out salesforce.sealed.pem
    """
    try:
        pem = key.read_bytes()
        load_pem_private_key(pem, None)
    except OSError as error:
        raise _refusal(f"{key} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError):
        raise _refusal(f"{key} holds no private key in PEM form, or it is encrypted already.") from None
    _check(passphrase)
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _refusal(f"{out} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(sealed(pem, passphrase))
    typer.echo(f"{out} is written. Set SF_PRIVATE_KEY_FILE to it, then delete {key}.")


@app.command(name="seal-token")
def seal_token(
    token: Annotated[
        str, typer.Option(prompt="Token", hide_input=True, help="Asked for; not given on a command line that is kept.")
    ],
    passphrase: Annotated[
        str,
        typer.Option(
            prompt="Passphrase", hide_input=True, confirmation_prompt=True, envvar="HUBSPOT_TOKEN_PASSPHRASE",
            help="Asked for where it is not in the environment.",
        ),
    ],
) -> None:  # fmt: skip
    """Encrypt a HubSpot token or client secret with AES-256-GCM under a passphrase, on one line.

    Set HUBSPOT_ACCESS_TOKEN (or HUBSPOT_REFRESH_TOKEN, HUBSPOT_CLIENT_SECRET) to the line, and HUBSPOT_TOKEN_PASSPHRASE
    to the passphrase.

    Example: recordsmith seal-token
    """
    if not token.strip():
        raise _refusal("The token is empty.")
    _check(passphrase)
    typer.echo(sealed_token(token.strip(), passphrase))


def _check(passphrase: str) -> None:
    if len(passphrase) < SHORTEST:
        raise _refusal(f"The passphrase has fewer than {SHORTEST} characters. Take a longer one.")


def _refusal(text: str) -> typer.Exit:
    typer.echo(f"recordsmith: {text}", err=True)
    return typer.Exit(USAGE)
