"""What the work on bulk jobs needs of the org around it."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from crm_sandbox.clock import Clock
from crm_sandbox.faults import Faults
from crm_sandbox.salesforce.allowances import Allowances
from crm_sandbox.salesforce.bulk.files import JobFiles
from crm_sandbox.salesforce.bulk.job import Job
from crm_sandbox.salesforce.records import Records
from crm_sandbox.salesforce.schema import Schema
from crm_sandbox.store import Store
from crm_sandbox.switch import Turned


@dataclass(frozen=True, slots=True)
class Workshop:
    store: Store
    schema: Schema
    records: Records
    clock: Clock
    faults: Faults
    switches: Turned
    allowances: Allowances
    reading: Executor
    folder: Path
    # Writes a job's state; within a transaction it belongs to that.
    save: Callable[[Job], None]

    def files(self, job: Job) -> JobFiles:
        return JobFiles(self.folder / job.id)
