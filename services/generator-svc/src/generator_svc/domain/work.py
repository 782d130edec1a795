"""A batch as this service needs it, made once from the control topic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.errors import Category, Rejected
from shared.events import BatchPlan, ModelSpec, WorkState
from shared.recipe_fields import fields_of

from generator_svc.domain.answers import ResponseRule, SchemaUnusable
from generator_svc.domain.budget import Budget
from generator_svc.domain.gate import Gate, Lane
from generator_svc.domain.provider import Ask, Instant, Policy, Provider
from generator_svc.domain.rendering import Template
from generator_svc.domain.structured import with_instructions

TEXT_FIELDS = frozenset({"hs_note_body", "hs_call_body", "hs_task_body", "content", "simcrm_sales_notes",
                         "simcrm_lead_temperature_reason"})  # fmt: skip
"""What a recipe says in words: the answer that stands in for an LLM's (S2-06). A recipe has one of them at most."""

EMPTY_SLOT = "not specified"


@dataclass
class Link:
    """One model of a chain, ready to be asked."""

    provider: Provider
    gate: Gate
    spec: ModelSpec
    timeout_s: float
    last: bool = True
    """No other model follows in its chain."""
    held_back: int = 0
    """Calls that later models of the same provider need of the provider's bound."""
    plain: bool = False
    """The model refused a structured mode: the instructions in the prompt must do."""
    instant: Instant | None = field(init=False)
    """The provider, where it may answer without waiting."""

    def __post_init__(self) -> None:
        self.instant = self.provider if isinstance(self.provider, Instant) else None

    @property
    def policy(self) -> Policy:
        return self.provider.policy

    def ask(self, prompt: str, system: str | None, schema: dict[str, Any] | None) -> Ask:
        """The call for a rendered prompt."""
        spec = self.spec
        asked_schema = None if self.plain else schema
        return Ask(spec.model, prompt, system, spec.temperature, spec.max_tokens, self.timeout_s, asked_schema)


@dataclass(frozen=True)
class DeadLink:
    """A model that a batch names and this service cannot ask."""

    spec: ModelSpec
    category: Category
    reason: str


@dataclass
class Work:
    """The plan of a batch, compiled; its state changes while prompts wait."""

    batch_id: str
    plan: BatchPlan
    links: Sequence[Link | DeadLink]
    state: WorkState = "running"
    nobody: str = "no LLM provider is configured"
    """Why there are no links, where there are none."""
    template: Template = field(init=False)
    object_key: str = field(init=False)
    quotes_rows: bool = field(init=False)
    """The prompt, or what stands in for its answer, needs more of a recipe's row than the index."""
    cached_links: Sequence[Link] = field(init=False)
    instant: Link | None = field(init=False)
    """The first model, where it may answer many prompts at once: nothing of it is looked up, kept or paid."""
    system: str | None = field(init=False)
    schema: dict[str, Any] | None = field(init=False)
    _external_id_name: str | None = field(init=False)
    budget: Budget | None = field(init=False)
    _rule: ResponseRule | None = field(init=False, default=None)
    _rule_broken: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        prompt, plan = self.plan.prompt, self.plan
        empty = EMPTY_SLOT if prompt and prompt.empty_slot == "default" else ""
        self.template = Template(prompt.template if prompt else "", empty=empty)
        self.object_key = plan.object_key()
        self.cached_links = [link for link in self.links if isinstance(link, Link) and link.policy.cached]
        self.system = prompt.system if prompt else None
        self.schema = prompt.response_schema if prompt else None
        self._external_id_name = getattr(plan.target, "external_id", None)
        quoted = {*self.template.slots, *([self._external_id_name] if self._external_id_name else [])}
        speaks = not TEXT_FIELDS.isdisjoint(fields_of(plan.source_recipe or ""))
        self.quotes_rows = plan.source_recipe is not None and (speaks or not quoted <= {"index"})
        self.budget = None if plan.budget_usd is None else Budget(plan.budget_usd)
        first = self.links[0] if self.links else None
        asks_nobody_else = not (self.cached_links or self.quotes_rows or self.budget)
        self.instant = first if isinstance(first, Link) and first.instant and asks_nobody_else else None
        if prompt and prompt.response_schema is not None:
            try:
                self._rule = ResponseRule(prompt.response_schema)
            except SchemaUnusable:
                self._rule_broken = True

    def follow(self, newer: Work) -> None:
        """Take over a changed plan, also for the prompts that are under way. What was spent stays spent."""
        budget = self.budget if self.plan.budget_usd == newer.plan.budget_usd else newer.budget
        self.__dict__.update(newer.__dict__, budget=budget)

    @property
    def lane(self) -> Lane:
        return self.plan.lane

    @property
    def rule(self) -> ResponseRule | None:
        """What answers must look like; None: any text. Raises `Rejected` where the schema is none."""
        if self._rule_broken:
            raise Rejected("the batch's response schema is not a valid JSON Schema", category="validation")
        return self._rule

    def prompt_for(self, values: dict[str, Any]) -> str:
        """The user message for a record: the rendered prompt, with instructions only where there is a schema."""
        if self.plan.prompt is None:
            raise Rejected("the batch has no prompt template", category="validation")
        rendered = self.template.render(values)
        rule = self.rule
        return rendered if rule is None else with_instructions(rendered, rule.schema)

    def external_id(self, values: dict[str, Any]) -> str | None:
        """The value a target upserts by, where it does."""
        value = values.get(self._external_id_name) if self._external_id_name else None
        return None if value is None else str(value)

    def operation_of(self, provider: str | None) -> str:
        """`gen_ai.operation.name` of the provider that answered, else of the first that could have."""
        links = [link for link in self.links if isinstance(link, Link)]
        named = [link.provider.operation for link in links if link.provider.name == provider]
        return (named or [link.provider.operation for link in links] or ["chat"])[0]
