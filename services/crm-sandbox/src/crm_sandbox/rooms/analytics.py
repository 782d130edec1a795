"""CRM Analytics' REST API below `/wave`, and the two objects that uploads are made of."""

from collections.abc import Sequence
from typing import Any

from crm_sandbox.analytics.datasets import Dataset, Version
from crm_sandbox.analytics.service import Analytics
from crm_sandbox.analytics.uploads import ENDS, HEADER, PART, decoded
from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.org import Org
from crm_sandbox.rooms import analytics_shapes as shapes
from crm_sandbox.rooms.salesforce_bodies import object_of
from crm_sandbox.salesforce.errors import RecordError, RequestError, no_such_resource

DATA = "/services/data/v{version}"
WAVE = f"{DATA}/wave"
MOST_IN_A_PAGE = 200


class AnalyticsCalls:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._analytics = Analytics(org)
        self.routes: Sequence[Route] = [
            Route("GET", WAVE, self.resources),
            Route("GET", f"{WAVE}/limits", self.limits),
            Route("GET", f"{WAVE}/datasets", self.list),
            Route("GET", f"{WAVE}/datasets/{{id}}", self.dataset),
            Route("GET", f"{WAVE}/datasets/{{id}}/versions", self.versions),
            Route("GET", f"{WAVE}/datasets/{{id}}/versions/{{locator}}", self.version),
            Route("GET", f"{WAVE}/datasets/{{id}}/versions/{{locator}}/xmds/{{kind}}", self.xmd),
            Route("POST", f"{WAVE}/query", self.query),
            Route("POST", f"{DATA}/sobjects/{HEADER}", self.create_upload, writes=True),
            Route("PATCH", f"{DATA}/sobjects/{HEADER}/{{id}}", self.change_upload, writes=True),
            Route("POST", f"{DATA}/sobjects/{PART}", self.create_part, writes=True),
            Route("PATCH", f"{DATA}/sobjects/{PART}/{{id}}", self.change_part, writes=True),
        ]

    def work(self) -> None:
        """Between two calls: uploads that are due become datasets."""
        if self._org.store.fact("seeded") is not None:
            self._analytics.prepare()
            self._analytics.uploads.work()

    def resources(self, call: Call) -> Answer:
        base = f"/services/data/v{call.words['version']}/wave"
        return Answer.json({name: f"{base}/{name}" for name in ("datasets", "limits", "query")})

    def limits(self, call: Call) -> Answer:
        return Answer.json({"limits": [{"type": "DatasetQueries", "current": 0, "max": 40_000}]})

    def list(self, call: Call) -> Answer:
        """Datasets by name; `q` looks into name and label."""
        wanted = call.query.get("q", "").casefold()
        only = {one for one in call.query.get("ids", "").split(",") if one}
        found = [
            one
            for one in self._ready().datasets.all()
            if wanted in f"{one.name}\n{one.label}".casefold()
            and (not only or one.id in only)
            and (one.current or not call.says("hasCurrentOnly"))
        ]
        size, start = _whole(call, "pageSize", 25, MOST_IN_A_PAGE), _whole(call, "page", 0, 1_000_000)
        return Answer.json(shapes.page(call, found, start=start, size=size))

    def dataset(self, call: Call) -> Answer:
        return Answer.json(shapes.dataset(call, self._dataset(call)))

    def versions(self, call: Call) -> Answer:
        dataset = self._dataset(call)
        versions = self._analytics.datasets.versions(dataset)
        return Answer.json({"versions": [shapes.version(call, dataset, one) for one in versions]})

    def version(self, call: Call) -> Answer:
        dataset = self._dataset(call)
        return Answer.json(shapes.version(call, dataset, self._version(call, dataset)))

    def xmd(self, call: Call) -> Answer:
        if call.words["kind"] not in ("main", "system", "user"):
            raise no_such_resource()
        dataset = self._dataset(call)
        return Answer.json(shapes.xmd(dataset, self._version(call, dataset), call.words["kind"]))

    def query(self, call: Call) -> Answer:
        body = object_of(call)
        language = body.get("queryLanguage", "SAQL")
        if str(language).upper() != "SAQL":
            raise RequestError("119", f"The query language {language} is not supported by this sandbox", status=400)
        if not isinstance(body.get("query"), str):
            raise RequestError("JSON_PARSER_ERROR", "query: a text is needed")
        stream, rows = self._ready().query(body["query"])
        return Answer.json(shapes.result(body["query"], stream, rows))

    def create_upload(self, call: Call) -> Answer:
        body = object_of(call)
        if body.get("MetadataJson") is not None:
            decoded("MetadataJson", body["MetadataJson"])
        return self._inserted(call, HEADER, body)

    def change_upload(self, call: Call) -> Answer:
        uploads, body, upload_id = self._ready().uploads, object_of(call), call.words["id"]
        ends = call.fails_first if call.fails_first in ENDS else None
        if call.fails_first and not ends:
            raise RecordError(call.fails_first)
        with self._org.store.transaction():
            uploads.refuse_edit(upload_id)
            self._change(HEADER, upload_id, {name: value for name, value in body.items() if name != "Action"})
            if body.get("Action") == "Process":
                uploads.process(upload_id, ends)
            elif body.get("Action") not in (None, "None"):
                raise RecordError("INVALID_INPUT", "Abort and Delete are reserved for future use", ["Action"])
        return Answer(204)

    def create_part(self, call: Call) -> Answer:
        body = object_of(call)
        self._ready().uploads.refuse_part(body)
        return self._inserted(call, PART, body)

    def change_part(self, call: Call) -> Answer:
        body = object_of(call)
        if "DataFile" in body:
            decoded("DataFile", body["DataFile"])
        sql = f'SELECT "InsightsExternalDataId" FROM "sf_{PART}" WHERE "Id" = ?'  # noqa: S608 - our own name
        row = self._org.store.writer.execute(sql, (call.words["id"],)).fetchone()
        with self._org.store.transaction():
            self._analytics.uploads.refuse_edit(row[0] if row else "")
            self._change(PART, call.words["id"], body)
        return Answer(204)

    def _inserted(self, call: Call, name: str, body: dict[str, Any]) -> Answer:
        if call.fails_first:
            raise RecordError(call.fails_first)
        with self._org.store.transaction():
            record_id = self._org.records.insert(self._org.schema.named(name), body)
        return Answer.json({"id": record_id, "success": True, "errors": []}, 201)

    def _change(self, name: str, record_id: str, body: dict[str, Any]) -> None:
        one = self._org.schema.named(name)
        found = self._org.records.find(one, record_id)
        if found is None or found.deleted:
            raise no_such_resource()
        if body:
            self._org.records.update(one, found, body)

    def _ready(self) -> Analytics:
        self._analytics.prepare()
        return self._analytics

    def _dataset(self, call: Call) -> Dataset:
        if found := self._ready().datasets.find(call.words["id"]):
            return found
        raise no_such_resource()

    def _version(self, call: Call, dataset: Dataset) -> Version:
        if found := self._analytics.datasets.version(dataset, call.words["locator"]):
            return found
        raise no_such_resource()


def _whole(call: Call, name: str, default: int, most: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdigit() or int(text) > most:
        raise RequestError("INVALID_INPUT", f"{name}: a whole number up to {most} is needed")
    return int(text) if name == "page" else max(1, int(text))
