"""The checks of `recordsmith doctor`. A new one is a function and its line in `CHECKS`."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit

from recordsmith import broker
from recordsmith.environment import (
    CRM_KEYS,
    LLM_VARIABLES,
    hubspot_variables,
    missing_crm_variables,
    set_llm_variables,
    sets_any_crm_variable,
)
from recordsmith.ports import LOOPBACK, answers, is_free
from recordsmith.problems import Problem
from recordsmith.services import GATEWAY_PORT, SERVICES

Environment = Mapping[str, str]


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    what: str
    state: Literal["ok", "optional", "missing"]
    found: str
    fix: str | None = None


async def python(_: Environment) -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("Python", "ok", version)


async def packages(_: Environment) -> Finding:
    missing = [module for module in (*SERVICES.values(), "crm_sandbox") if find_spec(module) is None]
    if missing:
        return Finding("services", "missing", f"not installed: {', '.join(missing)}", "make setup")
    return Finding("services", "ok", "installed")


async def ports(_: Environment) -> Finding:
    if is_free(GATEWAY_PORT):
        return Finding("ports", "ok", f"{GATEWAY_PORT} is free for the gateway")
    return Finding(
        "ports", "ok", f"{GATEWAY_PORT} is in use: the gateway will take another", "recordsmith run --port 8500"
    )


async def kafka(environment: Environment) -> Finding:
    servers = environment.get("KAFKA_BOOTSTRAP_SERVERS")
    if not servers:
        return _embedded_broker()
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if port.isdigit() and await answers(host.strip("[]"), int(port), 3.0):
            return Finding("broker", "ok", f"{server.strip()} answers")
    return Finding("broker", "missing", f"{servers} does not answer", "make kafka   or unset KAFKA_BOOTSTRAP_SERVERS")


async def database(environment: Environment) -> Finding:
    url = environment.get("DATABASE_URL")
    if not url:
        return Finding("database", "ok", "DATABASE_URL not set: SQLite in the data folder")
    place = f"{urlsplit(url).hostname}:{urlsplit(url).port or 5432}"
    if not url.startswith(("postgresql://", "postgres://")):
        return Finding(
            "database", "missing", "DATABASE_URL is no postgresql:// address", "set it, or unset DATABASE_URL"
        )
    reason = await asyncio.to_thread(_connect, url)
    if reason is None:
        return Finding("database", "ok", f"PostgreSQL at {place} answers")
    return Finding(
        "database", "missing", f"PostgreSQL at {place}: {reason}", "correct DATABASE_URL, or unset it for SQLite"
    )


async def llm(environment: Environment) -> Finding:
    configured = set_llm_variables(environment)
    if not configured:
        found = "none set: the deterministic recipe answers"
        return Finding("LLM", "optional", found, f"set one of {', '.join(LLM_VARIABLES)} in .env")
    found = ", ".join(f"{name} {'set' if name in configured else 'unset'}" for name in LLM_VARIABLES)
    if local := environment.get("LMSTUDIO_URL"):
        at = urlsplit(local)
        if not await answers(at.hostname or LOOPBACK, at.port or 80, 3.0):
            return Finding(
                "LLM",
                "optional",
                f"{found}; LM Studio does not answer",
                "start LM Studio's server, or unset LMSTUDIO_URL",
            )
    return Finding("LLM", "ok", found)


async def crm(environment: Environment) -> Finding:
    missing = missing_crm_variables(environment)
    if not missing:
        at = urlsplit(environment["SF_LOGIN_URL"])
        if await answers(at.hostname or "", at.port or (80 if at.scheme == "http" else 443), 3.0):
            return Finding("Salesforce", "ok", f"credentials set; {at.hostname} answers")
        return Finding("Salesforce", "missing", f"{at.hostname} does not answer", "correct SF_LOGIN_URL, or unset it")
    if sets_any_crm_variable(environment):
        return Finding(
            "Salesforce",
            "missing",
            f"half configured, lacks {', '.join(missing)}",
            f"set it, or unset {CRM_KEYS[0]} and the rest",
        )
    return Finding(
        "Salesforce", "optional", "not configured: the sandbox stands in", "set SF_LOGIN_URL … in .env (.env.example)"
    )


async def hubspot(environment: Environment) -> Finding:
    variables = hubspot_variables(environment)
    if not variables:
        instead = ": the sandbox stands in" if missing_crm_variables(environment) else ""
        return Finding("HubSpot", "optional", f"not configured{instead}", "set HUBSPOT_ACCESS_TOKEN in .env")
    if not (token := variables["HUBSPOT_ACCESS_TOKEN"]):
        lacking = [name for name in ("HUBSPOT_CLIENT_ID", "HUBSPOT_CLIENT_SECRET") if not variables.get(name)]
        if lacking:
            found = f"half configured, lacks {', '.join(lacking)}"
            return Finding("HubSpot", "missing", found, "set them, or HUBSPOT_ACCESS_TOKEN alone")
        return Finding("HubSpot", "ok", "credentials of an OAuth app set")
    status = await _ask(variables["HUBSPOT_BASE_URL"], "/account-info/v3/details", token)
    if status == 200:
        return Finding("HubSpot", "ok", "the portal takes HUBSPOT_ACCESS_TOKEN")
    if status in (401, 403):
        fix = "make a new token in HubSpot, and set HUBSPOT_ACCESS_TOKEN"
        return Finding("HubSpot", "missing", "the portal refuses HUBSPOT_ACCESS_TOKEN", fix)
    found = "the portal does not answer" if status is None else f"the portal answers {status}"
    return Finding("HubSpot", "missing", found, "correct HUBSPOT_BASE_URL, or unset it")


async def java(environment: Environment) -> Finding:
    if environment.get("KAFKA_BOOTSTRAP_SERVERS"):
        return Finding("Apache Kafka for tests", "ok", "KAFKA_BOOTSTRAP_SERVERS is set")
    lacking = [program for program in ("java", "mvn") if shutil.which(program) is None]
    if not lacking:
        return Finding("Apache Kafka for tests", "ok", "Java and Maven are there (make test-kafka)")
    return Finding(
        "Apache Kafka for tests", "optional", f"no {' and no '.join(lacking)}", "install Java 17 or newer and Maven"
    )


async def docker(_: Environment) -> Finding:
    if shutil.which("docker") is None:
        return Finding("Docker", "optional", "not installed; only docker compose needs it", "install Docker")
    process = await asyncio.create_subprocess_exec(
        "docker",
        "info",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        code = await asyncio.wait_for(process.wait(), 5.0)
    except TimeoutError:
        process.kill()
        code = await process.wait()
    if code == 0:
        return Finding("Docker", "ok", "the engine answers")
    return Finding("Docker", "optional", "installed, but no engine answers", "start the Docker engine")


CHECKS: Mapping[str, Callable[[Environment], Awaitable[Finding]]] = {
    "python": python,
    "packages": packages,
    "ports": ports,
    "kafka": kafka,
    "database": database,
    "llm": llm,
    "crm": crm,
    "hubspot": hubspot,
    "java": java,
    "docker": docker,
}


def _embedded_broker() -> Finding:
    try:
        broker.binary()
    except Problem as problem:
        return Finding("broker", "missing", problem.what, problem.remedy.removeprefix("Run: "))
    return Finding("broker", "ok", "KAFKA_BOOTSTRAP_SERVERS not set: the embedded broker")


async def _ask(base_url: str, path: str, token: str) -> int | None:
    """The status of a call with a token; None without an answer."""
    import httpx

    local = urlsplit(base_url).hostname in (LOOPBACK, "localhost")
    try:
        async with httpx.AsyncClient(timeout=5.0, trust_env=not local) as client:
            answer = await client.get(base_url.rstrip("/") + path, headers={"authorization": f"Bearer {token}"})
    except (httpx.HTTPError, httpx.InvalidURL):
        return None
    return answer.status_code


def _connect(url: str) -> str | None:
    """None when the database answers; else why not, without the password that a driver's message may quote."""
    if find_spec("psycopg") is None:
        return "the driver psycopg is not installed"
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError as error:
        refused = "authentication" in str(error)
        return "it refuses the login" if refused else "it does not answer"
    except psycopg.Error:
        return "the address is not understood"
    return None
