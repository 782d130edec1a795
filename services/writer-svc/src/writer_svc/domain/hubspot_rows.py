"""A result becomes a record of a HubSpot batch call, with the company it belongs to and what it is associated with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.crm import simcrm, uniqueness
from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_shapes import PropertyDefinition
from shared.events import BatchPlan, HubSpotTarget, RecordGenerated

from writer_svc.domain.coercion import Unfit
from writer_svc.domain.hubspot_labels import labelled, origin, with_reason
from writer_svc.domain.hubspot_links import Link, links_of
from writer_svc.domain.hubspot_people import made_unique
from writer_svc.domain.hubspot_values import UnknownOption, property_value
from writer_svc.domain.option_matching import Match
from writer_svc.domain.rows import answer_text

RECORD_ID = "hs_object_id"
"""Named as the external id, records are updated by HubSpot's own id."""

LONGEST_DOMAIN = 253
"""RFC 1035."""

_SINGULARS = {"contacts": "contact", "companies": "company", "deals": "deal", "tickets": "ticket", "notes": "note",
              "calls": "call", "tasks": "task"}  # fmt: skip


@dataclass(frozen=True)
class Schema:
    """An object's properties as the portal has them; `wrong` says which of ours are of another type there."""

    object_type: str
    definitions: Mapping[str, PropertyDefinition]
    wrong: Mapping[str, str]

    def with_options(self, options: Iterable[tuple[str, str]]) -> Schema:
        """With labels (by property) as further options."""
        definitions = dict(self.definitions)
        for name, label in options:
            there = definitions[name].get("options", [])
            definitions[name] = {**definitions[name], "options": [*there, {"label": label, "value": label}]}
        return replace(self, definitions=definitions)

    def options_lacking(self, values: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
        """Labels, by property, that records of these `values` hold and that are no options yet."""
        lacking: dict[str, dict[str, None]] = {}
        for name, value in (pair for one in values for pair in one.items()):
            definition = self.definitions.get(name, {})
            if definition.get("type") != "enumeration" or definition.get("externalOptions") or not value:
                continue
            known = {option.get("value") for option in definition.get("options", [])}
            parts = str(value).split(";") if definition.get("fieldType") == "checkbox" else [str(value)]
            lacking.setdefault(name, {}).update(dict.fromkeys(part for part in parts if part not in known))
        return {name: list(labels) for name, labels in lacking.items() if labels}


Schemas = Mapping[str, Schema]


def folded_key(value: object) -> str:
    """As HubSpot compares them: e-mails and keys come back in lower case."""
    return str(value or "").strip().casefold()


@dataclass(frozen=True, slots=True)
class HubSpotRecord:
    """One input of a batch call."""

    object_type: str
    key: str
    """Value of `id_property`, or HubSpot's id: equal for inputs that write the same record."""
    id_property: str | None
    properties: dict[str, str]

    @property
    def folded(self) -> str:
        """The key as HubSpot compares it."""
        return folded_key(self.key)

    def input(self, trace_id: str) -> dict[str, Any]:
        """As the batch call takes it."""
        properties = {**self.properties, self.id_property: self.key} if self.id_property else self.properties
        body: dict[str, Any] = {"id": self.key, "properties": properties, "objectWriteTraceId": trace_id}
        return body | ({"idProperty": self.id_property} if self.id_property else {})


@dataclass(frozen=True, slots=True)
class HubSpotRow:
    """A result with everything that its writing takes."""

    result: RecordGenerated
    record: HubSpotRecord
    company: HubSpotRecord | None = None
    links: tuple[Link, ...] = ()
    merges: tuple[tuple[str, Match], ...] = ()
    """Properties whose answer was taken for an option that it does not name."""

    @property
    def key(self) -> str:
        """Equal for rows that write the same record."""
        return self.record.folded

    def told(self) -> RecordGenerated:
        """The result with an audit entry per merged option: in its values, and in a reason without contents."""
        if not self.merges:
            return self.result
        entries = [
            {"property": name, "answer": match.answer, "option": match.value, "score": round(match.score, 1)}
            for name, match in self.merges
        ]
        taken = ", ".join(f"{name} ({match.score:.0f} % alike)" for name, match in self.merges)
        reason = f"Taken for an existing option: {taken}."
        given = self.result.reason
        return self.result.model_copy(
            update={
                "values": {**(self.result.values or {}), "matched_options": entries},
                "reason": f"{given}; {reason}" if given else reason,
            }
        )


class UnknownOptions(Unfit):
    """Answers are none of the options of their properties; where the batch wants it they become options."""

    def __init__(self, object_type: str, unknown: Sequence[UnknownOption]) -> None:
        super().__init__("INVALID_OPTION", str(unknown[0]))
        self.object_type = object_type
        self.unknown = tuple(unknown)


def hubspot_target(plan: BatchPlan) -> HubSpotTarget:
    """The plan's target, where it is one in HubSpot."""
    if not isinstance(plan.target, HubSpotTarget):
        raise TypeError(f"a target of kind {plan.target.kind} is not written to HubSpot")
    return plan.target


def updates_its_source(plan: BatchPlan) -> bool:
    """Whether the records read are the records written: by their ids, without a key of ours."""
    target = hubspot_target(plan)
    if target.external_id is not None:
        return target.external_id == RECORD_ID
    return plan.source_kind == "hubspot" and plural(plan.source_object or "") == plural(target.object)


def row_of(result: RecordGenerated, plan: BatchPlan, schemas: Schemas, now: datetime) -> HubSpotRow:
    """The row that writes `result`. Raises `Unfit` with the property that does not take it."""
    target = hubspot_target(plan)
    object_type = plural(target.object)
    given = answered(result, target)
    # A text is the contact's own property of that name, an object is a record of its own.
    paired = object_type == "contacts" and isinstance(given.get("company"), Mapping)
    company = given.pop("company") if paired else None
    links = links_of(given, schemas[object_type].definitions, object_type)
    if plan.source_kind == "hubspot" and not updates_its_source(plan) and plan.source_object:
        # What is made of a record belongs to it (S2-64); of its own kind it is another version, not a relation.
        origin = Link(plural(plan.source_object), result.record_id)
        links = (origin, *(link for link in links if link != origin)) if origin.object_type != object_type else links
    if target.unique and not updates_its_source(plan):
        given, company = made_unique(given, company, result)
    merges: list[tuple[str, Match]] = []
    given = with_reason(given)
    if not updates_its_source(plan):
        given = labelled(given, object_type, result, now)
    properties = _fitted(given, schemas[object_type], merges)
    key, id_property = _key(result, target, plan, given)
    if id_property is not None and id_property in schemas[object_type].wrong:
        raise Unfit("WRONG_PROPERTY", schemas[object_type].wrong[id_property])
    record = HubSpotRecord(object_type, key, id_property, properties)
    related = _company(company, given, result, schemas, merges) if company else None
    return HubSpotRow(result, record, related, links, tuple(merges))


def answered(result: RecordGenerated, target: HubSpotTarget) -> dict[str, Any]:
    """Property -> value as the answer says them, with `company`, `associations` and their like still among them."""
    if target.field is not None:
        return {target.field: answer_text(result)}
    values = result.values
    if target.fields:
        found = {name: values[key] for name, key in target.fields.items() if key in values} if values else {}
        if not found:
            raise Unfit("NO_ANSWER", "The answer holds none of the keys that the target maps to properties.")
        return {**found, **{key: (values or {})[key] for key in ("associations", "company") if key in (values or {})}}
    if values is None:
        return {simcrm.ANSWER: answer_text(result)}
    inner = values.get(_SINGULARS.get(plural(target.object), ""))
    if isinstance(inner, Mapping):
        # A matched pair (S2-28): {"contact": {…}, "company": {…}}.
        return {**inner, **{key: value for key, value in values.items() if value is not inner}}
    return dict(values)


def _fitted(given: Mapping[str, Any], schema: Schema, merges: list[tuple[str, Match]]) -> dict[str, str]:
    found: dict[str, str] = {}
    unknown: list[UnknownOption] = []
    for name, value in given.items():
        if name not in schema.definitions:
            raise Unfit("PROPERTY_DOESNT_EXIST", f"HubSpot's {schema.object_type} have no property {name}.")
        if name in schema.wrong:
            raise Unfit("WRONG_PROPERTY", schema.wrong[name])
        try:
            fitted = property_value(value, schema.definitions[name])
        except UnknownOption as error:
            unknown.append(error)
            continue
        merges += [(name, match) for match in fitted.merges]
        found[name] = fitted.text
    if unknown:
        raise UnknownOptions(schema.object_type, unknown)
    return found


def _key(
    result: RecordGenerated, target: HubSpotTarget, plan: BatchPlan, given: Mapping[str, Any]
) -> tuple[str, str | None]:
    if updates_its_source(plan):
        record_id = (result.external_id if target.external_id else result.record_id) or ""
        if not record_id.isdigit():
            raise Unfit("MALFORMED_ID", "The record id is not a HubSpot id.")
        return record_id, None
    if target.external_id is not None:
        if not (result.external_id or "").strip():
            raise Unfit("REQUIRED_FIELD_MISSING", f"The value of {target.external_id} is empty.")
        return str(result.external_id).strip(), target.external_id
    if plural(target.object) == "companies" and (domain := given.get("domain")) and str(domain).strip():
        return _company_key(str(domain)), simcrm.EXTERNAL_ID
    return uniqueness.external_id(result.batch_id, result.index), simcrm.EXTERNAL_ID


def _company(
    company: Mapping[str, Any],
    contact: Mapping[str, Any],
    result: RecordGenerated,
    schemas: Schemas,
    merges: list[tuple[str, Match]],
) -> HubSpotRecord:
    given = {**company, **origin(company, result)}
    if (source := contact.get("simcrm_original_source")) and not given.get("simcrm_original_source"):
        given["simcrm_original_source"] = source  # S2-14: the same as the contact's
    domain = str(given.get("domain") or "").strip()
    if domain:
        given["domain"] = uniqueness.domain_key(domain)
    key = _company_key(domain) if domain else uniqueness.external_id(result.batch_id, result.index)
    return HubSpotRecord("companies", key, simcrm.EXTERNAL_ID, _fitted(given, schemas["companies"], merges))


def _company_key(domain: str) -> str:
    """One domain, one company, whoever writes it first: HubSpot itself does not keep domains unique."""
    key = uniqueness.domain_key(domain)
    if len(key) > LONGEST_DOMAIN:
        raise Unfit("INVALID_DOMAIN", f"The company's domain is longer than any: {LONGEST_DOMAIN} characters at most.")
    return f"domain:{key}"
