"""The CRMs whose records people may look at. A new one is one file and one line here."""

from collections.abc import Mapping

from shared.crm.hubspot import HubSpotSession
from shared.crm.salesforce import SalesforceSession

from gateway.crm.hubspot import HubSpot
from gateway.crm.salesforce import Salesforce
from gateway.domain.crm_records import RecordBook


def open_books(salesforce: SalesforceSession | None, hubspot: HubSpotSession | None = None) -> Mapping[str, RecordBook]:
    """Books by the name of their CRM; only those that are configured."""
    books: Mapping[str, RecordBook | None] = {
        "salesforce": Salesforce(salesforce) if salesforce is not None else None,
        "hubspot": HubSpot(hubspot) if hubspot is not None else None,
    }
    return {crm: book for crm, book in books.items() if book is not None}
