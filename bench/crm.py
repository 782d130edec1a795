"""`make bench-crm`: how many calls a write costs, and how fast it is beside simple-salesforce into the same sandbox.

Figures: Collections calls of 1,000 records, Bulk jobs of 100,000, and rows a second of a 100,000-row upsert as a
multiple of simple-salesforce's `bulk2.upsert`. Both begin with records that are ready (ours in the writer's database,
theirs in memory) and end when the fate of each is known (ours: verdicts told and settled; theirs: result files read).
Calls are counted by the sandbox, memory by the kernel; each contender has a process of its own, imports not counted.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crm_sandbox.testing import RunningSandbox

from bench.report import Figure, interleaved, middle, report, sized

SMALL, LARGE = 1_000, 100_000
ROUNDS = 3
OBJECT, KEY, FIELD = "Claim__c", "Claim_Number__c", "Patient_Name__c"


def rows_of(name: str, count: int) -> list[dict[str, str]]:
    """Keys and texts of about the length of a name."""
    return [
        {KEY: f"{name}-{number:07}", FIELD: f"Patient number {number}, of ward {number % 97}"}
        for number in range(count)
    ]


async def write_ours(handle: dict[str, Any], name: str, count: int) -> tuple[int, float]:
    """The writer's target and its job loop, as the service wires them, without the bus. Verdicts, and seconds."""
    from shared.crm.salesforce import SalesforceSession
    from shared.crm.settings import SalesforceSettings
    from shared.database import Database
    from shared.events import BatchControlled, BatchPlan, Event, RecordGenerated
    from writer_svc.app import MIGRATIONS
    from writer_svc.bulk_loop import BulkLoop
    from writer_svc.domain.plans import PlanBook
    from writer_svc.domain.staging import Patience
    from writer_svc.steering import Steering
    from writer_svc.store.staging import BulkStore
    from writer_svc.targets.salesforce import Salesforce
    from writer_svc.targets.salesforce.bulk import BulkRun, Means
    from writer_svc.targets.salesforce.collections import Collections

    given = handle["salesforce"]
    names = ("consumer_key", "username", "private_key_file")
    settings = {"login_url": handle["http"], **{one: given[one] for one in names}}
    session = SalesforceSession(SalesforceSettings.model_validate(settings))
    target = {"kind": "salesforce", "object": OBJECT, "external_id": KEY, "field": FIELD}
    plan = BatchPlan.model_validate({"name": name, "target": target, "requested": count})
    plans = PlanBook(lambda _: None)
    plans.note(name, BatchControlled(batch_id=name, state="running", plan=plan))
    told = 0

    async def publish(events: Sequence[tuple[Event, str | None]]) -> None:
        nonlocal told
        told += sum(event.type.startswith("recordsmith.record.") for event, _ in events)

    async def publish_one(_: Event) -> None:
        return

    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/writer.sqlite3")
        database.migrate("writer-svc", MIGRATIONS)
        store = BulkStore(database, time.time)
        steering = Steering(publish_one, plans, store, session.has_room)
        collections = Collections(session, sleep=asyncio.sleep, jitter=lambda: 0.5)

        async def run(job: Any, fence: int) -> None:
            await BulkRun(session, collections, Means(store, loop.tell, steering, plans.is_cancelled)).run(job, fence)

        loop = BulkLoop(store, run, publish, plans=plans, steering=steering, patience=Patience(), clock=time.time)
        writer = Salesforce(session, staging=store, holds=steering)

        async def write(first: int) -> int:
            group = [
                (
                    RecordGenerated.model_construct(
                        batch_id=name, index=first + at, record_id=row[KEY], external_id=row[KEY], answer=row[FIELD]
                    ),
                    plan,
                )
                for at, row in enumerate(rows[first : first + 200])
            ]
            return len([one async for one in writer.write(group)])

        rows, begun = rows_of(name, count), time.perf_counter()
        for first in range(0, count, 3_200):
            told += sum(await asyncio.gather(*(write(at) for at in range(first, min(count, first + 3_200), 200))))
        began = time.perf_counter()
        print(f"kept in {began - begun:.1f} s", file=sys.stderr)
        loop.start()
        while told < count:  # noqa: ASYNC110 – the loop has no event for it
            await asyncio.sleep(0.02)
        seconds = time.perf_counter() - began
        await loop.stop()
        database.close()
    await session.close()
    return told, seconds


