"""`recordsmith doctor`: what is missing is named with the command that fixes it; values of secrets never."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from recordsmith.doctor import find, is_well
from recordsmith.doctor_checks import CHECKS, Finding

CRM = {"SF_LOGIN_URL": "http://127.0.0.1:1", "SF_CONSUMER_KEY": "c", "SF_USERNAME": "u", "SF_PRIVATE_KEY": "k"}


async def check(name: str, environment: Mapping[str, str]) -> Finding:
    return await CHECKS[name](environment)


async def test_nothing_configured_is_well() -> None:
    findings = [await check(name, {}) for name in ("python", "ports", "kafka", "database", "llm", "crm", "hubspot")]
    assert is_well(findings)
    assert {finding.state for finding in findings} == {"ok", "optional"}


async def test_a_broker_that_does_not_answer_is_missing() -> None:
    finding = await check("kafka", {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert finding.state == "missing"
    assert "make kafka" in (finding.fix or "")


async def test_a_broker_that_answers_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        servers = f"127.0.0.1:1,127.0.0.1:{server.getsockname()[1]}"
        assert (await check("kafka", {"KAFKA_BOOTSTRAP_SERVERS": servers})).state == "ok"


async def test_a_database_that_does_not_answer_is_missing_and_its_password_unspoken() -> None:
    finding = await check("database", {"DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x"})
    assert finding.state == "missing"
    assert "127.0.0.1:1" in finding.found
    assert "hunter2" not in repr(finding)


async def test_half_a_salesforce_login_is_missing_its_other_half() -> None:
    finding = await check("crm", {"SF_LOGIN_URL": "https://login.example"})
    assert finding.state == "missing"
    assert "SF_CONSUMER_KEY, SF_USERNAME, SF_PRIVATE_KEY_FILE" in finding.found


async def test_a_salesforce_that_does_not_answer_is_missing() -> None:
    assert (await check("crm", CRM)).state == "missing"


@pytest.mark.parametrize(
    ("status", "state", "said"),
    [(200, "ok", "takes HUBSPOT_ACCESS_TOKEN"), (401, "missing", "refuses"), (502, "missing", "answers 502")],
)
async def test_a_hubspot_token_is_tried(status: int, state: str, said: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await reader.readuntil(b"\r\n\r\n")
        right = asked.startswith(b"GET /account-info/v3/details ") and b"Bearer pat-hunter2" in asked
        writer.write(f"HTTP/1.1 {status if right else 404} x\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        finding = await check("hubspot", {"HUBSPOT_ACCESS_TOKEN": "pat-hunter2", "HUBSPOT_BASE_URL": url})
    assert finding.state == state
    assert said in finding.found
    assert "hunter2" not in repr(finding)


async def test_a_hubspot_that_does_not_answer_or_is_half_configured_is_missing() -> None:
    away = {"HUBSPOT_ACCESS_TOKEN": "pat", "HUBSPOT_BASE_URL": "http://127.0.0.1:1"}
    assert (await check("hubspot", away)).state == "missing"
    half = await check("hubspot", {"HUBSPOT_REFRESH_TOKEN": "r", "HUBSPOT_CLIENT_ID": "c"})
    assert (half.state, half.found) == ("missing", "half configured, lacks HUBSPOT_CLIENT_SECRET")


async def test_no_check_says_a_secret() -> None:
    secrets = {"OPENAI_API_KEY": "sk-secret", "ANTHROPIC_API_KEY": "sk-secret", "KAFKA_SASL_PASSWORD": "secret"}
    findings = await find(secrets | {"DATABASE_URL": "mysql://u:secret@h/x"})
    assert "secret" not in repr(findings)
    assert "OPENAI_API_KEY set, LMSTUDIO_URL unset" in repr(findings)


def test_the_report_is_json_in_a_pipe_and_the_exit_code_tells(recordsmith: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1\n")
    command = recordsmith("doctor")
    assert command.process.wait(20) == 3
    report = json.loads(command.output())
    assert report["ok"] is False
    assert {"what", "state", "found", "fix"} == set(report["checks"][0])


def test_all_well_ends_with_zero(recordsmith: Callable[..., Any]) -> None:
    command = recordsmith("doctor", "--output", "table")
    assert command.process.wait(20) == 0
    assert "Salesforce" in command.output()
