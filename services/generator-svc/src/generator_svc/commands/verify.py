"""`recordsmith verify`: is a file what its manifest says?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from generator_svc.commands.trouble import DIFFERENT, USAGE, say, told


@told
def verify(
    path: Annotated[Path, typer.Argument(metavar="PATH|DIR", help="A file, or a folder with manifests.")],
) -> None:
    """Recompute the root hash from the rows in the files and compare it with the manifest.

    Exit code 0 when all is as the manifest says, 1 on a difference, 2 where there is no manifest.

    Example: recordsmith verify inventory.csv
    """
    from generator_svc.datasets.manifest import ManifestBroken
    from generator_svc.datasets.verification import verify as examine

    try:
        findings = examine(path)
    except ManifestBroken as error:
        say(f"recordsmith: {error}")
        raise typer.Exit(USAGE) from error
    for finding in findings:
        typer.echo(f"{'ok ' if finding.ok else 'NOT'} {finding.path}  {finding.says}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(DIFFERENT)
