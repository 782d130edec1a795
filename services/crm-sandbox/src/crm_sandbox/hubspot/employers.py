"""Companies that HubSpot itself gives to new contacts, by the domain of their e-mail, where the portal has it so.

The setting is "Create and associate companies with contacts". It works a while after the contact was made, and knows a
company by its domain alone: two companies of one domain are for it the one that is older.
"""

from collections.abc import Callable

from crm_sandbox.foreign import Json
from crm_sandbox.hubspot.associations import Associations
from crm_sandbox.hubspot.object_types import ObjectType, ObjectTypes
from crm_sandbox.hubspot.portal_settings import KeptSettings
from crm_sandbox.hubspot.records import Record, Records
from crm_sandbox.store import Store

CONTACT, COMPANY = "0-1", "0-2"
FREE_MAIL = frozenset({"gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "aol.com", "gmx.de"})
"""Some of the providers whose domains are no company's."""

Create = Callable[[ObjectType, Json], Record]


class Employers:
    def __init__(
        self, store: Store, types: ObjectTypes, records: Records, associations: Associations, settings: KeptSettings
    ) -> None:
        self._store = store
        self._db = store.writer
        self._types = types
        self._records = records
        self._associations = associations
        self._settings = settings

    def create_tables(self) -> None:
        self._db.execute("CREATE TABLE IF NOT EXISTS hs_unmatched (contact INTEGER PRIMARY KEY, due INTEGER NOT NULL)")

    def notice(self, one: ObjectType, record: Record) -> None:
        """A contact was made: it will be looked at after the lag."""
        settings = self._settings.now
        if settings.companies_of_contacts and one.id == CONTACT and _domain(record):
            due = record.created + int(settings.companies_of_contacts_lag_s * 1000)
            self._db.execute("INSERT OR REPLACE INTO hs_unmatched VALUES (?, ?)", (record.id, due))

    def catch_up(self, create: Create) -> None:
        """Give their companies to the contacts that are due."""
        sql = "SELECT contact FROM hs_unmatched WHERE due <= ? ORDER BY contact"
        due = [row[0] for row in self._db.execute(sql, (self._records.now(),))]
        if not due:
            return
        with self._store.transaction():
            for number in due:
                contact = self._records.find(self._types.of_id(CONTACT), str(number))
                if contact is not None and (domain := _domain(contact)):
                    self._match(contact, domain, create)
                self._db.execute("DELETE FROM hs_unmatched WHERE contact = ?", (number,))

    def _match(self, contact: Record, domain: str, create: Create) -> None:
        company = self._company_of(domain)
        if company is None:
            company = create(self._types.of_id(COMPANY), {"name": domain, "domain": domain}).id
        ends = self._types.of_id(CONTACT), self._types.of_id(COMPANY)
        self._associations.link(self._associations.types.default(*ends), contact.id, company)

    def _company_of(self, domain: str) -> int | None:
        living = "SELECT id FROM hs_records WHERE type = ? AND archived_at IS NULL"
        sql = f"{living} AND json_extract(CAST(properties AS TEXT), '$.domain') = ? ORDER BY id LIMIT 1"
        row = self._db.execute(sql, (COMPANY, domain)).fetchone()
        return None if row is None else int(row[0])


def _domain(contact: Record) -> str:
    domain = contact.values.get("email", "").rpartition("@")[2]
    return "" if domain in FREE_MAIL else domain
