"""Tiny real servers in place of the services and the sandbox: what the supervisor sees of them, and no more.

python -m gateway …    runs `service()`;    python -m crm_sandbox …    runs `sandbox()`
"""

import argparse
import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BATCHES: dict[str, tuple[dict, float]] = {}
SECONDS = float(os.environ.get("STAND_IN_BATCH_S", "0.3"))


class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, _, _ = self.path.partition("?")
        if path == "/readyz":
            self.send({"ready": True, "checks": {}})
        elif path.endswith("/query"):
            fields = {"Patient_Name__c": "Pat", "Diagnosis__c": "Dx", "Treatment_Type__c": "Rx"}
            record = {"Id": "a01", "Name": "CLM-1", **fields, "Clinical_Summary__c": None}
            self.send({"done": True, "records": [record]})
        elif path.endswith("/records"):
            self.send({"items": [{"source": "fallback", "provider": None, "model": None}], "next_cursor": None})
        elif path.endswith("/rows.csv"):
            self.send(None, raw=b"sku\r\nA-1\r\n")
        else:
            self.send(batch(path.rpartition("/")[2]))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = f"b{len(BATCHES) + 1}"
        BATCHES[name] = (body, time.monotonic())
        self.send({"id": name, "state": "accepted"}, status=202)

    def send(self, content: object, status: int = 200, raw: bytes | None = None) -> None:
        data = json.dumps(content).encode() if raw is None else raw
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        return


def batch(name: str) -> dict:
    body, began = BATCHES[name]
    source = body["source"]
    requested = source.get("rows") or source["limit"]
    done = min(requested, int(requested * (time.monotonic() - began) / SECONDS))
    ours = "written" if body["target"]["kind"] == "salesforce" else "generated"
    counts = dict.fromkeys(("written", "generated", "failed", "skipped", "cancelled"), 0)
    return {
        "id": name,
        "name": body["name"],
        "state": "completed" if done == requested else "running",
        "requested": requested,
        "counts": counts | {ours: done, "pending": requested - done},
        "fallback": done if ours == "written" else 0,
        "records_per_s": 10.0,
        "eta_s": {"low": 1, "mid": 1, "high": 1},
    }


def listen(port: int) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ThreadingHTTPServer(("127.0.0.1", port), Answers).serve_forever()


def service() -> None:
    names = ("RECORDSMITH_API_KEY", "SF_LOGIN_URL", "SF_USERNAME", "KAFKA_BOOTSTRAP_SERVERS", "OPENAI_API_KEY")
    seen = {name: os.environ.get(name) for name in names}
    Path(os.environ["RECORDSMITH_DATA"], f"{Path(sys.argv[0]).parent.name}.seen.json").write_text(json.dumps(seen))
    listen(int(os.environ["HTTP_PORT"]))


def sandbox() -> None:
    parser = argparse.ArgumentParser()
    for flag in ("--http-port", "--https-port", "--data", "--org", "--records"):
        parser.add_argument(flag)
    given = parser.parse_args()
    folder = Path(given.data)
    folder.mkdir(parents=True, exist_ok=True)
    login = {"username": "u", "consumer_key": "k", "private_key_file": "/key", "access_token": f"00D!{os.getpid()}"}
    handle = {"http": f"http://127.0.0.1:{given.http_port}", "salesforce": login, "records": given.records}
    (folder / "sandbox.json").write_text(json.dumps(handle))
    listen(int(given.http_port))
