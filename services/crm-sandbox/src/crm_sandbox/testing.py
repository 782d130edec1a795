"""A sandbox for tests: a real process on free ports, and a plain HTTP client for it (needs the `test` extra)."""

import csv
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import jwt

DATA = "/services/data/v62.0"
COLLECTIONS = f"{DATA}/composite/sobjects"
CLAIMS = f"{DATA}/sobjects/Claim__c"


class RunningSandbox:
    """`python -m crm_sandbox` until `stop`."""

    def __init__(self, folder: Path, *, org: str = "claims", records: int = 200) -> None:
        self.folder = folder
        words = ["-m", "crm_sandbox", "--data", str(folder), "--org", org, "--records", str(records)]
        self.process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        if self.process.stdout is None:
            raise RuntimeError("no stdout to read")
        self.first_line = self.process.stdout.readline()
        self.handle: dict[str, Any] = json.loads(self.first_line)
        self.client = self.http()

    def http(self, token: str | None = None) -> httpx.Client:
        """A client with a Salesforce session: the handle's, unless a token is given."""
        token = token or self.handle["salesforce"]["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.handle["http"], headers=headers, timeout=20, trust_env=False)

    def hubspot(self, token: str | None = None) -> httpx.Client:
        """A client with the private app's token, unless another is given."""
        return self.http(token or self.handle["hubspot"]["access_token"])

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        """The exit code; a process that does not end within ten seconds is an error."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        code = self.process.wait(10)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def query(self, soql: str, path: str = "query") -> list[dict[str, Any]]:
        """All records of all pages."""
        page = self.client.get(f"{DATA}/{path}", params={"q": soql}).raise_for_status().json()
        records: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = self.client.get(page["nextRecordsUrl"]).raise_for_status().json()
            records += page["records"]
        return records

    def refusal(self, soql: str) -> tuple[str, str]:
        """The code and message of a query that is refused."""
        answer = self.client.get(f"{DATA}/query", params={"q": soql})
        assert answer.status_code == 400, answer.text  # noqa: S101 - this is a test's tool
        return answer.json()[0]["errorCode"], answer.json()[0]["message"]

    def create(self, *records: Mapping[str, Any], object_name: str = "Claim__c") -> list[str]:
        results = self.collection("POST", records, object_name=object_name)
        assert all(result["success"] for result in results), results  # noqa: S101
        return [result["id"] for result in results]

    def collection(
        self,
        method: str,
        records: Sequence[Mapping[str, Any]],
        path: str = "",
        *,
        object_name: str = "Claim__c",
        all_or_none: bool = False,
    ) -> list[dict[str, Any]]:
        typed = [{"attributes": {"type": object_name}, **record} for record in records]
        body = {"allOrNone": all_or_none, "records": typed}
        results: list[dict[str, Any]] = self.client.request(method, COLLECTIONS + path, json=body).json()
        return results

    def bulk_job(self, **order: Any) -> dict[str, Any]:
        """A new ingest job, an upsert of claims unless told otherwise; without a key where it is none."""
        usual = {"object": "Claim__c", "operation": "upsert", "externalIdFieldName": "Claim_Number__c"}
        full = {name: value for name, value in {**usual, **order}.items() if value is not None}
        job: dict[str, Any] = self.client.post(f"{DATA}/jobs/ingest", json=full).raise_for_status().json()
        return job

    def bulk_upload(self, job: Mapping[str, Any], content: str | bytes) -> httpx.Response:
        body = content.encode() if isinstance(content, str) else content
        return self.client.put(f"/{job['contentUrl']}", content=body, headers={"content-type": "text/csv"})

    def bulk_state(self, job: Mapping[str, Any], state: str) -> httpx.Response:
        return self.client.patch(f"{DATA}/jobs/ingest/{job['id']}", json={"state": state})

    def bulk_load(self, content: str | bytes, **order: Any) -> dict[str, Any]:
        """The whole life of a job: what a poll says when it has ended."""
        job = self.bulk_job(**order)
        self.bulk_upload(job, content).raise_for_status()
        self.bulk_state(job, "UploadComplete").raise_for_status()
        return self.bulk_end(job)

    def bulk_end(self, job: Mapping[str, Any], kind: str = "ingest") -> dict[str, Any]:
        """Poll until a job has a final state."""
        for _ in range(2000):
            polled: dict[str, Any] = self.client.get(f"{DATA}/jobs/{kind}/{job['id']}").raise_for_status().json()
            if polled["state"] in ("JobComplete", "Failed", "Aborted"):
                return polled
            time.sleep(0.01)
        raise TimeoutError(f"job {job['id']} does not end")

    def bulk_rows(self, job: Mapping[str, Any], results: str) -> list[list[str]]:
        """The rows of a result file, its header first; lines end with a line feed alone."""
        text = self.bulk_text(job, results)
        return list(csv.reader(re.findall(r"[^\n]*\n|[^\n]+\Z", text)))

    def bulk_text(self, job: Mapping[str, Any], results: str) -> str:
        answer = self.client.get(f"{DATA}/jobs/ingest/{job['id']}/{results}").raise_for_status()
        return answer.content.decode()

    def bulk_query(self, soql: str, operation: str = "query") -> dict[str, Any]:
        """A query job that has ended."""
        order = {"operation": operation, "query": soql}
        job = self.client.post(f"{DATA}/jobs/query", json=order).raise_for_status().json()
        return self.bulk_end(job, "query")

    def switch(self, **orders: Any) -> None:
        self.admin("POST", "/switches", orders).raise_for_status()

    def login(self, **claims: Any) -> httpx.Response:
        """A JWT bearer login, with some claims other than the right ones."""
        me = self.handle["salesforce"]
        right = {"iss": me["consumer_key"], "sub": me["username"], "aud": "https://login.salesforce.com"}
        key = Path(me["private_key_file"]).read_text()
        # Signed without PyJWT's own view of the claims: real clients send exp as text, too.
        payload = json.dumps({**right, "exp": int(time.time()) + 180, **claims}).encode()
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": jwt.PyJWS().encode(payload, key, algorithm="RS256"),
        }
        return self.client.post("/services/oauth2/token", data=form)

    def admin(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.handle['admin']['token']}"}
        return self.client.request(method, f"/admin{path}", json=body, headers=headers)

    def fault(self, **order: Any) -> str:
        return str(self.admin("POST", "/faults", order).raise_for_status().json()["id"])


class PortalClient:
    """A HubSpot client for tests: paths without their version, answers as they come."""

    def __init__(self, sandbox: RunningSandbox, version: str = "v3") -> None:
        self.sandbox = sandbox
        self.version = version
        self.http = sandbox.hubspot()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> httpx.Response:
        """`objects/contacts` becomes `/crm/v3/objects/contacts` or `/crm/objects/2026-09/contacts`."""
        area, _, rest = path.partition("/")
        old = f"/crm/{self.version}/{area}/{rest}"
        address = old if self.version.startswith("v") else f"/crm/{area}/{self.version}/{rest}"
        return self.http.request(method, address, json=body, params=query)

    def create(self, kind: str, /, **properties: Any) -> str:
        """The id of a new record."""
        answer = self.call("POST", f"objects/{kind}", {"properties": properties})
        assert answer.status_code == 201, answer.text  # noqa: S101 - this is a test's tool
        return str(answer.json()["id"])

    def batch(self, kind: str, verb: str, inputs: Sequence[Mapping[str, Any]], **more: Any) -> httpx.Response:
        return self.call("POST", f"objects/{kind}/batch/{verb}", {"inputs": inputs, **more})

    def read(self, kind: str, record_id: str, *names: str) -> dict[str, Any]:
        """The properties of a record."""
        answer = self.call("GET", f"objects/{kind}/{record_id}", properties=",".join(names)).raise_for_status()
        properties: dict[str, Any] = answer.json()["properties"]
        return properties

    def add_property(self, kind: str, name: str, **rest: Any) -> httpx.Response:
        group = self.call("GET", f"properties/{kind}/groups").json()["results"][0]["name"]
        body = {"name": name, "label": name, "groupName": group, "type": "string", "fieldType": "text", **rest}
        return self.call("POST", f"properties/{kind}", body)

    def settings(self, **changes: Any) -> None:
        """Change what the administrator may."""
        self.sandbox.admin("PATCH", "/hubspot/settings", changes).raise_for_status()
