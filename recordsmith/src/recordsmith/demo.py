"""`recordsmith demo`: the main job from start to end, on a system of its own that is gone afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recordsmith.data_folder import claimed, clear_demo, mark_as_demo
from recordsmith.environment import self_contained, set_llm_variables
from recordsmith.exit_codes import FAILED_RECORDS
from recordsmith.problems import Problem
from recordsmith.processes import Program
from recordsmith.run import say, started
from recordsmith.signals import Stopped, StopSignals
from recordsmith.system import LocalSystem, Options

if TYPE_CHECKING:
    from recordsmith.demo_report import Report
    from recordsmith.demo_summary import Ended
    from recordsmith.gateway_client import GatewayClient

STALLED_S = 180.0
"""A batch none of whose records reached its end for so long will not end."""

_LOOK_S = 0.1
_SAMPLES = 2


@dataclass(frozen=True)
class Demo:
    """What is shown."""

    data: Path
    records: int
    rows: int
    local_llm: Path | None
    """Where the local LLM is kept; None: whichever LLM is configured."""
    environment: Mapping[str, str]
    plain: bool = False

    @property
    def claims(self) -> int:
        """How many claims get a summary."""
        from recordsmith.demo_batches import LOCAL_CLAIMS

        return self.records if self.local_llm is None else min(self.records, LOCAL_CLAIMS)


def run_demo(demo: Demo) -> int:
    """Show it; the exit code: 0 when every record was written or generated, 1 when not, 130 after Ctrl-C."""
    mark_as_demo(demo.data)
    with claimed(demo.data):
        clear_demo(demo.data)
        return asyncio.run(_run(demo))


async def _run(demo: Demo) -> int:
    signals = StopSignals()
    signals.listen()
    began = time.monotonic()
    try:
        options = await signals.unless_stopped(_prepare(demo))
        async with started(options, signals) as system:
            say(f"everything is ready after {time.monotonic() - began:.1f} s")
            report = await signals.unless_stopped(system.keep(_show(demo, system)))
            say("stopping")
        signals.raise_if_stopped()
    except Stopped as stopped:
        say("stopped; nothing is left running")
        return stopped.exit_code
    from recordsmith.demo_report import show

    show(report, time.monotonic() - began)
    return 0 if report.ok else FAILED_RECORDS


async def _prepare(demo: Demo) -> Options:
    """A broker, a database and a CRM of its own, whatever is configured: a demo must not touch real ones."""
    environment = self_contained(demo.environment)
    if unused := sorted(demo.environment.keys() - environment.keys()):
        say(f"the demo has a broker, a database and a CRM of its own; not used: {', '.join(unused)}")
    environment["KAFKA_DRAIN_S"] = "2"
    beside: tuple[Program, ...] = ()
    if demo.local_llm is not None:
        from recordsmith.local_llm import provide

        llm = await provide(demo.local_llm, demo.data, environment, say)
        environment |= llm.variables
        beside = (llm.program,)
    say("starting broker, sandbox and services")
    return Options(data=demo.data, environment=environment, records=demo.records, beside=beside, grace_s=4.0)


async def _show(demo: Demo, system: LocalSystem) -> Report:
    from recordsmith.claims import first_claims
    from recordsmith.demo_batches import inventory, summaries
    from recordsmith.demo_report import Report
    from recordsmith.demo_summary import all_as_asked, to_json, who_answered
    from recordsmith.gateway_client import GatewayClient

    assert system.addresses is not None  # noqa: S101 - it has started
    assert system.handle is not None  # noqa: S101 - a demo's CRM is the sandbox
    gateway = GatewayClient(system.addresses.gateway, system.addresses.api_key)
    try:
        before = await first_claims(system.handle, _SAMPLES)
        written = await _batch(gateway, summaries(demo.claims, local_llm=demo.local_llm is not None), demo)
        rows = await _batch(gateway, inventory(demo.rows), demo)
        table = demo.data / "inventory.csv"
        if rows.state == "completed":
            await gateway.download_rows(rows.id, table)
        after = await first_claims(system.handle, _SAMPLES)
        records = await gateway.records(written.id, limit=min(demo.claims, 200))
    finally:
        await gateway.close()
    ok = all_as_asked([written, rows], demo.claims, demo.rows)
    summary = demo.data / "summary.json"
    write_in_one_step(summary, to_json([written, rows], ok=ok))
    return Report(
        batches=[written, rows],
        answered=who_answered(records, written, set_llm_variables(system.options.environment)),
        before=before,
        after=after,
        files=[table, summary, demo.data / "logs"],
        gateway=system.addresses.gateway,
        ok=ok,
    )


async def _batch(gateway: GatewayClient, specification: dict[str, Any], demo: Demo) -> Ended:
    """Submit and follow one batch to its end."""
    from recordsmith.demo_progress import meter, settled
    from recordsmith.demo_summary import Ended
    from recordsmith.gateway_client import FINAL

    began = moved = time.monotonic()
    done = 0
    batch_id = await gateway.submit(specification)
    with meter(specification["name"], plain=demo.plain) as shown:
        while True:
            batch = await gateway.batch(batch_id)
            shown.show(batch)
            if batch["state"] in FINAL:
                return Ended.of(batch, time.monotonic() - began)
            if settled(batch) > done:
                done, moved = settled(batch), time.monotonic()
            if time.monotonic() - moved > STALLED_S:
                raise _stalled(batch, demo)
            await asyncio.sleep(_LOOK_S)


def write_in_one_step(path: Path, content: str) -> None:
    """Replace a file so that nobody ever reads half of it."""
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(content, encoding="utf-8")
    draft.replace(path)


def _stalled(batch: Mapping[str, Any], demo: Demo) -> Problem:
    return Problem(
        f"{batch['name']} has stood still for {STALLED_S:.0f} s in state {batch['state']}: {batch['counts']}.",
        f"Read the logs in {demo.data / 'logs'}.",
    )
