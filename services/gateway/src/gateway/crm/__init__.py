"""The CRMs whose records people may look at. A new one is one file and one line here."""

from collections.abc import Mapping

from shared.crm.salesforce import SalesforceSession

from gateway.crm.salesforce import Salesforce
from gateway.domain.crm_records import RecordBook


def open_books(salesforce: SalesforceSession | None) -> Mapping[str, RecordBook]:
    """Books by the name of their CRM; only those that are configured."""
    return {"salesforce": Salesforce(salesforce)} if salesforce is not None else {}
