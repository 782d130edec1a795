"""Uploads into the sandbox's dataset: whole, once, and on from wherever a crash or a lost answer left them."""

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from crm_sandbox.analytics.testing import DatasetClient
from crm_sandbox.testing import RunningSandbox
from shared.crm.analytics_uploads import ExternalData
from shared.crm.salesforce import SalesforceSession
from shared.database import Database
from shared.errors import Retryable
from writer_svc.domain.structured_response import DATASET, csv_text, lines_of
from writer_svc.domain.uploads import DatasetUpload, Kept
from writer_svc.domain.verdicts import Verdict
from writer_svc.store.leases import LeaseLost
from writer_svc.store.uploads import UploadStore
from writer_svc.uploading import UploadMeans, UploadRun

PART_PATH = "/services/data/*/sobjects/InsightsExternalDataPart"
HEADER_PATH = "/services/data/*/sobjects/InsightsExternalData"


class Scene:
    """Answers given to one upload, and whoever runs it."""

    def __init__(self, sandbox: RunningSandbox, session: SalesforceSession, database: Database, make: Any) -> None:
        self.sandbox = sandbox
        self.wave = DatasetClient(sandbox)
        self.now = 1_000.0
        self.store = UploadStore(database, lambda: self.now)
        self.other = UploadStore(database, lambda: self.now)
        self.told: dict[int, Verdict] = {}
        self.crash_on_tell = False
        self.batch = f"Batch {uuid.uuid4().hex[:8]}"
        self.external = ExternalData(session)
        self._make = make

    async def upload(self, records: int) -> DatasetUpload:
        values = [{"summary": f"answer {i} {uuid.uuid4().hex}", "codes": [i]} for i in range(records)]
        self.kept = [Kept(self._make(i, None, values=one), self.batch) for i, one in enumerate(values)]
        await self.store.keep(DATASET, self.kept)
        fence = await self.store.take(DATASET)
        assert fence is not None
        return await self.store.open(DATASET, fence, ["b"], 100_000)

    async def run(self, store: UploadStore | None = None, part_bytes: int = 8 * 1024 * 1024) -> None:
        """As a writer does that has just taken the upload over."""
        store = store or self.store
        fence = await store.take(DATASET)
        upload = await store.unfinished(DATASET)
        assert upload is not None
        assert fence is not None
        means = UploadMeans(self.external, store, self._tell(store), sleep=_soon, part_bytes=part_bytes)
        await UploadRun(means, fence).run(upload)

    def rows(self) -> list[tuple[str, str, str, str]]:
        """What a person would find in the dataset of this batch."""
        if not [one for one in self.wave.datasets(q=DATASET) if "currentVersionId" in one]:
            return []
        fields = ("Record_ID", "Batch_Name", "Parameter_Name", "Value")
        named = ", ".join(f"'{field}' as '{field}'" for field in fields)
        asked = f"q = filter q by 'Batch_Name' == \"{self.batch}\"; q = foreach q generate {named}; q = limit q 10000;"
        return sorted(tuple(row[field] for field in fields) for row in self.wave.ask(DATASET, asked))  # type: ignore[misc]

    def expected(self) -> list[tuple[str, str, str, str]]:
        return sorted(line for kept in self.kept for line in lines_of(kept.result, kept.batch_name))

    def headers(self) -> list[dict[str, Any]]:
        found = self.sandbox.query("SELECT Id, Description, Status FROM InsightsExternalData")
        return [one for one in found if self.mark in (one["Description"] or "")]

    @property
    def mark(self) -> str:
        return f"upload {self.upload_id}"

    upload_id = ""

    def _tell(self, store: UploadStore) -> Callable[[Any], Any]:
        async def tell(told: Any) -> None:
            if self.crash_on_tell:
                raise RuntimeError("killed")
            for result, verdict in told:
                assert result.index not in self.told
                self.told[result.index] = verdict
            await store.settle([result for result, _ in told])

        return tell


async def _soon(_: float) -> None:
    await asyncio.sleep(0.03)


@pytest.fixture
def scene(sandbox: RunningSandbox, session: SalesforceSession, database: Database, make_result: Any) -> Scene:
    return Scene(sandbox, session, database, make_result)


async def begin(scene: Scene, records: int = 5) -> DatasetUpload:
    upload = await scene.upload(records)
    scene.upload_id = upload.id
    return upload


async def test_a_loaded_upload_is_every_row_once_and_a_verdict_for_every_record(scene: Scene) -> None:
    await begin(scene)
    await scene.run()
    assert scene.rows() == scene.expected()
    (header,) = scene.headers()
    assert {(verdict.state, verdict.crm_id) for verdict in scene.told.values()} == {("written", header["Id"])}
    assert sorted(scene.told) == list(range(5))
    assert await scene.store.unfinished(DATASET) is None


async def test_the_columns_of_the_dataset_are_those_that_were_promised(scene: Scene) -> None:
    await begin(scene)
    await scene.run()
    labels = {one["field"]: one["label"] for one in scene.wave.xmd(DATASET)["dimensions"]}
    assert labels == {
        "Record_ID": "Record ID",
        "Batch_Name": "Batch Name",
        "Parameter_Name": "Parameter Name",
        "Value": "Value",
    }


