"""DIR/run.json: how other programs find a running local system (interfaces.md section 2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recordsmith.data_folder import write_private
from recordsmith.supervisor import Child


@dataclass(frozen=True)
class Addresses:
    """What stays the same while the system runs."""

    gateway: str
    api_key: str
    bootstrap_servers: str
    database_url: str


def write_run_file(
    path: Path, addresses: Addresses, children: Iterable[Child], sandbox: Mapping[str, Any] | None
) -> None:
    """Replace run.json in one step; a process between two lives keeps its last pid until it has a new one."""
    content = {
        "gateway": addresses.gateway,
        "api_key": addresses.api_key,
        "bootstrap_servers": addresses.bootstrap_servers,
        "database_url": addresses.database_url,
        "processes": {child.program.name: {"pid": child.pid, "url": child.program.url} for child in children},
        "sandbox": sandbox,
    }
    write_private(path, json.dumps(content, indent=2) + "\n")
