"""A HubSpot property list as a recipe (contract 3.6, 3.9): flat `property: value`, every value a text."""

from __future__ import annotations

from shared.errors import Rejected

from generator_svc.describe.documents import HubSpotProperties, HubSpotProperty
from generator_svc.describe.values import Numbers, Picked, ShortText, Texted, UniqueNumbers, UniqueTexts
from generator_svc.rows.column import Column, Columns, Values
from generator_svc.vocabulary.entities import entities
from generator_svc.vocabulary.field_types import NUMERIC, chosen_for, kind_named
from generator_svc.vocabulary.resolving import resolved
from generator_svc.vocabulary.values import AS_OF, VOCABULARY_VERSION, TypedValues

LONGEST_TEXT = 65_536
EMPTY_SHARE = 0.12
TYPES = frozenset({"string", "number", "date", "datetime", "enumeration", "bool", "phone_number", "currency_number"})
WITHOUT_VALUES = frozenset({"json", "object_coordinates"})
_WRITABLE = """
    hs_timestamp hs_note_body hs_call_title hs_call_body hs_call_direction hs_call_disposition hs_call_duration
    hs_call_status hs_task_subject hs_task_body hs_task_status hs_task_priority hs_task_type hs_pipeline
    hs_pipeline_stage hs_ticket_priority hs_ticket_category hs_lead_status hs_priority hs_deal_priority
"""
WRITABLE = frozenset(_WRITABLE.split())
"""Of the properties that begin with `hs_`, those that people write; HubSpot keeps the others to itself."""
KEPT = frozenset({"email", "firstname", "lastname", "name", "domain", "dealname", "dealstage", "pipeline", "subject",
                  "hs_timestamp", "hs_pipeline", "hs_pipeline_stage", "amount"})  # fmt: skip
"""Never empty: without them a record is no use."""
_MULTIPLE = "checkbox"
_WHOLE = frozenset({"random_int", "random_number", "year"})


def hubspot_recipe(described: HubSpotProperties) -> Columns:
    """The recipe. Raises `Rejected` where there is nothing to write."""
    written = [one for one in described.results if _is_written(one)]
    if not written:
        raise Rejected("the list has no property that can be written", category="validation")
    if len({one.name for one in written}) < len(written):
        raise Rejected("the list contradicts itself: it has two properties of one name", category="validation")
    kinds = {one.name: kind_named(one.words) for one in written}
    owners = entities({name: kind for name, kind in kinds.items() if kind is not None})
    columns = [
        Column(one.name, values, 0.0 if one.unique or one.name in KEPT else EMPTY_SHARE)
        for one in written
        if (values := _values(one, owners.get(one.name, ""))) is not None
    ]
    return Columns("describe-hubspot", VOCABULARY_VERSION, AS_OF, columns)


def _is_written(one: HubSpotProperty) -> bool:
    if one.type not in TYPES | WITHOUT_VALUES:
        raise Rejected(f"{one.name}: {one.type!r} is no property type that is known here", category="validation")
    fixed = (
        one.calculated or one.archived or one.hidden or (one.modification is not None and one.modification.read_only)
    )
    if fixed or one.field_type.startswith("calculation") or one.type in WITHOUT_VALUES:
        return False
    return not one.name.startswith("hs_") or one.name in WRITABLE


def _values(one: HubSpotProperty, owner: str) -> Values | None:
    match one.type:
        case "enumeration":
            options = tuple(option.value for option in one.options or () if not option.hidden and option.value)
            if one.external_options or not options:
                return Picked(("true", "false")) if one.field_type == "booleancheckbox" else None
            return Picked(options, several=one.field_type == _MULTIPLE)
        case "bool":
            return Picked(("true", "false"))
        case "number" | "currency_number":
            return _number(one)
        case "date":
            only = frozenset({"date_between", "date_of_birth"})
            return Texted(_typed(one, owner, ("date_between", {"start_date": "-2y"}), only))
        case "datetime":
            only = frozenset({"date_time_between"})
            return Texted(_typed(one, owner, ("date_time_between", {"start_date": "-2y"}), only))
        case "phone_number":
            return ShortText(_typed(one, owner, ("phone_number", {}), frozenset({"phone_number"})), LONGEST_TEXT)
    return _text(one, owner)


def _text(one: HubSpotProperty, owner: str) -> Values:
    if one.name in ("email", "domain"):
        kind = "email" if one.name == "email" else "domain_name"
        return ShortText(TypedValues(resolved(kind, {}, "/"), owner), 0)
    if one.unique:
        return UniqueTexts("", 12)
    if one.field_type in ("textarea", "html"):
        return ShortText(_typed(one, owner, ("text", {"max_nb_chars": 200})), LONGEST_TEXT)
    return ShortText(_typed(one, owner, ("sentence", {"nb_words": 4})), LONGEST_TEXT)


def _number(one: HubSpotProperty) -> Values:
    if one.unique:
        return Texted(UniqueNumbers(10**9, 0))
    otherwise = ("random_int", {"min": 0, "max": 1_000})
    typed = TypedValues(chosen_for(one.words, otherwise=otherwise, only=NUMERIC))
    whole = typed.chosen.kind.name in _WHOLE or typed.chosen.parameters.get("fraction_digits") == 0
    places = 0 if whole else 2
    return Texted(Numbers(typed, -(10.0**9), 10.0**12, places))


def _typed(
    one: HubSpotProperty, owner: str, otherwise: tuple[str, dict[str, object]], only: frozenset[str] | None = None
) -> TypedValues:
    words = "Job Title" if one.name == "jobtitle" else one.words
    return TypedValues(chosen_for(words, otherwise=otherwise, only=only), owner)
