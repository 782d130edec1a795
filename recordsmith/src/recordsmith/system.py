"""The whole system on one machine: broker and sandbox where nothing real is configured, and the four services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recordsmith import sandbox
from recordsmith.broker import CLIENT_SETTINGS, KAFKA_SETTINGS, embedded_broker
from recordsmith.data_folder import api_key
from recordsmith.environment import (
    hubspot_variables,
    missing_crm_variables,
    sets_any_crm_variable,
    without_crm,
    without_proxy,
)
from recordsmith.ports import LOOPBACK, Ports
from recordsmith.processes import Program
from recordsmith.run_file import Addresses, write_run_file
from recordsmith.services import (
    IN_THE_CRM,
    OUTSIDE_THE_CRM,
    Surroundings,
    require_free,
    require_installed,
    service_programs,
)
from recordsmith.supervisor import Supervisor

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

BROKER_PORT = 9_092
"""Preferred: where Kafka clients look by default."""

_BROKER, _BESIDE, _SERVICES = range(3)

DRAIN_S = 32.0
"""Records in flight may finish for 25 s (`KAFKA_DRAIN_S`), HTTP answers for 5 s; then a service is killed."""


@dataclass(frozen=True)
class Options:
    """What a local system is asked to be."""

    data: Path
    environment: Mapping[str, str]
    org: str = "claims"
    records: int | None = None
    port: int | None = None
    replicas: Mapping[str, int] = field(default_factory=dict)
    beside: tuple[Program, ...] = ()
    """Further programs that the services need, such as a local LLM."""
    grace_s: float = DRAIN_S


class LocalSystem:
    """Starts, describes (run.json) and ends the processes of one data folder, which the caller has claimed."""

    def __init__(self, options: Options, say: Callable[[str], None], hurry: asyncio.Event) -> None:
        self.options = options
        self.data = options.data.resolve()
        self.addresses: Addresses | None = None
        self.handle: dict[str, Any] | None = None
        self._environment = without_proxy(options.environment)
        self._ports = Ports()
        self._say = say
        self._supervisor = Supervisor(self._changed, say, hurry)
        self._rewriting: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> Addresses:
        """Start everything; returns when all can work and run.json says so."""
        require_installed()
        require_free(self.options.port)
        broker = self._broker()
        answering = self._supervisor.launch(_BROKER, broker)
        beside = self._supervisor.launch(_BESIDE, [*self._sandbox(), *self.options.beside])
        around = self._surroundings(broker[0].url if broker else None)
        await self._supervisor.ready(answering)
        # Each start costs seconds of processor time, the sandbox's too: who needs no login does not wait for it.
        services = self._supervisor.launch(_SERVICES, self._services(OUTSIDE_THE_CRM, around, {}))
        await self._supervisor.ready(beside)
        services += self._supervisor.launch(_SERVICES, self._services(IN_THE_CRM, around, self._crm_variables()))
        self._say(f"ready: {', '.join(child.program.name for child in [*answering, *beside])}")
        await self._supervisor.ready(services)
        self.addresses = self._addresses(around, services[0].program.url)
        self._write()
        return self.addresses

    async def keep(self, work: Awaitable[T]) -> T:
        """Do the work while the system runs; raises the `Problem` of a process that does not stay alive."""
        return await self._supervisor.unless_hopeless(work)

    async def stop(self) -> None:
        """End services, then the sandbox, then the broker."""
        if self._rewriting is not None:
            self._rewriting.cancel()
        await self._supervisor.stop()
        if self._client is not None:
            await self._client.aclose()

    def processes(self) -> dict[str, tuple[int | None, str | None]]:
        """Name -> (pid, address)."""
        return {child.program.name: (child.pid, child.program.url) for child in self._supervisor.children}

    def _broker(self) -> list[Program]:
        if self._environment.get("KAFKA_BOOTSTRAP_SERVERS"):
            return []
        return [embedded_broker(self.data, self._ports.choose(BROKER_PORT), without_crm(self._environment))]

    def _sandbox(self) -> list[Program]:
        missing = missing_crm_variables(self._environment)
        if not missing:
            return []
        if sets_any_crm_variable(self._environment):
            self._say(f"the sandbox stands in for Salesforce, which lacks {', '.join(missing)}")
        environment = without_crm(self._environment)
        return [sandbox.sandbox_program(self.data, self.options.org, self.options.records, self._ports, environment)]

    def _surroundings(self, broker: str | None) -> Surroundings:
        import httpx

        # No proxy of the environment: the services are on loopback.
        self._client = httpx.AsyncClient(trust_env=False, timeout=5.0)
        return Surroundings(
            data=self.data,
            bootstrap_servers=broker or self._environment["KAFKA_BOOTSTRAP_SERVERS"],
            api_key=api_key(self.data, self._environment.get("RECORDSMITH_API_KEY")),
            environment={**(CLIENT_SETTINGS if broker else KAFKA_SETTINGS), **self._environment},
            grace_s=self.options.grace_s,
            client=self._client,
        )

    def _services(self, names: Iterable[str], around: Surroundings, crm: Mapping[str, str]) -> list[Program]:
        options = self.options
        return [
            program
            for name in names
            for program in service_programs(name, around, self._ports, crm, options.replicas.get(name, 1), options.port)
        ]

    def _crm_variables(self) -> dict[str, str]:
        """How to log in: to the sandbox if there is one, else as configured."""
        if any(child.program.name == "sandbox" for child in self._supervisor.children):
            self.handle = sandbox.read_handle(self.data)
        if self.handle is not None:
            # A portal of the user's own goes before the sandbox's.
            return {**sandbox.login_variables(self.handle), **hubspot_variables(self._environment)}
        return {name: value for name, value in self._environment.items() if name.startswith(("SF_", "HUBSPOT_"))}

    def _addresses(self, around: Surroundings, gateway: str | None) -> Addresses:
        return Addresses(
            gateway=gateway or LOOPBACK,
            api_key=around.api_key,
            bootstrap_servers=around.bootstrap_servers,
            database_url=self._environment.get("DATABASE_URL") or f"sqlite:///{self.data / 'gateway.sqlite3'}",
        )

    def _changed(self) -> None:
        if self.addresses is None:
            return
        self._write()
        if self._rewriting is None or self._rewriting.done():
            self._rewriting = asyncio.create_task(self._follow_sandbox())

    async def _follow_sandbox(self) -> None:
        """A restarted sandbox may give out other tokens: run.json must hold those."""
        for child in self._supervisor.children:
            if child.program.name == "sandbox":
                await child.ready()
                self.handle = sandbox.read_handle(self.data)
        self._write()

    def _write(self) -> None:
        if self.addresses is not None:
            write_run_file(self.data / "run.json", self.addresses, self._supervisor.children, self.handle)
