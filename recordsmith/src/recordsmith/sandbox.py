"""The CRM sandbox as a process of the local system, and what its sandbox.json tells the services."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from recordsmith.ports import LOOPBACK, Ports
from recordsmith.processes import Program
from recordsmith.readiness import read_json, when_file_is_there

HTTP_PORT, HTTPS_PORT = 18_080, 18_443
"""Preferred, so that a person's saved logins go on working from one run to the next."""


def sandbox_program(data: Path, org: str, records: int | None, ports: Ports, environment: Mapping[str, str]) -> Program:
    """The sandbox over `data`/sandbox; ready when it has written its sandbox.json."""
    http, https = ports.choose(HTTP_PORT), ports.choose(HTTPS_PORT)
    flags = ["--http-port", str(http), "--https-port", str(https), "--data", str(data / "sandbox"), "--org", org]
    if records is not None:
        flags += ["--records", str(records)]
    return Program(
        name="sandbox",
        argv=(sys.executable, "-m", "crm_sandbox", *flags),
        environment=environment,
        log=data / "logs" / "sandbox.log",
        ready=when_file_is_there(handle_file(data)),
        url=f"http://{LOOPBACK}:{http}",
        folder=data,
        before_start=partial(handle_file(data).unlink, missing_ok=True),
        logs_stdout=False,  # its first line holds every credential
    )


def handle_file(data: Path) -> Path:
    """Where the sandbox says how to log in (interfaces.md section 3)."""
    return data / "sandbox" / "sandbox.json"


def read_handle(data: Path) -> dict[str, Any] | None:
    """What sandbox.json says; None while the sandbox is being (re)started."""
    handle = read_json(handle_file(data))
    return handle if isinstance(handle, dict) else None


def login_variables(handle: Mapping[str, Any]) -> dict[str, str]:
    """The environment with which a service uses the sandbox as if it were the CRM."""
    salesforce = handle["salesforce"]
    variables = {
        "SF_LOGIN_URL": str(handle["http"]),
        "SF_CONSUMER_KEY": str(salesforce["consumer_key"]),
        "SF_USERNAME": str(salesforce["username"]),
        "SF_PRIVATE_KEY_FILE": str(salesforce["private_key_file"]),
    }
    hubspot = handle.get("hubspot") or {}
    if token := hubspot.get("access_token"):
        variables |= {"HUBSPOT_ACCESS_TOKEN": str(token), "HUBSPOT_BASE_URL": str(handle["http"])}
    return variables
