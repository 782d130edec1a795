"""The properties that Recordsmith keeps in HubSpot: group "SimCRM" and everything that begins with `simcrm_`.

The one list of them: the writer creates what is missing, planning knows that they will be there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from shared.crm.hubspot_paths import plural
from shared.crm.hubspot_shapes import PropertyDefinition

GROUP = "simcrm"
GROUP_LABEL = "SimCRM"
"""S2-19. HubSpot's internal names are lower case."""

EXTERNAL_ID = "simcrm_external_id"
ANSWER = "simcrm_answer"
METADATA = "simcrm_generation_metadata"
SIMULATION_ID = "simcrm_simulation_id"
TEMPERATURE = "simcrm_lead_temperature"
TEMPERATURE_REASON = "simcrm_lead_temperature_reason"
SCORE = "simcrm_engagement_score"


@dataclass(frozen=True)
class SimcrmProperty:
    """A property as the CRM properties API creates it."""

    name: str
    label: str
    description: str
    type: str = "string"
    field_type: str = "text"
    options: tuple[str, ...] = ()
    unique: bool = False

    def definition(self) -> dict[str, Any]:
        """The body that creates it; only definitions of enumerations say options."""
        body: dict[str, Any] = {
            "name": self.name,
            "label": self.label,
            "description": self.description,
            "groupName": GROUP,
            "type": self.type,
            "fieldType": self.field_type,
            "hasUniqueValue": self.unique,
            "formField": False,
        }
        if self.options:
            body["options"] = [
                {"label": label, "value": label, "displayOrder": order, "hidden": False}
                for order, label in enumerate(self.options)
            ]
        return body


_SOURCE = SimcrmProperty(
    "simcrm_original_source",
    "SimCRM original source",
    "Event or channel the record came from, such as Trade Show - TechExpo 2025 San Francisco.",
)
_INTEREST = SimcrmProperty(
    "simcrm_product_interest",
    "SimCRM product interest",
    "Products and services of interest: a JSON array.",
    field_type="textarea",
)
_METADATA = SimcrmProperty(
    METADATA,
    "SimCRM generation metadata",
    'How the record was made: JSON such as {"method": "ai", "model": "…"}, with the method "fallback" for a recipe.',
    field_type="textarea",
)
EVERY_OBJECT = (
    SimcrmProperty(
        EXTERNAL_ID,
        "SimCRM external id",
        "Which record of which batch this is. Upserts find it by this value.",
        unique=True,
    ),
    SimcrmProperty(SIMULATION_ID, "SimCRM simulation id", "The batch or simulation that made the record."),
    SimcrmProperty(
        ANSWER,
        "SimCRM answer",
        "The whole generated answer, where a batch names no property for it.",
        field_type="textarea",
    ),
    _METADATA,
)
"""On each object that is written, besides its own."""

_CONTACT = (
    _SOURCE,
    SimcrmProperty(
        "simcrm_buyer_role",
        "SimCRM buyer role",
        "Part the contact plays in a purchase.",
        "enumeration",
        "select",
        ("Decision Maker", "Influencer", "End User", "Champion"),
    ),
    SimcrmProperty(SCORE, "SimCRM engagement score", "0 to 100, kept as text."),
    SimcrmProperty(
        TEMPERATURE,
        "SimCRM lead temperature",
        "How close the contact is to a purchase.",
        "enumeration",
        "select",
        ("hot", "warm", "cold"),
    ),
    SimcrmProperty(
        TEMPERATURE_REASON,
        "SimCRM lead temperature reason",
        "Why the lead is hot, warm or cold.",
        field_type="textarea",
    ),
    SimcrmProperty(
        "simcrm_marketing_consent_detail",
        "SimCRM marketing consent detail",
        "When and how the contact agreed to marketing, and to what.",
        field_type="textarea",
    ),
)
_DEAL = (
    _INTEREST,
    SimcrmProperty(
        "simcrm_sales_notes",
        "SimCRM sales notes",
        "Internal notes that the contact does not see.",
        field_type="textarea",
    ),
)
_OWN: Mapping[str, tuple[SimcrmProperty, ...]] = MappingProxyType(
    {"contacts": _CONTACT, "companies": (_SOURCE, _INTEREST), "deals": _DEAL}
)


def properties_of(object_type: str) -> tuple[SimcrmProperty, ...]:
    """All that an object has (S2-09 … S2-18, S2-69), and the unique external id that upserts need."""
    return (*EVERY_OBJECT, *_OWN.get(plural(object_type), ()))


def is_simcrm(name: str, object_type: str) -> bool:
    """Whether the writer creates the property if the portal lacks it."""
    return any(one.name == name for one in properties_of(object_type))


def is_upsert_key(definition: PropertyDefinition) -> bool:
    """Whether HubSpot upserts by this property: a unique one, or the contacts' e-mail.

    A company's domain and a deal's name are not unique: HubSpot answers 400 to an upsert by them.
    """
    return bool(definition.get("hasUniqueValue")) or definition.get("name") == "email"
