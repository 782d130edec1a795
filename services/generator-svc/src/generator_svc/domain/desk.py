"""Turns model descriptions into links: which provider, through which gate, with what timeout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.events import BatchPlan, ModelSpec

from generator_svc.domain.gate import Gate
from generator_svc.domain.provider import Provider
from generator_svc.domain.work import DeadLink, Link, Work

SWITCHED_OFF = "LLM calls are switched off (AI_ENABLED)"
NOT_CONFIGURED = "no LLM provider is configured"


@dataclass
class Desk:
    """All providers that can be asked, and the chain for batches that name no model."""

    providers: Mapping[str, Provider]
    known: frozenset[str]
    """Names of every provider there is, configured or not."""
    chain: Sequence[ModelSpec]
    timeout_s: float
    """For models that set none (AI_TIMEOUT_MS)."""
    new_gate: Callable[[Provider, str], Gate]
    enabled: bool = True
    gates: dict[tuple[str, str], Gate] = field(default_factory=dict)

    def open_work(self, batch_id: str, plan: BatchPlan) -> Work:
        """A batch with its chain."""
        if not self.enabled:
            return Work(batch_id, plan, (), nobody=SWITCHED_OFF)
        specs = plan.models or self.chain
        links = [self._link(spec, specs[position + 1 :]) for position, spec in enumerate(specs)]
        return Work(batch_id, plan, links, nobody=NOT_CONFIGURED)

    def dismiss(self, batch_id: str) -> None:
        """Wake the prompts of a stopped batch wherever they wait."""
        for gate in self.gates.values():
            gate.dismiss(batch_id)

    def _link(self, spec: ModelSpec, later: Sequence[ModelSpec]) -> Link | DeadLink:
        provider = self.providers.get(spec.provider)
        if provider is None:
            if spec.provider in self.known:
                return DeadLink(spec, "auth", "the provider is not configured")
            return DeadLink(spec, "unknown", f"there is no such provider; known are {', '.join(sorted(self.known))}")
        return Link(
            provider,
            self._gate(provider, spec.model),
            spec,
            spec.timeout_s or self.timeout_s,
            last=not any(other.provider in self.providers for other in later),
            held_back=sum(other.provider == spec.provider for other in later),
        )

    def _gate(self, provider: Provider, model: str) -> Gate:
        gate = self.gates.get((provider.name, model))
        if gate is None:
            gate = self.gates[provider.name, model] = self.new_gate(provider, model)
        return gate
