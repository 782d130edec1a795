"""How much of the org's allowance is used."""

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org
from crm_sandbox.salesforce.schema import SObject

# Large enough that no test meets it: the sandbox counts calls, only a fault refuses them.
CALLS_A_DAY = 1_000_000
DAY_S = 24 * 3600


class UsageCalls:
    def __init__(self, org: Org) -> None:
        self._org = org
        self._used = 0
        self._since = org.clock.now()

    def count(self) -> None:
        if self._org.clock.now() - self._since >= DAY_S:
            self._used, self._since = 0, self._org.clock.now()
        self._used += 1

    def header(self) -> str:
        return f"api-usage={self._used}/{CALLS_A_DAY}"

    def limits(self, call: Call) -> Answer:
        # This call counts too, but only when it is answered.
        left = {"DailyApiRequests": {"Max": CALLS_A_DAY, "Remaining": CALLS_A_DAY - self._used - 1}}
        whole = {
            "DailyBulkApiBatches": 15000,
            "DailyBulkV2QueryJobs": 10000,
            "DataStorageMB": 1024,
            "FileStorageMB": 1024,
        }
        return Answer.json(left | {name: {"Max": most, "Remaining": most} for name, most in whole.items()})

    def record_count(self, call: Call) -> Answer:
        names = [name for name in call.query.get("sObjects", "").split(",") if name]
        objects = [self._org.schema.named(name) for name in names] or list(self._org.schema)
        counts = [{"count": count, "name": one.name} for one in objects if (count := self._count(one))]
        return Answer.json({"sObjects": counts})

    def _count(self, one: SObject) -> int:
        sql = f'SELECT count(*) FROM {one.table} WHERE "IsDeleted" = 0'
        return int(self._org.store.reader.execute(sql).fetchone()[0])
