"""`recordsmith seal-key`: a private key that may lie on a disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from shared.crm.sealed_key import sealed

app = typer.Typer(add_completion=False)

USAGE = 2


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
    if len(passphrase) < 12:
        raise _refusal("The passphrase has fewer than 12 characters. Take a longer one.")
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _refusal(f"{out} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(sealed(pem, passphrase))
    typer.echo(f"{out} is written. Set SF_PRIVATE_KEY_FILE to it, then delete {key}.")


def _refusal(text: str) -> typer.Exit:
    typer.echo(f"recordsmith: {text}", err=True)
    return typer.Exit(USAGE)
