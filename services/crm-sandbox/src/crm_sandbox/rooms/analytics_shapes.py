"""The bodies that `/wave` answers with."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from crm_sandbox.analytics.datasets import Dataset, Version
from crm_sandbox.analytics.file_format import DatasetField
from crm_sandbox.analytics.file_rows import date_columns
from crm_sandbox.analytics.saql.compiler import Stream
from crm_sandbox.exchange import Call
from crm_sandbox.foreign import Scalar

_RESPONSES = count(1)

Body = dict[str, Any]


def page(call: Call, datasets: Sequence[Dataset], *, start: int, size: int) -> Body:
    """One page of the list; its token is the place of the first dataset of the next."""
    base = f"{_wave(call)}/datasets"
    after = start + size
    more = f"{base}?page={after}&pageSize={size}" if after < len(datasets) else None
    if more and call.query.get("q"):
        more += f"&q={call.query['q']}"
    return {
        "datasets": [dataset(call, one) for one in datasets[start:after]],
        "nextPageUrl": more,
        "totalSize": len(datasets),
        "url": base,
    }


def dataset(call: Call, one: Dataset) -> Body:
    url = f"{_wave(call)}/datasets/{one.id}"
    body: Body = {
        "createdDate": one.created,
        "datasetType": "default",
        "folder": {"label": one.container or "My Private App", "name": one.container},
        "id": one.id,
        "label": one.label,
        "lastModifiedDate": one.modified,
        "name": one.name,
        "permissions": {"create": True, "manage": True, "modify": True, "view": True},
        "type": "dataset",
        "url": url,
        "versionsUrl": f"{url}/versions",
    }
    if one.current:
        # A dataset that was never processed has none.
        body |= {"currentVersionId": one.current, "currentVersionUrl": f"{url}/versions/{one.current}"}
    return body


def version(call: Call, owner: Dataset, one: Version) -> Body:
    url = f"{_wave(call)}/datasets/{owner.id}/versions/{one.id}"
    return {
        "createdDate": one.created,
        "dataset": {"id": owner.id, "name": owner.name},
        "id": one.id,
        "totalRowCount": one.rows,
        "type": "datasetversion",
        "url": url,
        "xmdMain": {"type": "main", "url": f"{url}/xmds/main"},
    }


def xmd(owner: Dataset, one: Version, kind: str) -> Body:
    """What a dataset has instead of a describe: dimensions, measures, dates."""
    dimensions: list[Body] = []
    measures: list[Body] = []
    dates: list[Body] = []
    for field in one.fields:
        if field.kind == "Numeric":
            measures.append({"field": field.name, "label": field.label, "format": {"decimalDigits": field.scale}})
        else:
            dimensions.append(_dimension(field.name, field.label))
        if field.kind == "Date":
            year, quarter, month, day, second, days = date_columns(field.name)
            dimensions += [_dimension(name, name) for name in (year, quarter, month, day)]
            measures += [{"field": name, "label": name, "format": {}} for name in (second, days)]
            dates.append(_date(field, (year, quarter, month, day, second, days)))
    return {
        "dataset": {"connector": "CSV", "fullyQualifiedName": owner.name, "origin": owner.name},
        "dates": dates,
        "derivedDimensions": [],
        "derivedMeasures": [],
        "dimensions": dimensions,
        "measures": measures,
        "organizations": [],
        "type": kind,
    }


def result(query: str, stream: Stream, rows: list[dict[str, Scalar]]) -> Body:
    """What a query answers."""
    projections = [
        {"field": {"id": f"q.{name}", "type": "numeric" if name in stream.numbers else "string"}}
        for name in stream.fields
    ]
    return {
        "action": "query",
        "responseId": f"sandbox-{next(_RESPONSES)}",
        "results": {"metadata": [{"lineage": {"type": "foreach", "projections": projections}}], "records": rows},
        "query": query,
        "responseTime": 1,
    }


def _dimension(name: str, label: str) -> Body:
    return {"field": name, "isMultiValue": False, "label": label, "members": [], "origin": name}


def _date(field: DatasetField, columns: Sequence[str]) -> Body:
    year, quarter, month, day, second, days = columns
    fields = {"day": day, "epochDay": days, "epochSecond": second, "fullField": field.name, "month": month}
    return {"alias": field.name, "fields": fields | {"quarter": quarter, "year": year}, "label": field.label,
            "type": "Date"}  # fmt: skip


def _wave(call: Call) -> str:
    return f"/services/data/v{call.words['version']}/wave"
