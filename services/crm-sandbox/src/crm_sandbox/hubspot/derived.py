"""What the portal itself says of a record: its id, its moments, and what follows from other values."""

from collections.abc import Callable, Mapping

from crm_sandbox.hubspot.object_types import ObjectType
from crm_sandbox.hubspot.pipelines import Pipelines
from crm_sandbox.hubspot.stamps import moment_ms, stamp

Values = dict[str, str]

SOURCE = {"hs_object_source": "INTEGRATION", "hs_object_source_id": "19083857", "hs_object_source_label": "INTEGRATION"}


def of_new(one: ObjectType, record_id: int, now: int) -> Values:
    """What every new record starts with."""
    moments = {"createdate": stamp(now), one.created: stamp(now), one.modified: stamp(now)}
    return {**moments, "hs_object_id": str(record_id), **SOURCE}


def derived(one: ObjectType, values: Mapping[str, str], pipelines: Pipelines) -> Values:
    """The calculated values of a record; "" clears one that no longer follows."""
    follows = _DERIVED.get(one.id)
    return follows(one, values, pipelines) if follows else {}


def _of_contact(one: ObjectType, values: Mapping[str, str], pipelines: Pipelines) -> Values:
    email, record_id = values.get("email", ""), values["hs_object_id"]
    name = " ".join(filter(None, (values.get("firstname"), values.get("lastname"))))
    return {
        "hs_all_contact_vids": values.get("hs_all_contact_vids") or record_id,
        "hs_email_domain": email.partition("@")[2],
        "hs_full_name_or_email": name or email,
        "hs_is_contact": "true",
        "hs_is_unworked": "false" if values.get("hubspot_owner_id") else "true",
    }


def _of_company(one: ObjectType, values: Mapping[str, str], pipelines: Pipelines) -> Values:
    domain = values.get("domain", "")
    return {"website": values.get("website") or domain}


def _of_deal(one: ObjectType, values: Mapping[str, str], pipelines: Pipelines) -> Values:
    stage = pipelines.metadata(one, values)
    amount, probability = values.get("amount", ""), stage.get("probability", "")
    closed = stage.get("isClosed") == "true"
    projected = f"{float(amount) * float(probability):.2f}" if amount and probability else ""
    return {
        "amount_in_home_currency": amount,
        "hs_closed_amount": amount if closed and probability == "1.0" else "0" if amount else "",
        "hs_deal_stage_probability": probability,
        "hs_is_closed": "true" if closed else "false",
        "hs_is_closed_won": "true" if closed and probability == "1.0" else "false",
        "hs_is_closed_lost": "true" if closed and probability == "0.0" else "false",
        "hs_projected_amount": projected,
        "days_to_close": _days(values.get("createdate"), values.get("closedate")),
    }


def _of_ticket(one: ObjectType, values: Mapping[str, str], pipelines: Pipelines) -> Values:
    closed = pipelines.metadata(one, values).get("isClosed") == "true"
    return {
        "hs_is_closed": "true" if closed else "false",
        "closed_date": (values.get("closed_date") or values[one.modified]) if closed else "",
    }


def _of_task(one: ObjectType, values: Mapping[str, str], pipelines: Pipelines) -> Values:
    done = values.get("hs_task_status") == "COMPLETED"
    finished = values.get("hs_task_completion_date") or values[one.modified]
    return {"hs_task_is_completed": "1" if done else "0", "hs_task_completion_date": finished if done else ""}


def _of_note(one: ObjectType, values: Mapping[str, str], pipelines: Pipelines) -> Values:
    return {"hs_body_preview": values.get("hs_note_body", "")[:200]}


def _days(start: str | None, end: str | None) -> str:
    return str(max(0, (moment_ms(end) - moment_ms(start)) // 86_400_000)) if start and end else ""


_DERIVED: Mapping[str, Callable[[ObjectType, Mapping[str, str], Pipelines], Values]] = {
    "0-1": _of_contact,
    "0-2": _of_company,
    "0-3": _of_deal,
    "0-5": _of_ticket,
    "0-27": _of_task,
    "0-46": _of_note,
}