async def test_a_large_file_goes_in_parts_and_only_missing_ones_are_sent_again(scene: Scene) -> None:
    await begin(scene, 300)
    scene.sandbox.fault(method="POST", path=PART_PATH, status=503, nth=[7])
    size = 1_000
    with pytest.raises(Retryable):
        await scene.run(part_bytes=size)
    await scene.run(part_bytes=size)
    (header,) = scene.headers()
    parts = await scene.external.parts(header["Id"])
    assert len(parts) >= 10
    calls = scene.sandbox.admin("GET", "/calls").json()["calls"]
    sent = sum(one["count"] for one in calls if one["path"].endswith("InsightsExternalDataPart"))
    assert sent == len(parts) + 1
    assert scene.rows() == scene.expected()


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", HEADER_PATH), ("POST", PART_PATH), ("PATCH", HEADER_PATH + "/*")],
    ids=["the header", "a part", "the order to process"],
)
@pytest.mark.parametrize("drop", ["before", "after"])
async def test_a_lost_answer_doubles_nothing(scene: Scene, method: str, path: str, drop: str) -> None:
    await begin(scene)
    scene.sandbox.fault(method=method, path=path, drop=drop, times=3)
    for _ in range(4):
        try:
            await scene.run()
            break
        except Retryable:
            assert not scene.told
    assert scene.rows() == scene.expected()
    assert len(scene.headers()) == 1
    assert len(scene.told) == 5


async def test_a_writer_killed_before_its_verdicts_loads_nothing_again(scene: Scene) -> None:
    await begin(scene)
    scene.crash_on_tell = True
    with pytest.raises(RuntimeError):
        await scene.run()
    scene.crash_on_tell = False
    scene.now += 60
    await scene.run(scene.other)
    assert scene.rows() == scene.expected()
    assert len(scene.told) == 5


async def test_a_writer_that_was_overtaken_loads_nothing(scene: Scene) -> None:
    stale = await begin(scene)
    fence = await scene.store.take(DATASET)
    assert fence is not None
    scene.now += 60
    await scene.run(scene.other)
    means = UploadMeans(scene.external, scene.store, scene._tell(scene.store), sleep=_soon)
    with pytest.raises(LeaseLost):
        await UploadRun(means, fence).run(stale)
    assert scene.rows() == scene.expected()
    assert [one["Status"] for one in scene.headers()] == ["Completed"]


async def test_a_header_that_was_left_behind_is_found_by_its_mark(scene: Scene) -> None:
    upload = await begin(scene)
    scene.sandbox.fault(method="POST", path=PART_PATH, status=503, times=1)
    with pytest.raises(Retryable):
        await scene.run()
    fence = await scene.store.take(DATASET)
    assert fence is not None
    await scene.store.move(upload, fence, crm_id=None)
    await scene.run()
    assert len(scene.headers()) == 1
    assert scene.rows() == scene.expected()


async def test_a_header_that_somebody_deleted_is_made_anew(scene: Scene) -> None:
    await begin(scene)
    scene.sandbox.fault(method="POST", path=PART_PATH, status=503, times=1)
    with pytest.raises(Retryable):
        await scene.run()
    (header,) = scene.headers()
    scene.sandbox.client.delete(f"/services/data/v62.0/sobjects/InsightsExternalData/{header['Id']}").raise_for_status()
    await scene.run()
    assert scene.rows() == scene.expected()


@pytest.mark.parametrize("content", ["other bytes", "a doubled part"])
async def test_parts_that_do_not_fit_together_are_never_processed(scene: Scene, content: str) -> None:
    upload = await begin(scene)
    scene.sandbox.fault(method="PATCH", path=HEADER_PATH + "/*", status=503, nth=[1, 2, 3])
    with pytest.raises(Retryable):
        await scene.run()
    (first,) = scene.headers()
    if content == "other bytes":
        fence = await scene.store.take(DATASET)
        assert fence is not None
        other = "0" * 32 + "-1"
        await scene.store.move(upload, fence, edition=other)
        path = f"/services/data/v62.0/sobjects/InsightsExternalData/{first['Id']}"
        scene.sandbox.client.patch(path, json={"Description": f"Recordsmith upload {upload.id} {other}"})
    else:
        scene.wave.part(first["Id"], 2, csv_text([("x", "x", "x", "x")]).encode()).raise_for_status()
        with pytest.raises(Retryable) as error:
            await scene.run()
        assert error.value.code == "PARTS_DIFFER"
    await scene.run()
    assert scene.rows() == scene.expected()
    assert sorted(one["Status"] for one in scene.headers()) == ["Completed", "New"]


@pytest.mark.parametrize("end", ["CompletedWithWarnings", "Failed", "NotProcessed", "Aborted"])
async def test_every_other_end_fails_the_records_with_the_orgs_words(scene: Scene, end: str) -> None:
    await begin(scene)
    scene.sandbox.fault(method="PATCH", path=HEADER_PATH + "/*", code=end, times=1)
    await scene.run()
    assert {(verdict.state, verdict.code) for verdict in scene.told.values()} == {("failed", end)}
    assert "fault of this sandbox" in str(scene.told[0].reason)
    assert len(scene.rows()) == (len(scene.expected()) - 1 if end == "CompletedWithWarnings" else 0)


async def test_a_refused_upload_fails_its_records_and_loads_nothing(scene: Scene) -> None:
    await begin(scene)
    scene.sandbox.fault(method="POST", path=HEADER_PATH, code="INSUFFICIENT_ACCESS", times=1)
    await scene.run()
    assert {(verdict.state, verdict.code) for verdict in scene.told.values()} == {("failed", "INSUFFICIENT_ACCESS")}
    assert scene.rows() == []


async def test_an_upload_beyond_the_orgs_limit_waits_and_is_not_lost(scene: Scene) -> None:
    await begin(scene)
    scene.sandbox.admin("POST", "/switches", {"analytics_uploads_a_day": 0}).raise_for_status()
    with pytest.raises(Retryable) as error:
        await scene.run()
    assert error.value.code == "LIMIT_EXCEEDED"
    assert not scene.told
    scene.sandbox.admin("POST", "/switches", {"analytics_uploads_a_day": 50}).raise_for_status()
    await scene.run()
    assert scene.rows() == scene.expected()
