"""`recordsmith demo` from outside, with stand-ins for the services."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]
Wait = Callable[..., Any]


def test_a_demo_starts_fresh_writes_its_results_and_leaves_nothing_running(recordsmith: Start, tmp_path: Path) -> None:
    (tmp_path / ".demo" / "sandbox").mkdir(parents=True)
    old = [tmp_path / ".demo" / name for name in ("demo.marker", "sandbox/old", "gateway.sqlite3-wal")]
    for file in old:
        file.touch()
    command = recordsmith("demo", "--data", ".demo")
    assert command.process.wait(30) == 0, command.output()
    assert command.family() == []
    assert [file.exists() for file in old] == [True, False, False]
    summary = json.loads((tmp_path / ".demo" / "summary.json").read_text())
    assert summary["ok"] is True
    assert [batch["requested"] for batch in summary["batches"]] == [200, 1000]
    assert (tmp_path / ".demo" / "inventory.csv").read_bytes() == b"sku\r\nA-1\r\n"
    assert "No LLM is configured: the deterministic recipe answered for 200 of 200 claims." in command.output()
    assert "Clinical summaries: 100 %  200/200" in command.output()


def test_a_demo_never_empties_a_folder_that_is_not_its_own(recordsmith: Start, tmp_path: Path) -> None:
    (tmp_path / "mine" / "sandbox").mkdir(parents=True)
    command = recordsmith("demo", "--data", "mine")
    assert command.process.wait(10) == 3
    assert "mine holds files that no demo made" in command.output()
    assert (tmp_path / "mine" / "sandbox").exists()


def test_a_demo_stays_away_from_what_is_configured(recordsmith: Start, tmp_path: Path) -> None:
    real = {"KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092", "DATABASE_URL": "postgresql://db.example/x"}
    crm = {"SF_LOGIN_URL": "https://real.example", "SF_CONSUMER_KEY": "c", "SF_USERNAME": "real", "SF_PRIVATE_KEY": "k"}
    command = recordsmith("demo", "--data", ".demo", OPENAI_API_KEY="sk-1", **real, **crm)
    assert command.process.wait(30) == 0
    seen = json.loads((tmp_path / ".demo" / "writer_svc.seen.json").read_text())
    assert seen["SF_USERNAME"] == "u"
    assert seen["SF_LOGIN_URL"].startswith("http://127.0.0.1:")
    assert seen["KAFKA_BOOTSTRAP_SERVERS"].startswith("127.0.0.1:")
    assert seen["OPENAI_API_KEY"] == "sk-1"
    assert "not used: DATABASE_URL, KAFKA_BOOTSTRAP_SERVERS, SF_CONSUMER_KEY" in command.output()
    assert "The configured LLM gave no answer" in command.output()


@pytest.mark.parametrize("moment", ["broker.log", "gateway.log", "batch"])
def test_ctrl_c_ends_the_demo_at_any_moment(recordsmith: Start, wait_for: Wait, tmp_path: Path, moment: str) -> None:
    command = recordsmith("demo", "--data", ".demo", STAND_IN_BATCH_S="60")
    reached = tmp_path / ".demo" / "logs" / moment
    wait_for(lambda: "everything is ready" in command.output() if moment == "batch" else reached.exists())
    began = time.monotonic()
    assert command.signal(signal.SIGINT) == 130
    assert time.monotonic() - began < 6
    assert command.family() == []
    assert "Traceback" not in command.output()
    assert not (tmp_path / ".demo" / "summary.json").exists()
