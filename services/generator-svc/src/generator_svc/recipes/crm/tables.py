"""The tables of the CRM recipe, as HubSpot names their properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.recipes.crm import talk
from generator_svc.recipes.crm.deals import Deals
from generator_svc.recipes.crm.pairs import FALLBACK
from generator_svc.recipes.crm.schedule import business_later, days_of, moments
from generator_svc.recipes.crm.telling import told
from generator_svc.rows.texts import day_number, joined, take

Made = dict[str, pa.Array]
Numbers = NDArray[np.int64]
_CALL_STATUS = pa.array(["COMPLETED", "COMPLETED", "COMPLETED", "NO_ANSWER", "BUSY"])
_MS = 1_000


def contacts(deals: Deals, child: Numbers, seen: date) -> Made:
    """S2-30."""
    pairs = deals.pairs
    return {
        "simcrm_external_id": pairs.external_id, "firstname": pairs.firstname, "lastname": pairs.lastname,
        "email": pairs.email, "jobtitle": pairs.jobtitle, "phone": pairs.phone, "city": pairs.city,
        "country": pairs.country, "company": pairs.company, "simcrm_original_source": pairs.source,
        "simcrm_buyer_role": pairs.role, "simcrm_engagement_score": deals.facts["score"],
        "simcrm_lead_temperature": pairs.temperature,
        "simcrm_lead_temperature_reason": told(talk.REASON, child, pairs.language, deals.facts),
        "simcrm_marketing_consent_detail": pairs.consent, **_origin(deals),
    }  # fmt: skip


def companies(deals: Deals, child: Numbers, seen: date) -> Made:
    """S2-31; the row of a company is the row of its contact."""
    pairs = deals.pairs
    return {
        "simcrm_external_id": pairs.external_id, "name": pairs.company, "domain": pairs.domain,
        "industry": pairs.industry, "city": pairs.city, "state": pairs.state, "country": pairs.country,
        "numberofemployees": deals.facts["employees"], "simcrm_original_source": pairs.source,
        "simcrm_product_interest": pairs.interests, **_origin(deals),
    }  # fmt: skip


def deals_(deals: Deals, child: Numbers, seen: date) -> Made:
    """S2-32."""
    pairs = deals.pairs
    return {
        "simcrm_external_id": pairs.external_id, **_parents(deals), "dealname": deals.name,
        "amount": deals.facts["amount"], "deal_currency_code": pairs.currency,
        "pipeline": pa.repeat(pa.scalar("default"), pairs.count), "dealstage": deals.stage,
        "closedate": days_of(deals.closes), "simcrm_product_interest": joined(['["', pairs.product(), '"]'], ""),
        "simcrm_sales_notes": told(talk.SALES_NOTES, pairs.role_place, pairs.language, deals.facts), **_origin(deals),
    }  # fmt: skip


def notes(deals: Deals, child: Numbers, seen: date) -> Made:
    """S2-33, two a deal."""
    when = deals.step_at(np.minimum(child, deals.steps - 1))
    which = deals.pairs.draws.below("note", 3).astype(np.int64) + child
    body = told(talk.NOTE, which, deals.pairs.language, deals.facts)
    return {**_own(deals, child), "hs_timestamp": moments(when), "hs_note_body": body, **_origin(deals)}


def calls(deals: Deals, child: Numbers, seen: date) -> Made:
    """S2-34, two a deal; who did not answer talked for no time, and nothing was said."""
    draws, language = deals.pairs.draws, deals.pairs.language
    status = take(_CALL_STATUS, (draws.below("call/status", 5).astype(np.int64) + child) % 5)
    talked = pc.equal(status, "COMPLETED")
    seconds = 45 + draws.below("call/seconds", 1_500).astype(np.int64)
    duration = pc.cast(pc.if_else(talked, pa.array(seconds * _MS), 0), pa.string())
    when = business_later(deals.step_at(np.minimum(child, deals.steps - 1)), np.full(len(child), 95))
    body = told(talk.CALL, child, language, deals.facts)
    return {
        **_own(deals, child), "hs_timestamp": moments(when),
        "hs_call_title": told(talk.CALL_TITLE, child, language, deals.facts),
        "hs_call_body": pc.if_else(talked, body, pa.scalar(None, pa.string())),
        "hs_call_direction": take(pa.array(["OUTBOUND", "INBOUND"]), draws.below("call/way", 2)),
        "hs_call_status": status, "hs_call_duration": duration, **_origin(deals),
    }  # fmt: skip


def tasks(deals: Deals, child: Numbers, seen: date) -> Made:
    """S2-35: the next step, due one to five business days after the last activity."""
    draws, language = deals.pairs.draws, deals.pairs.language
    last = business_later(deals.step_at(deals.steps - 1), np.full(len(child), 95))
    due = business_later(last, 480 + draws.below("task/due", 4 * 480).astype(np.int64))
    overdue = due < _midnight(seen)
    subject = told(talk.TASK, child, language, deals.facts)
    first = pc.utf8_upper(pc.utf8_slice_codeunits(subject, 0, 1))
    return {
        **_own(deals, child), "hs_timestamp": moments(due),
        "hs_task_subject": joined([first, pc.utf8_slice_codeunits(subject, 1)], ""),
        "hs_task_body": told(talk.TASK_BODY, child, language, deals.facts),
        "hs_task_status": pc.if_else(pa.array(overdue), "COMPLETED", "NOT_STARTED"),
        "hs_task_priority": take(pa.array(["LOW", "MEDIUM", "HIGH"]), _heat(deals)),
        "hs_task_type": take(pa.array(["TODO", "CALL", "EMAIL"]), draws.below("task/type", 3)), **_origin(deals),
    }  # fmt: skip


def tickets(deals: Deals, child: Numbers, seen: date) -> Made:
    """S2-36, for one contact in four."""
    draws, language = deals.pairs.draws, deals.pairs.language
    which = draws.below("ticket", 3).astype(np.int64)
    return {
        **_own(deals, child), "subject": told(talk.TICKET, which, language, deals.facts),
        "content": told(talk.TICKET_BODY, which, language, deals.facts),
        "hs_pipeline": pa.repeat(pa.scalar("0"), len(child)),
        "hs_pipeline_stage": take(pa.array(["1", "2", "3", "4"]), draws.choice("ticket/stage", (25, 15, 15, 45))),
        "hs_ticket_priority": take(pa.array(["LOW", "MEDIUM", "HIGH"]), draws.choice("ticket/priority", (40, 40, 20))),
        **_origin(deals),
    }  # fmt: skip


TABLES: Mapping[str, tuple[Callable[[Deals, Numbers, date], Made], int, int]] = {
    "contacts": (contacts, 1, 1),
    "companies": (companies, 1, 1),
    "deals": (deals_, 1, 1),
    "notes": (notes, 2, 1),
    "calls": (calls, 2, 1),
    "tasks": (tasks, 1, 1),
    "tickets": (tickets, 1, 4),
}
"""Table → how its rows are made; so many rows belong to so many pairs."""


def _own(deals: Deals, child: Numbers) -> Made:
    number = pc.cast(pa.array(child), pa.string())
    return {"simcrm_external_id": joined([deals.pairs.external_id, number], "-"), **_parents(deals)}


def _parents(deals: Deals) -> Made:
    """Whose it is: the contact, company and deal of one pair share their number (S2-64)."""
    ids = deals.pairs.external_id
    return {"contact_external_id": ids, "company_external_id": ids}


def _origin(deals: Deals) -> Made:
    count = deals.pairs.count
    return {
        "simcrm_simulation_id": pa.repeat(pa.scalar(deals.pairs.run_id), count),
        "simcrm_generation_metadata": pa.repeat(pa.scalar(FALLBACK), count),
    }


def _heat(deals: Deals) -> Numbers:
    return np.asarray((deals.pairs.score >= 40).astype(np.int64) + (deals.pairs.score >= 70), dtype=np.int64)


def _midnight(day: date) -> int:
    return day_number(day) * 24 * 60
