"""Fields that the rows of a recipe have, for prompts that quote them: planning refuses any other slot.

The generator makes the rows; tests/contracts compares this list with them.
"""

from __future__ import annotations

from collections.abc import Mapping

_ROWS = """
    inventory: product_id sku product_name category stock_level price warehouse_location
    customers: customer_id name email city state signup_date orders_count average_order total_spent
        favorite_category last_purchase_date
    crm-contacts: simcrm_external_id firstname lastname email jobtitle phone city country company
        simcrm_original_source simcrm_buyer_role simcrm_engagement_score simcrm_lead_temperature
        simcrm_lead_temperature_reason simcrm_marketing_consent_detail simcrm_simulation_id
        simcrm_generation_metadata
    crm-companies: simcrm_external_id name domain industry city state country numberofemployees
        simcrm_original_source simcrm_product_interest simcrm_simulation_id simcrm_generation_metadata
    crm-deals: simcrm_external_id contact_external_id company_external_id dealname amount deal_currency_code
        pipeline dealstage closedate simcrm_product_interest simcrm_sales_notes simcrm_simulation_id
        simcrm_generation_metadata
    crm-notes: simcrm_external_id contact_external_id company_external_id hs_timestamp hs_note_body
        simcrm_simulation_id simcrm_generation_metadata
    crm-calls: simcrm_external_id contact_external_id company_external_id hs_timestamp hs_call_title
        hs_call_body hs_call_direction hs_call_status hs_call_duration simcrm_simulation_id
        simcrm_generation_metadata
    crm-tasks: simcrm_external_id contact_external_id company_external_id hs_timestamp hs_task_subject
        hs_task_body hs_task_status hs_task_priority hs_task_type simcrm_simulation_id
        simcrm_generation_metadata
    crm-tickets: simcrm_external_id contact_external_id company_external_id subject content hs_pipeline
        hs_pipeline_stage hs_ticket_priority simcrm_simulation_id simcrm_generation_metadata
"""


def _read(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, list[str]] = {}
    name = ""
    for word in text.split():
        if word.endswith(":"):
            name = word.removesuffix(":")
        else:
            found.setdefault(name, []).append(word)
    return {recipe: frozenset(fields) for recipe, fields in found.items()}


RECIPE_FIELDS: Mapping[str, frozenset[str]] = _read(_ROWS)
"""By the recipe's name, without its options."""


def fields_of(recipe: str) -> frozenset[str]:
    """Fields of a recipe's rows, options or not; none where it is not known here."""
    return RECIPE_FIELDS.get(recipe.partition(":")[0], frozenset())