def write_theirs(handle: dict[str, Any], name: str, count: int) -> tuple[int, float]:
    """`bulk2.upsert` of simple-salesforce with its defaults, then all result files: who was written, who was not."""
    import requests
    from simple_salesforce import Salesforce

    records = rows_of(name, count)
    session = requests.Session()
    session.trust_env, session.verify = False, handle["ca_file"]
    client = Salesforce(
        instance_url=handle["https"], session_id=handle["salesforce"]["access_token"], session=session, version="62.0"
    )
    began = time.perf_counter()
    results = getattr(client.bulk2, OBJECT).upsert(records=records, external_id_field=KEY)
    for result in results:
        getattr(client.bulk2, OBJECT).get_all_ingest_records(result["job_id"])
    written = sum(int(result["numberRecordsProcessed"]) - int(result["numberRecordsFailed"]) for result in results)
    return written, time.perf_counter() - began


def contend(sandbox: RunningSandbox, who: str, name: str, count: int) -> tuple[float, float]:
    """Seconds and peak memory in MB of one contender in a process of its own."""
    given = json.dumps({"handle": sandbox.handle, "who": who, "name": name, "count": count})
    done = subprocess.run(
        [sys.executable, "-m", "bench.crm", "contend"], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2_000:])
    print(f"{who}: {done.stderr.strip()[-60:]}", file=sys.stderr)
    seconds, memory = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), float(memory)


def _contender(order: dict[str, Any]) -> None:
    handle, name, count = order["handle"], order["name"], order["count"]
    # As the services do (shared.serving): each full collection would walk every record there is.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 20)
    ours = order["who"] == "ours"
    written, seconds = asyncio.run(write_ours(handle, name, count)) if ours else write_theirs(handle, name, count)
    assert written == count, f"{written} of {count} were written"
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024]))


def calls(sandbox: RunningSandbox, method: str, *ends: str) -> int:
    """Calls of the org since the count was cleared."""
    made = sandbox.admin("GET", "/calls").json()["calls"]
    return sum(call["count"] for call in made if call["method"] == method and call["path"].endswith(ends))


def counted(sandbox: RunningSandbox) -> list[Figure]:
    """1,000 records are five calls; 100,000 are one job."""
    small, large = sized(SMALL), sized(LARGE)
    sandbox.admin("DELETE", "/calls")
    contend(sandbox, "ours", "small", small)
    collections = calls(sandbox, "PATCH", f"/composite/sobjects/{OBJECT}/{KEY}")
    sandbox.admin("DELETE", "/calls")
    contend(sandbox, "ours", "large", large)
    jobs, total = calls(sandbox, "POST", "/jobs/ingest"), sandbox.admin("GET", "/calls").json()["total"]
    print(f"{large:,} records: {jobs} job(s), {total} calls in all", file=sys.stderr)
    return [
        Figure.of("crm_calls_1e3", collections, "calls", against="records / 200", against_value=-(-small // 200),
                  n=small, full_n=SMALL),
        Figure.of("crm_calls_1e5", jobs, "jobs", against="one job", against_value=1, n=large, full_n=LARGE),
    ]  # fmt: skip


def side_by_side(sandbox: RunningSandbox) -> Figure:
    """In turn, into the same sandbox, each row new to it."""
    count, turn = sized(LARGE), iter(range(100))
    ours, theirs = interleaved(
        ROUNDS,
        lambda: contend(sandbox, "ours", f"o{next(turn)}", count),
        lambda: contend(sandbox, "theirs", f"t{next(turn)}", count),
    )
    for name, runs in (("ours", ours), ("simple-salesforce", theirs)):
        seconds = ", ".join(f"{run[0]:.1f}" for run in runs)
        print(f"{name}: {seconds} s, at most {max(run[1] for run in runs):.0f} MB", file=sys.stderr)
    return Figure.of(
        "crm_upsert_ratio_simple_salesforce", count / middle([run[0] for run in ours]), "rows/s",
        against="simple-salesforce bulk2.upsert", against_value=count / middle([run[0] for run in theirs]),
        n=count, full_n=LARGE,
    )  # fmt: skip


def main() -> None:
    """All figures, each as soon as it is known."""
    if sys.argv[1:] == ["contend"]:
        _contender(json.load(sys.stdin))
        return
    with tempfile.TemporaryDirectory() as folder:
        sandbox = RunningSandbox(Path(folder), org="empty", records=0)
        try:
            report(counted(sandbox))
            report([side_by_side(sandbox)])
        finally:
            sandbox.stop()


if __name__ == "__main__":
    main()
