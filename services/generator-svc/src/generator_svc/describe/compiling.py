"""A describe as a recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.errors import Rejected

from generator_svc.describe.documents import HubSpotProperties, read_document
from generator_svc.describe.hubspot import hubspot_recipe
from generator_svc.describe.salesforce import salesforce_recipe
from generator_svc.rows.column import Columns


def described_recipe(document: Any, references: Mapping[str, Path]) -> Columns:
    """The recipe of a Salesforce describe or a HubSpot property list. Raises `Rejected`."""
    described = read_document(document)
    if isinstance(described, HubSpotProperties):
        return hubspot_recipe(described)
    targets = {target for field in described.fields for target in field.reference_to or ()}
    if strange := sorted(set(references) - targets):
        raise Rejected(f"--references {strange[0]}: no field refers to {strange[0]}", category="validation")
    return salesforce_recipe(described, references)
