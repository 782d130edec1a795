"""The door: keys, problems for every error, and the API's own description."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import httpx

GUARDED = [
    ("POST", "/api/batches"),
    ("GET", "/api/batches"),
    ("GET", "/api/batches/x"),
    ("GET", "/api/batches/x/events"),
    ("GET", "/api/nothing"),
    ("POST", "/generate"),
    ("POST", "/api/generate"),
    ("GET", "/api/dead-letters"),
]


KEYS = [None, "Bearer wrong", "Bearer é", "Basic a-key-for-tests", "a-key-for-tests"]


async def test_without_the_key_nothing_is_read(served: Any) -> None:
    async with httpx.AsyncClient(base_url=served.url) as stranger:
        for given, (method, path) in product(KEYS, GUARDED):
            headers = [] if given is None else [(b"authorization", given.encode())]
            answer = await stranger.request(method, path, headers=headers, content=b"{broken")
            assert answer.status_code == 401, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert re.fullmatch("[0-9a-f]{32}", answer.json()["trace_id"])


ERRORS = [
    ("GET", "/nowhere", 404),
    ("GET", "/api/batches/unknown", 404),
    ("GET", "/api/batches/unknown/records", 404),
    ("GET", "/api/batches/unknown/result.csv", 404),
    ("GET", "/api/batches/unknown/events", 404),
    ("GET", "/api/batches/a%00b", 404),
    ("POST", "/api/batches/unknown/pause", 404),
    ("POST", "/api/batches/unknown/retry", 404),
    ("DELETE", "/api/batches", 405),
    ("GET", "/api/batches?limit=0", 422),
    ("GET", "/api/batches?limit=many", 422),
    ("GET", "/api/batches?state=sleeping", 422),
    ("GET", "/api/batches?cursor=%21%21", 422),
]


async def test_every_error_is_a_problem(served: Any) -> None:
    for method, path, status in ERRORS:
        answer = await served.http.request(method, path)
        assert answer.status_code == status, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", path
        assert answer.json()["status"] == status, path
        assert answer.json()["instance"].startswith("/"), path


async def test_an_error_of_ours_tells_nothing_of_the_inside(served: Any) -> None:
    class Broken:
        def __call__(self) -> float:
            raise RuntimeError("secret text of a record")

    object.__setattr__(served.gateway, "now", Broken())
    answer = await served.http.get("/api/batches")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert re.fullmatch("[0-9a-f]{32}", answer.json()["trace_id"])


async def test_health_and_metrics_need_no_key(served: Any) -> None:
    await served.http.get("/api/batches")
    async with httpx.AsyncClient(base_url=served.url) as stranger:
        assert (await stranger.get("/healthz")).status_code == 200
        assert (await stranger.get("/readyz")).json()["ready"] is True
        assert (
            'recordsmith_http_request_seconds_count{method="GET",route="/api/batches"'
            in (await stranger.get("/metrics")).text
        )


async def test_the_docs_page_loads_nothing_from_outside(served: Any) -> None:
    async with httpx.AsyncClient(base_url=served.url) as browser:
        page = (await browser.get("/api/docs")).text
        links = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", page)
        assert links
        assert not re.search(r"https?://(?!127\.0\.0\.1)", page), re.findall(r"https?://\S+", page)
        for link in links:
            assert link.startswith("/"), link
            assert (await browser.get(link)).status_code == 200, link


async def test_the_api_describes_its_routes_and_bodies(served: Any) -> None:
    described = (await served.http.get("/api/openapi.json")).json()
    assert {"/api/batches", "/api/batches/{batch_id}", "/api/generate", "/generate"} <= described["paths"].keys()
    body = described["paths"]["/api/batches"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["$ref"].removeprefix("#/components/schemas/") in described["components"]["schemas"]
    text = str(described)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named <= described["components"]["schemas"].keys()
