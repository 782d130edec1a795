"""What there is: versions, resources, objects, fields."""

from email.utils import format_datetime, parsedate_to_datetime

import orjson

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org

_SEASONS = ("Spring", "Summer", "Winter")


class CatalogCalls:
    def __init__(self, org: Org, oldest: int, newest: int) -> None:
        self._org = org
        self._versions = range(oldest, newest + 1)

    def versions(self, call: Call) -> Answer:
        return Answer.json(
            [
                {"label": _label(number), "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
                for number in self._versions
            ]
        )

    def resources(self, call: Call) -> Answer:
        base = f"/services/data/v{call.words['version']}"
        paths = ("composite", "jobs", "limits", "query", "queryAll", "sobjects", "tooling")
        me = self._org.identity
        identity = {"identity": f"{call.base_url}/id/{me.org_id}/{me.user_id}"}
        return Answer.json({name: f"{base}/{name}" for name in paths} | identity)

    def objects(self, call: Call) -> Answer:
        objects = [one.summary(call.words["version"]) for one in self._org.schema]
        return Answer.json({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})

    def basics(self, call: Call) -> Answer:
        one = self._org.schema.named(call.words["object"])
        return Answer.json({"objectDescribe": one.summary(call.words["version"]), "recentItems": []})

    def describe(self, call: Call) -> Answer:
        one = self._org.schema.named(call.words["object"])
        changed_at = self._org.changed_at[one.name]
        modified = ("last-modified", format_datetime(changed_at, usegmt=True))
        if since := call.headers.get("if-modified-since"):
            try:
                if parsedate_to_datetime(since) >= changed_at:
                    return Answer(304, headers=(modified,))
            except (ValueError, TypeError):
                pass  # a date nobody can read asks for nothing
        described = one.public_describe(call.words["version"])
        body = orjson.dumps({**described, "childRelationships": self._org.schema.children_of(one)})
        return Answer(200, body, (("content-type", "application/json;charset=UTF-8"), modified))


def _label(number: int) -> str:
    """Three releases a year; version 66 was Spring '26, and Winter carries the next year's number."""
    year, season = divmod(number - 66, 3)
    return f"{_SEASONS[season]} '{26 + year + (season == 2)}"
