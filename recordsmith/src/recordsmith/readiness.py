"""How the supervisor learns that a program can do its work."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recordsmith.ports import LOOPBACK, answers
from recordsmith.processes import Readiness

if TYPE_CHECKING:
    import httpx


def when_port_answers(port: int) -> Readiness:
    """Ready as soon as the port accepts connections."""

    async def ready() -> str | None:
        return None if await answers(LOOPBACK, port) else f"port {port} does not answer"

    return ready


def when_file_is_there(path: Path) -> Readiness:
    """Ready as soon as the file holds JSON; whoever starts the program removes an old one first."""

    async def ready() -> str | None:
        return None if read_json(path) is not None else f"{path} is not there"

    return ready


def when_service_is_ready(url: str, client: httpx.AsyncClient) -> Readiness:
    """Ready as soon as `/readyz` answers 200; until then the checks that it names are the reason."""
    import httpx

    async def ready() -> str | None:
        try:
            answer = await client.get(f"{url}/readyz")
        except httpx.HTTPError:
            return f"{url} does not answer"
        if answer.status_code == httpx.codes.OK:
            return None
        return _reasons(answer.text) or f"{url}/readyz answers {answer.status_code}"

    return ready


def read_json(path: Path) -> Any:
    """What the file holds; None when it is not there or not (yet) JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _reasons(body: str) -> str:
    try:
        checks = json.loads(body)["checks"]
        return ", ".join(f"{check}: {reason}" for check, reason in checks.items())
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
