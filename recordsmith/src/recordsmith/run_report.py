"""What `recordsmith run` prints once everything is ready."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from recordsmith.system import LocalSystem


def show_addresses(system: LocalSystem, seconds: float, *, plain: bool) -> None:
    """Where to find what, and how to stop it: a table for people, lines for logs."""
    rows = list(_rows(system))
    title = f"Recordsmith is ready ({seconds:.1f} s)"
    if plain:
        print(title)
        for name, value in rows:
            print(f"{name}: {value}", flush=True)
        return
    table = Table(title=title, title_justify="left", show_header=False, title_style="bold")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    Console().print(table)


def _rows(system: LocalSystem) -> list[tuple[str, str]]:
    addresses = system.addresses
    rows = [(name, url or "") for name, (_, url) in system.processes().items()]
    if addresses is not None:
        rows.insert(0, ("API", f"{addresses.gateway}/api/docs"))
    given = bool(system.options.environment.get("RECORDSMITH_API_KEY"))
    rows += [
        ("API key", "RECORDSMITH_API_KEY of the environment" if given else str(system.data / "api_key")),
        ("all of this", str(system.data / "run.json")),
        ("logs", str(system.data / "logs")),
        ("stop", "Ctrl-C"),
    ]
    return rows
