"""How long an internal batch takes: what a switch says in the org's time, what a fault says in real time."""

import asyncio
from collections.abc import Sequence

from crm_sandbox.faults import PROCESS, Fault
from crm_sandbox.salesforce.bulk.job import Job, State
from crm_sandbox.salesforce.bulk.workshop import Workshop

# How often a waiting job looks at the org's clock and at its own state, which may change at any moment.
GLANCE_S = 0.02
TURNS_OF_A_CALL = 8


async def begin_batch(job: Job, shop: Workshop, batch: int) -> Sequence[Fault]:
    """The faults that strike a batch, after the time it takes; a job that is aborted waits no longer."""
    faults = shop.faults.hitting(PROCESS, f"{job.path}/batches/{batch}")
    loop = asyncio.get_running_loop()
    until = loop.time() + sum(fault.latency_s for fault in faults)
    due = shop.clock.now() + shop.switches.number("bulk_batch_seconds")
    while job.state is State.IN_PROGRESS and (shop.clock.now() < due or loop.time() < until):
        await asyncio.sleep(GLANCE_S)
    return faults


async def give_way() -> None:
    """Let the calls be answered that came meanwhile: one takes several turns of the loop, nearly free when idle."""
    for _ in range(TURNS_OF_A_CALL):
        await asyncio.sleep(0)
