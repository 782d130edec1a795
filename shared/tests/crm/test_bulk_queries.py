"""Pages of a query job that break off in the middle, or say another number of rows than they hold."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from shared.crm.bulk_queries import BulkQueries, BulkReadFailed
from shared.crm.salesforce import SalesforceSession
from shared.crm.testing import LoopbackOrg
from shared.errors import Retryable
from starlette.responses import JSONResponse, Response, StreamingResponse

RESULTS = "jobs/query/750/results"
HEADER = '"Id","Name"\n'


def lines(first: int, count: int) -> str:
    return "".join(f'"{number}","two\r\nlines \u2028 ""{number}"""\n' for number in range(first, first + count))


def page(text: str, told: int, then: str = "null") -> Response:
    return Response(
        HEADER + text, media_type="text/csv", headers={"sforce-locator": then, "sforce-numberofrecords": str(told)}
    )


def broken(text: str, told: int) -> Response:
    """Promises more bytes than come."""

    async def body() -> AsyncIterator[bytes]:
        yield (HEADER + text).encode()

    whole = len((HEADER + text).encode()) + 100
    headers = {"sforce-locator": "null", "sforce-numberofrecords": str(told), "content-length": str(whole)}
    return StreamingResponse(body(), headers=headers)


@pytest.fixture
def queries(session: SalesforceSession, slept: list[float]) -> BulkQueries:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    return BulkQueries(session, sleep=sleep)


async def read(queries: BulkQueries, total: int) -> list[str]:
    return [row["Id"] async for portion in queries.rows("750", total) for row in portion]


def alarms() -> float:
    return REGISTRY.get_sample_value("recordsmith_crm_read_alarms_total", {"crm": "salesforce"}) or 0.0


async def test_pages_follow_their_locators_to_the_literal_null(queries: BulkQueries, org: LoopbackOrg) -> None:
    org.script[RESULTS] = [
        page(lines(0, 1_500), 1_500, "MTUwMA"), page(lines(1_500, 700), 700, "MjIwMA=="), page(lines(2_200, 1), 1),
    ]  # fmt: skip
    assert await read(queries, 2_201) == [str(number) for number in range(2_201)]


async def test_an_empty_job_has_a_header_and_no_rows(queries: BulkQueries, org: LoopbackOrg) -> None:
    org.script[RESULTS] = [page("", 0)]
    assert await read(queries, 0) == []


async def test_a_page_that_breaks_off_goes_on_where_it_broke(queries: BulkQueries, org: LoopbackOrg) -> None:
    org.script[RESULTS] = [
        broken(lines(0, 1_234), 2_500), broken(lines(0, 1_300) + '"13', 2_500), page(lines(0, 2_500), 2_500),
    ]  # fmt: skip
    assert await read(queries, 2_500) == [str(number) for number in range(2_500)]
    org.script[RESULTS] = [broken(lines(0, 10), 20) for _ in range(3)]
    with pytest.raises(Retryable):
        await read(queries, 20)


async def test_a_page_with_fewer_rows_than_it_says_is_alarmed_and_read_again(
    queries: BulkQueries, org: LoopbackOrg
) -> None:
    before = alarms()
    org.script[RESULTS] = [page(lines(0, 7), 10), page(lines(0, 10), 10)]
    assert await read(queries, 10) == [str(number) for number in range(10)]
    assert alarms() == before + 1
    org.script[RESULTS] = [page(lines(0, 7), 10) for _ in range(3)]
    with pytest.raises(BulkReadFailed):
        await read(queries, 10)


@pytest.mark.parametrize(("rows", "told", "total"), [(10, 10, 11), (10, 9, 9), (10, 10, 9)])
async def test_rows_that_are_not_as_many_as_the_job_counted_are_never_taken_for_all(
    queries: BulkQueries, org: LoopbackOrg, rows: int, told: int, total: int
) -> None:
    before = alarms()
    org.script[RESULTS] = [page(lines(0, rows), told) for _ in range(3)]
    with pytest.raises(BulkReadFailed):
        await read(queries, total)
    assert alarms() > before


@pytest.mark.parametrize("state", ["Failed", "Aborted"])
async def test_a_job_is_waited_for_and_its_failure_is_told(
    queries: BulkQueries, org: LoopbackOrg, slept: list[float], state: str
) -> None:
    path = "jobs/query/750"
    states: list[Any] = ["UploadComplete", "InProgress"]
    done = JSONResponse({"state": "JobComplete", "numberRecordsProcessed": 3})
    org.script[path] = [*(JSONResponse({"state": one}) for one in states), done]
    assert await queries.ended("750") == 3
    assert len(slept) == 2
    assert slept == sorted(slept)
    org.script[path] = [JSONResponse({"state": state, "errorMessage": "secret"})]
    with pytest.raises(BulkReadFailed, match=state) as failure:
        await queries.ended("750")
    assert "secret" not in str(failure.value)


async def test_a_job_that_never_ends_is_given_up(queries: BulkQueries, org: LoopbackOrg) -> None:
    org.script["jobs/query/750"] = [JSONResponse({"state": "InProgress"}) for _ in range(1_000)]
    with pytest.raises(BulkReadFailed):
        await queries.ended("750")


async def test_deleting_a_job_that_is_gone_is_no_failure(queries: BulkQueries, org: LoopbackOrg) -> None:
    gone = JSONResponse([{"errorCode": "NOT_FOUND", "message": "gone"}], 404)
    org.script["jobs/query/750"] = [gone]
    await queries.delete("750")
    assert org.calls["jobs/query/750"] == 1
