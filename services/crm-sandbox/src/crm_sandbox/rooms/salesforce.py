"""Salesforce's REST API: who may enter, and what every answer carries."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crm_sandbox.exchange import Answer, Call, Route
from crm_sandbox.org import Org
from crm_sandbox.rooms.analytics import AnalyticsCalls
from crm_sandbox.rooms.salesforce_bulk import BulkCalls
from crm_sandbox.rooms.salesforce_catalog import CatalogCalls
from crm_sandbox.rooms.salesforce_composite import CompositeCalls
from crm_sandbox.rooms.salesforce_login import LoginCalls
from crm_sandbox.rooms.salesforce_queries import QueryCalls
from crm_sandbox.rooms.salesforce_records import RecordCalls
from crm_sandbox.rooms.salesforce_tooling import ToolingCalls
from crm_sandbox.rooms.salesforce_usage import UsageCalls
from crm_sandbox.salesforce.errors import RecordError, RequestError, no_such_resource

OLDEST, NEWEST = 50, 68
DATA = "/services/data/v{version}"
# Where one learns how to enter.
OPEN_PATHS = ("/services/data", "/services/oauth2/", "/services/Soap/u/", "/id/")


class SalesforceRoom:
    prefixes = ("/services", "/id")

    def __init__(self, org: Org) -> None:
        self._org = org
        login, catalog = LoginCalls(org), CatalogCalls(org, OLDEST, NEWEST)
        queries, records, self._usage = QueryCalls(org), RecordCalls(org), UsageCalls(org)
        self._analytics = AnalyticsCalls(org)
        composite = CompositeCalls(org, lambda: self.routes, self._answered)
        self.routes: Sequence[Route] = [
            *self._analytics.routes,
            *bulk_routes(BulkCalls(org)),
            *tooling_routes(ToolingCalls(org)),
            Route("POST", "/services/oauth2/token", login.token),
            Route("GET", "/services/oauth2/userinfo", login.userinfo),
            Route("POST", "/services/oauth2/userinfo", login.userinfo),
            Route("POST", "/services/oauth2/revoke", login.revoke),
            Route("POST", "/services/Soap/u/{version}", login.soap),
            Route("GET", "/id/{org}/{id}", login.identity),
            Route("GET", "/services/data", catalog.versions),
            Route("GET", DATA, catalog.resources),
            Route("GET", f"{DATA}/limits", self._usage.limits),
            Route("GET", f"{DATA}/limits/recordCount", self._usage.record_count, reads_long=True),
            Route("GET", f"{DATA}/query", queries.query, reads_long=True),
            Route("GET", f"{DATA}/queryAll", queries.query_all, reads_long=True),
            Route("GET", f"{DATA}/query/{{locator}}", queries.more, reads_long=True),
            Route("GET", f"{DATA}/queryAll/{{locator}}", queries.more, reads_long=True),
            Route("POST", f"{DATA}/composite", composite.composite, writes=True),
            Route("POST", f"{DATA}/composite/sobjects", records.create_many, writes=True),
            Route("PATCH", f"{DATA}/composite/sobjects", records.update_many, writes=True),
            Route("DELETE", f"{DATA}/composite/sobjects", records.delete_many, writes=True),
            Route("PATCH", f"{DATA}/composite/sobjects/{{object}}/{{field}}", records.upsert_many, writes=True),
            Route("GET", f"{DATA}/composite/sobjects/{{object}}", records.retrieve_many),
            Route("POST", f"{DATA}/composite/sobjects/{{object}}", records.retrieve_many),
            Route("GET", f"{DATA}/sobjects", catalog.objects),
            Route("GET", f"{DATA}/sobjects/{{object}}", catalog.basics),
            Route("GET", f"{DATA}/sobjects/{{object}}/describe", catalog.describe),
            Route("POST", f"{DATA}/sobjects/{{object}}", records.create, writes=True),
            Route("GET", f"{DATA}/sobjects/{{object}}/{{id}}", records.read),
            Route("PATCH", f"{DATA}/sobjects/{{object}}/{{id}}", records.update, writes=True),
            Route("DELETE", f"{DATA}/sobjects/{{object}}/{{id}}", records.delete, writes=True),
            Route("GET", f"{DATA}/sobjects/{{object}}/{{field}}/{{value}}", records.read_by_key),
            Route("PATCH", f"{DATA}/sobjects/{{object}}/{{field}}/{{value}}", records.upsert, writes=True),
            Route("DELETE", f"{DATA}/sobjects/{{object}}/{{field}}/{{value}}", records.delete_by_key, writes=True),
        ]

    def answer(self, call: Call, route: Route | None) -> Answer:
        try:
            if call.path != OPEN_PATHS[0] and not call.path.startswith(OPEN_PATHS[1:]):
                self._demand_session(call)
                self._usage.demand_calls_left()
        except RequestError as error:
            return refusal(error)
        return self._answered(call, route)

    def _answered(self, call: Call, route: Route | None) -> Answer:
        """As the route says it, for whoever may enter."""
        try:
            if route is None:
                raise self._nowhere(call)
            self._demand_known_version(call)
            if call.fails_first and not route.writes:
                raise RequestError(call.fails_first)
            answer = route.respond(call)
            if route.writes:
                self._org.grant_fields()
            return answer
        except RequestError as error:
            return refusal(error)
        except RecordError as error:
            return Answer.json([_of_one_record(error)], status=RequestError(error.code).status)

    def failure(self, status: int, code: str | None = None) -> Answer:
        known = {401: "INVALID_SESSION_ID", 403: "REQUEST_LIMIT_EXCEEDED", 404: "NOT_FOUND", 503: "SERVER_UNAVAILABLE"}
        named = code or known.get(status) or ("UNKNOWN_EXCEPTION" if status >= 500 else "REQUEST_LIMIT_EXCEEDED")
        return refusal(RequestError(named, status=status))

    def seal(self, call: Call, answer: Answer) -> Answer:
        self._analytics.work()
        if call.path.startswith("/services/data"):
            self._usage.count()
        return replace(answer, headers=(*answer.headers, ("sforce-limit-info", self._usage.header())))

    def _demand_session(self, call: Call) -> None:
        token = call.bearer()
        if token is None and "authorization" in call.headers:
            raise RequestError("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        if token is None or not self._org.sessions.is_open(token):
            raise RequestError("INVALID_SESSION_ID")

    def _demand_known_version(self, call: Call) -> None:
        version = call.words.get("version")
        if version and version not in [f"{number}.0" for number in range(OLDEST, NEWEST + 1)]:
            raise no_such_resource()

    def _nowhere(self, call: Call) -> RequestError:
        if methods := sorted({route.method for route in self.routes if route.words(call.path) is not None}):
            message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(methods)}"
            return RequestError("METHOD_NOT_ALLOWED", message)
        return no_such_resource()


def bulk_routes(bulk: BulkCalls) -> Sequence[Route]:
    ingest, query = f"{DATA}/jobs/ingest", f"{DATA}/jobs/query"
    return [
        Route("POST", ingest, bulk.create_ingest),
        Route("GET", ingest, bulk.list),
        Route("GET", f"{ingest}/{{id}}", bulk.info),
        Route("PATCH", f"{ingest}/{{id}}", bulk.change_ingest),
        Route("DELETE", f"{ingest}/{{id}}", bulk.delete),
        Route("PUT", f"{ingest}/{{id}}/batches", bulk.upload, writes=True, uploads=True),
        Route("GET", f"{ingest}/{{id}}/successfulResults", bulk.successful),
        Route("GET", f"{ingest}/{{id}}/failedResults", bulk.failed),
        Route("GET", f"{ingest}/{{id}}/unprocessedrecords", bulk.unprocessed),
        # As simple-salesforce spells it.
        Route("GET", f"{ingest}/{{id}}/unprocessedRecords", bulk.unprocessed),
        Route("POST", query, bulk.create_query),
        Route("GET", query, bulk.list),
        Route("GET", f"{query}/{{id}}", bulk.info),
        Route("PATCH", f"{query}/{{id}}", bulk.change_query),
        Route("DELETE", f"{query}/{{id}}", bulk.delete),
        Route("GET", f"{query}/{{id}}/results", bulk.query_results),
    ]


def tooling_routes(tooling: ToolingCalls) -> Sequence[Route]:
    return [
        Route("POST", f"{DATA}/tooling/sobjects/CustomField", tooling.create_field, writes=True),
        Route("DELETE", f"{DATA}/tooling/sobjects/CustomField/{{id}}", tooling.delete_field),
        Route("GET", f"{DATA}/tooling/query", tooling.query),
    ]


def refusal(error: RequestError) -> Answer:
    """Request errors are a list of one."""
    headers = {"www_authenticate": "Token"} if error.status == 401 else {}
    return Answer.json(error.body(), error.status, **headers)


def _of_one_record(error: RecordError) -> dict[str, Any]:
    body: dict[str, Any] = {"message": error.message, "errorCode": error.code}
    # A real org leaves the list out where it has no column to name.
    return body if error.code == "INVALID_FIELD" else {**body, "fields": error.fields}
