"""What a dataset's reader does where the answers are not as they should be."""

from typing import Any

import pytest
from shared.crm.analytics import Analytics, Dataset
from shared.crm.salesforce import SalesforceSession
from shared.crm.testing import LoopbackOrg
from shared.errors import Retryable
from starlette.responses import JSONResponse

LARGE = Dataset("0Fb1", "Large", "Large", "0Fc1")


def answer(*rows: dict[str, Any]) -> JSONResponse:
    return JSONResponse({"action": "query", "results": {"records": list(rows)}})


@pytest.mark.parametrize("pages", [[2, 0], [2, 2]])
async def test_a_dataset_read_by_half_is_an_error(
    org: LoopbackOrg, session: SalesforceSession, pages: list[int]
) -> None:
    org.script["wave/query"] = [answer({"rows": 3}), *(answer(*[{"A": "x"}] * count) for count in pages)]
    with pytest.raises(Retryable) as error:
        _ = [page async for page in Analytics(session).pages(LARGE, ["A"], size=2)]
    assert error.value.code == "ROWS_MISSING"


async def test_an_empty_dataset_has_no_pages(org: LoopbackOrg, session: SalesforceSession) -> None:
    org.script["wave/query"] = [answer({"rows": 0})]
    assert [page async for page in Analytics(session).pages(LARGE, ["A"])] == []
    assert org.calls["wave/query"] == 1


async def test_all_pages_name_the_same_version(org: LoopbackOrg, session: SalesforceSession) -> None:
    org.script["wave/query"] = [answer({"rows": 3}), answer({"A": "1"}, {"A": "2"}), answer({"A": "3"})]
    rows = [row async for page in Analytics(session).pages(LARGE, ["A"], size=2) for row in page]
    assert [row["A"] for row in rows] == ["1", "2", "3"]
    queries = [body["query"] for body in org.bodies if body]
    assert all('load "0Fb1/0Fc1"' in query for query in queries)
    assert [query.partition("offset q ")[2][:1] for query in queries[1:]] == ["0", "2"]


async def test_fields_are_dimensions_measures_and_whole_dates(org: LoopbackOrg, session: SalesforceSession) -> None:
    path = "wave/datasets/0Fb1/versions/0Fc1/xmds/main"
    dates = [{"alias": "D", "fields": {"fullField": "D", "day": "D_Day"}}, {"alias": "odd", "fields": {}}]
    body = {"dimensions": [{"field": "T"}, {"field": "D_Day"}], "measures": [{"field": "N"}], "dates": dates}
    org.script[path] = [JSONResponse(body)]
    assert await Analytics(session).fields(LARGE) == ("T", "D_Day", "N", "D")


async def test_a_dataset_that_is_not_there_is_none(org: LoopbackOrg, session: SalesforceSession) -> None:
    org.script["wave/datasets/No%2Fwhere"] = [JSONResponse([{"errorCode": "NOT_FOUND", "message": ""}], 404)] * 2
    org.script["wave/datasets/No/where"] = org.script["wave/datasets/No%2Fwhere"]
    assert await Analytics(session).dataset("No/where") is None
