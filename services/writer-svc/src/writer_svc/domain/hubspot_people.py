"""Gives a matched pair of contact and company an e-mail and a domain that no other record has (S2-31, S2-68)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.crm.uniqueness import domain_key, run_tag, unique_domain, unique_email
from shared.events import RecordGenerated


def made_unique(
    given: Mapping[str, Any], company: Any, result: RecordGenerated
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The contact (or company) and its company with unique addresses.

    A contact's e-mail keeps its company's domain; without a company the e-mail itself carries the run.
    """
    found = dict(given)
    run, index = result.batch_id, result.index
    domain = domain_key(str(found.get("email") or "").rpartition("@")[2]) or "example.com"
    related = None
    if isinstance(company, Mapping):
        domain = _domain_of(company, run, index)
        related = {**company, "domain": domain}
    elif found.get("domain"):
        found["domain"] = _domain_of(found, run, index)
    if found.get("email"):
        first, last = _names_of(found)
        found["email"] = unique_email(first, last, run, index, domain)
    return found, related


def _domain_of(company: Mapping[str, Any], run: str, index: int) -> str:
    """Its own, where that is unique already: a recipe stood in, which makes it so."""
    given = domain_key(str(company.get("domain") or ""))
    return given if given.endswith(f"-{run_tag(run)}{index}.com") else unique_domain(_company_name(company), run, index)


def _company_name(company: Mapping[str, Any]) -> str:
    domain = domain_key(str(company.get("domain") or ""))
    return domain.partition(".")[0] or str(company.get("name") or "")


def _names_of(contact: Mapping[str, Any]) -> tuple[str, str]:
    local = str(contact["email"]).partition("@")[0]
    first, _, last = local.partition(".")
    return str(contact.get("firstname") or first), str(contact.get("lastname") or last.rstrip("0123456789"))
