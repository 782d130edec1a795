"""A running Recordsmith, seen from outside: started with its command, used through its API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

TERMINAL = {"completed", "cancelled", "failed"}
COMMAND = Path(sys.executable).with_name("recordsmith")
FOREIGN = (
    "OPENAI_",
    "ANTHROPIC_",
    "LMSTUDIO_",
    "GEMINI_",
    "COPILOT_",
    "AI_",
    "SF_",
    "HUBSPOT_",
    "OTEL_",
    "RECORDSMITH_",
    "DATABASE_",
)
"""What a developer's shell may carry and a test must not."""

Json = dict[str, Any]


class Running:
    """`recordsmith run` on a data folder of its own."""

    def __init__(self, data: Path, process: subprocess.Popen[bytes]) -> None:
        self.data = data
        self.process = process
        self.http = httpx.Client(timeout=60)

    def run_file(self) -> Json:
        """What `run.json` says now."""
        content: Json = json.loads((self.data / "run.json").read_text())
        return content

    def wait_ready(self, patience_s: float = 90) -> None:
        """Until `run.json` is there and the gateway answers."""
        limit = time.monotonic() + patience_s
        while not (self.data / "run.json").exists():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(f"not running: {(self.data / 'run.out').read_text()[-2000:]}")
            time.sleep(0.05)
        described = self.run_file()
        self.http.headers["authorization"] = f"Bearer {described['api_key']}"
        self.http.base_url = described["gateway"]

    def pid_of(self, service: str) -> int:
        """Process id as `run.json` says it."""
        return int(self.run_file()["processes"][service]["pid"])

    def kill(self, service: str) -> None:
        """`kill -9`, and back only when the supervisor has started another one."""
        before = self.pid_of(service)
        os.kill(before, signal.SIGKILL)
        self.until(lambda: self.pid_of(service) != before, 30, f"{service} was not restarted")

    def submit(self, spec: Json, key: str | None = None) -> str:
        """Submit a batch; its id."""
        answer = self.http.post("/api/batches", json=spec, headers={"idempotency-key": key} if key else {})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def batch(self, batch_id: str) -> Json:
        """A batch as the API shows it. The counts must add up whenever the size is known."""
        shown: Json = self.http.get(f"/api/batches/{batch_id}").raise_for_status().json()
        if shown["requested"] is not None:
            assert sum(shown["counts"].values()) == shown["requested"], shown
        return shown

    def wait(
        self,
        batch_id: str,
        patience_s: float = 120,
        until: Callable[[Json], bool] = lambda b: b["state"] in TERMINAL,
        every_s: float = 0.05,
    ) -> Json:
        """Poll until the batch is as wanted; by default until its end."""
        limit = time.monotonic() + patience_s
        while not until(shown := self.batch(batch_id)):
            assert time.monotonic() < limit, f"after {patience_s} s: {shown}"
            time.sleep(every_s)
        return shown

    def order(self, batch_id: str, verb: str, **body: Any) -> None:
        """pause, resume, cancel or retry."""
        answer = self.http.post(f"/api/batches/{batch_id}/{verb}", json=body or None)
        assert answer.is_success, answer.text

    def records(self, batch_id: str, **query: Any) -> list[Json]:
        """All records, page by page."""
        items: list[Json] = []
        cursor: str | None = None
        while True:
            page = {"limit": 200} | query | ({"cursor": cursor} if cursor else {})
            answer = self.http.get(f"/api/batches/{batch_id}/records", params=page).raise_for_status().json()
            items += answer["items"]
            cursor = answer["next_cursor"]
            if cursor is None:
                return items

    def query(self, soql: str) -> list[Json]:
        """What a person would see in the CRM."""
        sandbox = self.run_file()["sandbox"]
        headers = {"authorization": f"Bearer {sandbox['salesforce']['access_token']}"}
        found: list[Json] = []
        url: str | None = f"{sandbox['http']}/services/data/v62.0/query"
        parameters: Json | None = {"q": soql}
        while url:
            page = self.http.get(url, params=parameters, headers=headers).raise_for_status().json()
            found += page["records"]
            url, parameters = (None if page["done"] else sandbox["http"] + page["nextRecordsUrl"]), None
        return found

    def admin(self, method: str, path: str, body: Json | None = None) -> Json:
        """The sandbox's own administration."""
        handle = self.run_file()["sandbox"]["admin"]
        headers = {"authorization": f"Bearer {handle['token']}"}
        answer = self.http.request(method, handle["url"] + path, json=body, headers=headers).raise_for_status()
        content: Json = answer.json() if answer.content.strip() else {}
        return content

    @staticmethod
    def until(holds: Callable[[], bool], patience_s: float, complaint: str) -> None:
        """Poll until it holds."""
        limit = time.monotonic() + patience_s
        while not holds():
            assert time.monotonic() < limit, f"{complaint} after {patience_s} s"
            time.sleep(0.05)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def running(data: Path, *flags: str, environment: dict[str, str] | None = None) -> Iterator[Running]:
    """Start, wait until ready, and stop at the end whatever happens."""
    data.mkdir(parents=True, exist_ok=True)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    with (data / "run.out").open("ab") as output:
        process = subprocess.Popen(
            [COMMAND, "run", "--data", str(data), *flags],
            env=clean | (environment or {}), cwd=data, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    system = Running(data, process)
    try:
        system.wait_ready()
        yield system
    finally:
        if process.poll() is None:
            system.stop()
