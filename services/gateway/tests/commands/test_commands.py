"""The commands against a served gateway: data on stdout, conversation on stderr, exit codes that mean something."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from gateway.commands import app
from shared.events import BatchPaused, BatchPlanned, BatchRetried, BatchSubmitted, RangeSettled, RecordSettled
from typer.testing import CliRunner, Result

KEY = "a-key-for-tests"


async def call(served: Any, *words: str, given: str | None = None, url: str | None = None, key: str = KEY) -> Result:
    environment = {"RECORDSMITH_URL": url or served.url, "RECORDSMITH_API_KEY": key}
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(words), input=given, env=environment))


async def finish(served: Any, states: list[Any]) -> str:
    async with asyncio.timeout(10):
        while not (events := served.bus.events(BatchSubmitted)):
            await asyncio.sleep(0.01)
    batch_id: str = events[-1].batch_id
    await served.feed(events[-1], BatchPlanned(batch_id=batch_id, requested=len(states)))
    for index, state in enumerate(states):
        told = {"category": "network", "reason": "gone"} if state == "failed" else {"answer": f"=A{index}"}
        await served.feed(RecordSettled(batch_id=batch_id, index=index, record_id=f"r{index}", state=state, **told))
    return batch_id


async def test_submit_and_watch_ends_with_the_batch(served: Any, request_of_rows: Any, tmp_path: Path) -> None:
    file = tmp_path / "batch.json"
    file.write_text(json.dumps(request_of_rows()))
    running = asyncio.create_task(call(served, "batch", "submit", str(file), "--watch", "--yes"))
    batch_id = await finish(served, ["generated"] * 3)
    result = await running
    assert result.exit_code == 0, result.stderr
    batch = json.loads(result.stdout)
    assert (batch["id"], batch["state"], batch["counts"]["generated"]) == (batch_id, "completed", 3)
    assert "Accepted as" in result.stderr
    assert "3/3" in result.stderr


async def test_failed_records_are_exit_code_1_and_can_be_listed_and_retried(served: Any, request_of_rows: Any) -> None:
    running = asyncio.create_task(call(served, "batch", "submit", "-", "--watch", given=json.dumps(request_of_rows())))
    batch_id = await finish(served, ["generated", "failed", "failed"])
    assert (await running).exit_code == 1
    listed = await call(served, "batch", "records", batch_id, "--state", "failed", "--output", "csv")
    rows = list(csv.DictReader(io.StringIO(listed.stdout)))
    assert [(row["index"], row["category"]) for row in rows] == [("1", "network"), ("2", "network")]
    assert (await call(served, "batch", "watch", batch_id)).exit_code == 1
    table = await call(served, "batch", "show", batch_id, "--output", "table")
    assert "completed" in table.stdout
    retried = await call(served, "batch", "retry", batch_id, "--category", "network")
    assert retried.exit_code == 0
    assert served.bus.events(BatchRetried)[0].category == "network"
    again = await call(served, "batch", "retry", batch_id, "--category", "auth")
    assert (again.exit_code, "No record" in again.stderr) == (2, True)


async def test_export_writes_csv_to_stdout(served: Any, request_of_rows: Any) -> None:
    await call(served, "batch", "submit", "-", given=json.dumps(request_of_rows()))
    batch_id = await finish(served, ["generated"] * 3)
    structured = await call(served, "batch", "export", batch_id)
    assert structured.stdout.splitlines()[:2] == ["Record ID,Batch Name,Parameter Name,Value", "r0,Things,answer,'=A0"]
    result = await call(served, "batch", "export", batch_id, "--form", "result")
    assert len(result.stdout.splitlines()) == 4
    assert (await call(served, "batch", "export", batch_id, "--form", "rows")).exit_code == 2


async def test_a_cancelled_batch_is_exit_code_4(served: Any, request_of_rows: Any) -> None:
    await call(served, "batch", "submit", "-", given=json.dumps(request_of_rows()))
    batch_id = await finish(served, ["generated"])
    await call(served, "batch", "submit", "-", given=json.dumps(request_of_rows(name="Other")))
    submitted = served.bus.events(BatchSubmitted)[-1]
    await served.feed(submitted, BatchPlanned(batch_id=submitted.batch_id, requested=2))
    paused = await call(served, "batch", "pause", submitted.batch_id)
    assert (json.loads(paused.stdout)["state"], len(served.bus.events(BatchPaused))) == ("paused", 1)
    assert (await call(served, "batch", "resume", submitted.batch_id)).exit_code == 0
    assert (await call(served, "batch", "cancel", submitted.batch_id)).exit_code == 0
    await served.feed(RangeSettled(batch_id=submitted.batch_id, first=0, count=2, state="cancelled"))
    assert (await call(served, "batch", "watch", submitted.batch_id)).exit_code == 4
    assert (await call(served, "batch", "cancel", batch_id)).exit_code == 2
    listed = await call(served, "batch", "list")
    assert [json.loads(line)["name"] for line in listed.stdout.splitlines()] == ["Other", "Things"]


async def test_flags_describe_the_common_case(served: Any) -> None:
    words = ["--object", "Claim__c", "--template", "Summarise {{Name}}", "--target-field", "Clinical_Summary__c"]
    result = await call(served, "batch", "submit", *words, "--where", "Amount__c > 1", "--limit", "10", "--yes")
    assert result.exit_code == 0, result.stderr
    batch = served.bus.events(BatchSubmitted)[0].batch
    assert (batch.source.where, batch.source.limit, batch.target.field) == ("Amount__c > 1", 10, "Clinical_Summary__c")


async def test_flags_ask_for_what_was_changed_and_deleted(served: Any) -> None:
    words = ["--object", "Claim__c", "--template", "Summarise {{Name}}", "--deleted", "--changed-since"]
    assert (await call(served, "batch", "submit", *words, "last")).exit_code == 0
    source = served.bus.events(BatchSubmitted)[0].batch.source
    assert (source.changed_since, source.deleted) == ("last", "forward")
    refused = await call(served, "batch", "submit", *words, "yesterday")
    assert (refused.exit_code, "/source/changed_since" in refused.stderr) == (2, True)
    assert "a moment with its zone" in refused.stderr


async def test_wrong_use_is_exit_code_2_and_says_what_to_change(
    served: Any, request_of_rows: Any, tmp_path: Path
) -> None:
    assert (await call(served, "batch", "submit")).exit_code == 2
    missing = await call(served, "batch", "submit", str(tmp_path / "none.json"))
    assert (missing.exit_code, "cannot be read" in missing.stderr, missing.stdout) == (2, True, "")
    broken = await call(served, "batch", "submit", "-", given="{")
    assert (broken.exit_code, "not JSON" in broken.stderr) == (2, True)
    refused = await call(served, "batch", "submit", "-", given=json.dumps(request_of_rows(fallbak="fail")))
    assert (refused.exit_code, "/fallbak" in refused.stderr, "`fallback`" in refused.stderr) == (2, True, True)
    assert (await call(served, "batch", "show", "unknown")).exit_code == 2


async def test_nobody_there_is_exit_code_3(served: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = await call(served, "batch", "list", url="http://127.0.0.1:9")
    assert (gone.exit_code, "does not answer" in gone.stderr) == (3, True)
    assert (await call(served, "batch", "list", key="wrong")).exit_code == 3
    served.bus.down = "gone"
    down = await call(served, "batch", "submit", "-", given=json.dumps({"source": {"kind": "recipe", "recipe": "x"}}))
    assert (down.exit_code, "broker" in down.stderr) == (3, True)
    monkeypatch.chdir(tmp_path)
    unknown = await asyncio.to_thread(
        CliRunner().invoke, app, ["batch", "list"], env={"RECORDSMITH_URL": "", "RECORDSMITH_API_KEY": ""}
    )
    assert (unknown.exit_code, "recordsmith run" in unknown.stderr) == (3, True)


async def test_a_local_system_is_found_by_its_run_json(
    served: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "run.json").write_text(json.dumps({"gateway": served.url, "api_key": KEY}))
    nothing = {"RECORDSMITH_URL": "", "RECORDSMITH_API_KEY": ""}
    found = await asyncio.to_thread(CliRunner().invoke, app, ["batch", "list", "--output", "json"], env=nothing)
    assert (found.exit_code, json.loads(found.stdout)) == (0, [])


async def test_dead_letters_can_be_listed_and_replayed(served: Any) -> None:
    assert (await call(served, "dead-letters", "list")).stdout == ""
    assert (await call(served, "dead-letters", "replay", "0:1")).exit_code == 1
    assert (await call(served, "dead-letters", "replay", "x")).exit_code == 2


def test_every_help_has_an_example() -> None:
    for group in app.registered_groups:
        assert group.typer_instance is not None
        for command in group.typer_instance.registered_commands:
            shown = CliRunner().invoke(app, [str(group.name), str(command.name), "--help"]).output
            assert f"Example: recordsmith {group.name} {command.name}" in " ".join(shown.split())
