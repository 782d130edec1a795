"""Pipelines and their stages: what a deal or ticket may be in."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import orjson

from crm_sandbox.hubspot.errors import HubSpotError, PropertyError, not_found, required_fields
from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.stamps import stamp
from crm_sandbox.store import Store

Body = dict[str, Any]

PLACES: Mapping[str, tuple[str, str]] = {
    "0-3": ("pipeline", "dealstage"),
    "0-5": ("hs_pipeline", "hs_pipeline_stage"),
}
"""By object type: the properties that name the pipeline and the stage."""

_BORN = "1970-01-01T00:00:00Z"


class Pipelines:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, dict[str, Body]] = {}

    def create_tables(self) -> None:
        columns = "type TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY (type, id)"
        self._store.writer.execute(f"CREATE TABLE IF NOT EXISTS hs_pipelines ({columns})")

    def load(self) -> None:
        self._known.clear()
        for kind, body in self._store.writer.execute("SELECT type, body FROM hs_pipelines ORDER BY rowid"):
            pipeline = orjson.loads(body)
            self._known.setdefault(kind, {})[pipeline["id"]] = pipeline

    def fill(self) -> None:
        self._known.clear()
        shipped = orjson.loads(files(__package__).joinpath("pipelines.json").read_bytes())
        for kind, pipelines in shipped.items():
            for order, (name, label, stages) in enumerate(pipelines):
                self._put(kind, _pipeline(name, label, order, [_stage(*one) for one in enumerate(stages)]))

    def of(self, one: ObjectType) -> list[Body]:
        return list(self._known.get(one.id, {}).values())

    def named(self, one: ObjectType, name: str) -> Body:
        found = self._known.get(one.id, {}).get(name)
        if found is None:
            raise not_found(f"Pipeline with id {name} for object type {one.id} does not exist")
        return found

    def create(self, one: ObjectType, given: Any, now: int) -> Body:
        """A new pipeline with its stages."""
        if not isinstance(given, dict) or not given.get("label") or not isinstance(given.get("stages"), list):
            raise required_fields("label", "stages")
        made_at, number = stamp(now), str(now)
        stages = [self._new_stage(stage, n, f"{number}{n}", made_at) for n, stage in enumerate(given["stages"])]
        pipeline = _pipeline(given.get("pipelineId") or number, given["label"], given.get("displayOrder", 0), stages)
        if pipeline["id"] in self._known.get(one.id, {}):
            raise HubSpotError(409, f"Pipeline with id {pipeline['id']} already exists", "CONFLICT")
        return self._put(one.id, {**pipeline, "createdAt": made_at, "updatedAt": made_at})

    def add_stage(self, one: ObjectType, name: str, given: Any, now: int) -> Body:
        pipeline = self.named(one, name)
        stage = self._new_stage(given, len(pipeline["stages"]), str(now), stamp(now))
        if stage["id"] in {there["id"] for there in pipeline["stages"]}:
            raise HubSpotError(409, f"Stage with id {stage['id']} already exists", "CONFLICT")
        self._put(one.id, {**pipeline, "stages": [*pipeline["stages"], stage], "updatedAt": stamp(now)})
        return stage

    def stage(self, one: ObjectType, pipeline: str, name: str) -> Body:
        for stage in self.named(one, pipeline)["stages"]:
            if stage["id"] == name:
                return dict(stage)
        raise not_found(f"Stage with id {name} does not exist in pipeline {pipeline}")

    def check(self, one: ObjectType, values: Mapping[str, str]) -> None:
        """That the pipeline is there and the stage is one of its own; the wording is assumed."""
        if one.id not in PLACES:
            return
        pipeline_name, stage_name = PLACES[one.id]
        pipeline, stage = values.get(pipeline_name), values.get(stage_name)
        known = self._known.get(one.id, {})
        if pipeline and pipeline not in known:
            raise _no_option(pipeline_name, pipeline, known)
        stages = [there["id"] for there in known[pipeline]["stages"]] if pipeline else []
        if stage and stage not in stages:
            raise _no_option(stage_name, stage, stages)

    def metadata(self, one: ObjectType, values: Mapping[str, str]) -> Mapping[str, str]:
        """What the stage a record is in says of it: closed or not, how probable."""
        pipeline_name, stage_name = PLACES[one.id]
        pipeline = self._known.get(one.id, {}).get(values.get(pipeline_name, ""))
        found = [stage for stage in (pipeline or {"stages": []})["stages"] if stage["id"] == values.get(stage_name)]
        return found[0]["metadata"] if found else {}

    def _new_stage(self, given: Any, order: int, name: str, made_at: str) -> Body:
        if not isinstance(given, dict) or not given.get("label"):
            raise required_fields("label")
        stage = _stage(order, [given.get("stageId") or name, given["label"], given.get("metadata") or {}])
        return {**stage, "createdAt": made_at, "updatedAt": made_at}

    def _put(self, kind: str, body: Body) -> Body:
        self._known.setdefault(kind, {})[body["id"]] = body
        sql = "INSERT INTO hs_pipelines VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body"
        self._store.writer.execute(sql, (kind, body["id"], orjson.dumps(body)))
        return body


def _pipeline(name: str, label: str, order: int, stages: list[Body]) -> Body:
    moments = {"createdAt": _BORN, "updatedAt": _BORN, "archived": False}
    return {"label": label, "displayOrder": order, "id": name, "stages": stages, **moments}


def _stage(order: int, short: Any) -> Body:
    name, label, metadata = short
    rest = {"createdAt": _BORN, "updatedAt": _BORN, "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT"}
    return {"label": label, "displayOrder": order, "metadata": metadata, "id": name, **rest, "archived": False}


def _no_option(name: str, value: str, allowed: Any) -> PropertyError:
    message = f"{value} was not one of the allowed options: [{', '.join(allowed)}]"
    return PropertyError(name, "INVALID_OPTION", message)
