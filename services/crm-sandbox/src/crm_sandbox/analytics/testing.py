"""A client of datasets for tests: uploads a file and waits for its end, and reads what is there."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx

from crm_sandbox.testing import DATA, RunningSandbox

PATIENCE_S = 20.0
_UNFINISHED = ("New", "Queued", "InProgress")

Rows = list[dict[str, Any]]


class DatasetClient:
    def __init__(self, sandbox: RunningSandbox) -> None:
        self._sandbox = sandbox
        self._http = sandbox.client

    def upload(
        self, name: str, content: str, *, operation: str = "Append", fields: Rows | None = None
    ) -> tuple[str, str | None]:
        """How the upload of a CSV file ended, and what it says."""
        metadata: dict[str, Any] = {}
        if fields is not None:
            body = {"fileFormat": {"numberOfLinesToIgnore": 1}, "objects": [{"name": name, "fields": fields}]}
            metadata["MetadataJson"] = base64.b64encode(json.dumps(body).encode()).decode()
        upload = self.begin(name, Operation=operation, **metadata)
        self.part(upload, 1, content.encode()).raise_for_status()
        self.process(upload).raise_for_status()
        return self.ended(upload)

    def begin(self, name: str, **more: str) -> str:
        """The id of a new header."""
        body = {"EdgemartAlias": name, "Format": "Csv", "Operation": "Append", "Action": "None", **more}
        answer = self._http.post(f"{DATA}/sobjects/InsightsExternalData", json=body).raise_for_status()
        return str(answer.json()["id"])

    def part(self, upload: str, number: int, content: bytes) -> httpx.Response:
        data = base64.b64encode(content).decode()
        body = {"InsightsExternalDataId": upload, "PartNumber": number, "DataFile": data}
        return self._http.post(f"{DATA}/sobjects/InsightsExternalDataPart", json=body)

    def process(self, upload: str) -> httpx.Response:
        return self._http.patch(f"{DATA}/sobjects/InsightsExternalData/{upload}", json={"Action": "Process"})

    def status(self, upload: str) -> tuple[str, str | None]:
        asked = f"SELECT Status, StatusMessage FROM InsightsExternalData WHERE Id = '{upload}'"  # noqa: S608
        (row,) = self._sandbox.query(asked)
        return row["Status"], row["StatusMessage"]

    def ended(self, upload: str) -> tuple[str, str | None]:
        """Wait for the end."""
        until = time.monotonic() + PATIENCE_S
        while (status := self.status(upload))[0] in _UNFINISHED and time.monotonic() < until:
            time.sleep(0.02)
        return status

    def datasets(self, *, q: str = "", page_size: int = 25) -> Rows:
        """All datasets that are found, page by page."""
        path: str | None = f"{DATA}/wave/datasets?pageSize={page_size}&q={q}"
        found: Rows = []
        while path:
            page = self._http.get(path).raise_for_status().json()
            found += page["datasets"]
            path = page["nextPageUrl"]
        return found

    def reference(self, name: str) -> str:
        """id/version of the current version."""
        one = self._http.get(f"{DATA}/wave/datasets/{name}").raise_for_status().json()
        return f"{one['id']}/{one['currentVersionId']}"

    def xmd(self, name: str) -> dict[str, Any]:
        dataset_id, version_id = self.reference(name).split("/")
        path = f"{DATA}/wave/datasets/{dataset_id}/versions/{version_id}/xmds/main"
        body: dict[str, Any] = self._http.get(path).raise_for_status().json()
        return body

    def ask(self, name: str, statements: str) -> Rows:
        """The rows of a query whose first statement loads the dataset as q."""
        query = f'q = load "{self.reference(name)}"; {statements}'
        rows: Rows = self._query(query).raise_for_status().json()["results"]["records"]
        return rows

    def refusal(self, name: str, statements: str) -> tuple[int, str]:
        answer = self._query(f'q = load "{self.reference(name)}"; {statements}')
        return answer.status_code, answer.json()[0]["message"]

    def rows(self, name: str, *fields: str, limit: int = 10_000) -> Rows:
        """Some fields of the first rows."""
        return self.ask(name, f"{_generate(fields)} q = limit q {limit};")

    def pages(self, name: str, *fields: str, size: int) -> Iterator[Rows]:
        """Page by page, all of the version that was current at the first."""
        load = f'q = load "{self.reference(name)}"; {_generate(fields)}'
        order = ", ".join(f"'{field}' asc" for field in fields)
        offset = 0
        while True:
            query = f"{load} q = order q by ({order}); q = offset q {offset}; q = limit q {size};"
            rows: Rows = self._query(query).raise_for_status().json()["results"]["records"]
            yield rows
            if len(rows) < size:
                return
            offset += size

    def count(self, name: str) -> int:
        (row,) = self.ask(name, "q = group q by all; q = foreach q generate count() as 'c';")
        return int(row["c"])

    def _query(self, query: str) -> httpx.Response:
        return self._http.post(f"{DATA}/wave/query", json={"query": query})


def _generate(fields: tuple[str, ...]) -> str:
    named = ", ".join(f"'{field}' as '{field}'" for field in fields)
    return f"q = foreach q generate {named};"
