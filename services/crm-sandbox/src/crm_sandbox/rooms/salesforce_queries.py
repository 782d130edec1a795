"""Queries and their pages."""

import re
from collections.abc import Sequence
from typing import Any

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org
from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.pages import FEWEST_IN_A_PAGE, MOST_IN_A_PAGE
from crm_sandbox.salesforce.schema import ID_TYPES, NUMBER_TYPES, Field

_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d{1,9})", re.IGNORECASE)


class QueryCalls:
    def __init__(self, org: Org) -> None:
        self._pages = org.pages

    def query(self, call: Call) -> Answer:
        if call.says("columns"):
            return self._columns(call)
        return self._first(call, deleted_too=False)

    def query_all(self, call: Call) -> Answer:
        return self._first(call, deleted_too=True)

    def more(self, call: Call) -> Answer:
        size, version = _page_size(call), call.words["version"]
        return Answer.json(self._pages.more(call.words["locator"], size=size, version=version))

    def _first(self, call: Call, *, deleted_too: bool) -> Answer:
        size, version = _page_size(call), call.words["version"]
        return Answer.json(self._pages.first(_soql(call), deleted_too=deleted_too, size=size, version=version))

    def _columns(self, call: Call) -> Answer:
        """What the sf command line asks before it prints a table."""
        query = self._pages.entity(_soql(call))
        return Answer.json(
            {
                "columnMetadata": _column_tree(query.fields),
                "entityName": query.object.name,
                "groupBy": False,
                "idSelected": any(field.type == "id" for field in query.fields),
                "keyPrefix": query.object.prefix,
            }
        )


def _soql(call: Call) -> str:
    if soql := call.query.get("q"):
        return soql
    raise RequestError("MALFORMED_QUERY", "A query string has to be specified")


def _page_size(call: Call) -> int:
    wanted = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return max(FEWEST_IN_A_PAGE, min(MOST_IN_A_PAGE, int(wanted.group(1)))) if wanted else MOST_IN_A_PAGE


def _column_tree(fields: Sequence[Field]) -> list[dict[str, Any]]:
    """The columns, those of parents below one of the relationship's name."""
    tree: list[dict[str, Any]] = []
    for field in fields:
        *steps, name = field.name.split(".")
        level = tree
        for step in steps:
            if not any(column["columnName"] == step for column in level):
                level.append(_column(step, None))
            level = next(column for column in level if column["columnName"] == step)["joinColumns"]
        level.append(_column(name, field))
    return tree


def _column(name: str, field: Field | None) -> dict[str, Any]:
    kind = field.type if field else "relationship"
    return {
        "aggregate": False,
        "apexType": "Id" if kind in ID_TYPES else "String",
        "booleanType": kind == "boolean",
        "columnName": name,
        "custom": name.endswith(("__c", "__r")),
        "displayName": name,
        "foreignKeyName": None,
        "insertable": bool(field and field.createable),
        "joinColumns": [],
        "numberType": kind in NUMBER_TYPES,
        "textType": kind not in NUMBER_TYPES and kind != "boolean",
        "updatable": bool(field and field.updateable),
    }
