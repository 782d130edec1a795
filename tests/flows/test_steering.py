"""Pause, resume and cancel: what stops, what goes on, and that the counts stay a sum."""

from __future__ import annotations

import time

from tests.fakes.llm_server import FakeLLM
from tests.flows.conftest import rows_batch
from tests.running import Running


def asked(llm: FakeLLM) -> int:
    return sum(llm.calls().values())


def test_a_paused_batch_starts_no_call_and_a_resumed_one_asks_each_prompt_once(system: Running, llm: FakeLLM) -> None:
    spec = rows_batch("pause", 600)
    llm.steer(latency=0.5)
    batch_id = system.submit(spec)
    system.until(lambda: asked(llm) > 0, 20, "no call")
    system.order(batch_id, "pause")
    assert system.wait(batch_id, until=lambda batch: batch["state"] == "paused")["counts"]["pending"] > 0
    time.sleep(2.5)
    before = asked(llm)
    time.sleep(1.5)
    assert asked(llm) == before < 600
    llm.steer(latency=0.01)
    system.order(batch_id, "resume")
    assert system.wait(batch_id)["counts"]["generated"] == 600
    assert set(llm.calls().values()) == {1}


def test_a_cancelled_batch_leaves_nothing_pending_and_asks_no_more(system: Running, llm: FakeLLM) -> None:
    llm.steer(latency=0.5)
    batch_id = system.submit(rows_batch("cancel", 3_000))
    system.until(lambda: asked(llm) > 0, 20, "no call")
    system.order(batch_id, "cancel")
    done = system.wait(batch_id)
    assert (done["state"], done["counts"]["pending"]) == ("cancelled", 0)
    assert done["counts"]["cancelled"] > 2_000
    before = asked(llm)
    time.sleep(1)
    assert asked(llm) == before
    assert system.batch(batch_id)["counts"] == done["counts"]


def test_a_paused_batch_can_be_cancelled(system: Running, llm: FakeLLM) -> None:
    llm.steer(latency=0.5)
    batch_id = system.submit(rows_batch("pause-cancel", 800))
    system.until(lambda: asked(llm) > 0, 20, "no call")
    system.order(batch_id, "pause")
    system.wait(batch_id, until=lambda batch: batch["state"] == "paused")
    system.order(batch_id, "cancel")
    assert system.wait(batch_id)["state"] == "cancelled"


def test_a_finished_batch_cannot_be_paused(system: Running) -> None:
    batch_id = system.submit(rows_batch("done", 1))
    system.wait(batch_id)
    answer = system.http.post(f"/api/batches/{batch_id}/pause")
    assert answer.status_code == 409
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_small_batch_overtakes_a_large_one(system: Running, llm: FakeLLM) -> None:
    llm.steer(latency=0.3)
    large = system.submit(rows_batch("large", 3_000))
    system.until(lambda: asked(llm) > 0, 20, "no call")
    small = system.submit(rows_batch("small", 20))
    assert system.wait(small)["counts"]["generated"] == 20
    assert system.batch(large)["counts"]["pending"] > 0
    llm.steer(latency=0.0)
    assert system.wait(large)["counts"]["generated"] == 3_000
