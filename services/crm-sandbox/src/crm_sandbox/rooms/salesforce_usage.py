"""How much of the org's allowance is used."""

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org
from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.schema import SObject

CALLS, BATCHES, QUERIES = "api_requests_a_day", "bulk_batches_a_day", "bulk_queries_a_day"
# Allowances that the sandbox neither spends nor refuses, so that clients which read them find them.
_UNTOUCHED = {
    "AnalyticsExternalDataSizeMB": 40_960,
    "ConcurrentAsyncGetReportInstances": 200,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkV2QueryFileStorageMB": 976_562,
    "DailyDurableStreamingApiEvents": 10_000,
    "DailyStandardVolumePlatformEvents": 10_000,
    "DailyWorkflowEmails": 100_000,
    "FileStorageMB": 1_024,
    "HourlyAsyncReportRuns": 1_200,
    "MassEmail": 5_000,
    "SingleEmail": 5_000,
}


class UsageCalls:
    def __init__(self, org: Org) -> None:
        self._org = org

    def demand_calls_left(self) -> None:
        """Refuse where the day's calls are used up."""
        if self._org.allowances.used(CALLS) >= self._most(CALLS):
            raise RequestError("REQUEST_LIMIT_EXCEEDED")

    def count(self) -> None:
        # A refused call is not counted: the usage never passes the limit.
        if self._org.allowances.used(CALLS) < self._most(CALLS):
            self._org.allowances.spend(CALLS)

    def header(self) -> str:
        return f"api-usage={self._org.allowances.used(CALLS)}/{self._most(CALLS)}"

    def limits(self, call: Call) -> Answer:
        # This call counts too, but only when it is answered.
        calls = {"Max": self._most(CALLS), "Remaining": max(0, self._left(CALLS) - 1)}
        storage = {"Max": 1_024, "Remaining": 0 if self._org.switches.on("storage_full") else 1_024}
        counted = {
            "DailyApiRequests": calls,
            "DailyBulkApiBatches": {"Max": self._most(BATCHES), "Remaining": self._left(BATCHES)},
            "DailyBulkV2QueryJobs": {"Max": self._most(QUERIES), "Remaining": self._left(QUERIES)},
            "DataStorageMB": storage,
        }
        untouched = {name: {"Max": most, "Remaining": most} for name, most in _UNTOUCHED.items()}
        return Answer.json(dict(sorted((counted | untouched).items())))

    def _most(self, name: str) -> int:
        return int(self._org.switches.number(name))

    def _left(self, name: str) -> int:
        return max(0, self._most(name) - self._org.allowances.used(name))

    def record_count(self, call: Call) -> Answer:
        names = [name for name in call.query.get("sObjects", "").split(",") if name]
        objects = [self._org.schema.named(name) for name in names] or list(self._org.schema)
        counts = [{"count": count, "name": one.name} for one in objects if (count := self._count(one))]
        return Answer.json({"sObjects": counts})

    def _count(self, one: SObject) -> int:
        sql = f'SELECT count(*) FROM {one.table} WHERE "IsDeleted" = 0'
        return int(self._org.store.reader.execute(sql).fetchone()[0])
