"""The org behind the rooms: its objects, its records, its sessions, and how it starts over."""

import logging
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from crm_sandbox.calls import CallLog
from crm_sandbox.clock import Clock
from crm_sandbox.faults import Faults
from crm_sandbox.foreign import Scalar
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.identity import Identity, new_access_token
from crm_sandbox.salesforce.allowances import Allowances
from crm_sandbox.salesforce.bulk.jobs import Jobs, save
from crm_sandbox.salesforce.bulk.workshop import Workshop
from crm_sandbox.salesforce.collections import Collections
from crm_sandbox.salesforce.definitions import DefinitionError, Describe, complete, shipped
from crm_sandbox.salesforce.field_security import FieldSecurity
from crm_sandbox.salesforce.pages import Pages
from crm_sandbox.salesforce.records import Records
from crm_sandbox.salesforce.schema import Schema, SObject
from crm_sandbox.salesforce.sessions import Sessions
from crm_sandbox.salesforce.tables import create_indexes, create_table
from crm_sandbox.seeds import PORTAL_SEEDS, SEEDS
from crm_sandbox.store import Store
from crm_sandbox.switches import Switches

log = logging.getLogger(__name__)


class Org:
    def __init__(self, folder: Path, identity: Identity, public_key: RSAPublicKey, *, seed: str, records: int) -> None:
        self.identity = identity
        self.public_key = public_key
        self.urls: tuple[str, ...] = ("http://127.0.0.1",)
        self._folder = folder
        self.store = Store(folder / "sandbox.sqlite3")
        self.clock = Clock()
        self.faults = Faults(self.store)
        self.calls = CallLog()
        self.schema = Schema()
        self.changed_at: dict[str, datetime] = {}
        self.sessions = Sessions(self.store, self.clock, identity.org_id)
        self.switches = Switches(self.store)
        self.allowances = Allowances(self.store, self.clock)
        self.records = Records(self.store, self.schema, self.clock, self.switches, identity.user_id)
        self.security = FieldSecurity(self.store, self.schema, identity.user_id)
        self.security.watch(self.records)
        self.collections = Collections(self.store, self.schema, self.records, self.switches)
        self.pages = Pages(self.store, self.schema, self.clock)
        self.hubspot = Portal(self.store, self.clock, identity.hubspot, self.switches)
        # One thread, because the store reads through one connection; a long scan leaves the loop free.
        self.reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reading")
        self.uploads = folder / "uploads"
        # What a process that was killed was just receiving is nobody's.
        shutil.rmtree(self.uploads, ignore_errors=True)
        self.jobs = Jobs(self._workshop(folder / "bulk"), identity.user_id)
        self._open(seed, records)

    def _workshop(self, folder: Path) -> Workshop:
        return Workshop(
            store=self.store,
            schema=self.schema,
            records=self.records,
            clock=self.clock,
            faults=self.faults,
            switches=self.switches,
            allowances=self.allowances,
            reading=self.reading,
            folder=folder,
            save=save(self.store),
        )

    def _open(self, seed: str, records: int) -> None:
        if self.store.fact("seeded") is None:
            # A folder whose seeding was cut short starts over.
            self.store.clear()
            self._fill(seed, records)
            return
        self.clock.advance(float(self.store.fact("advanced_s") or 0.0))
        self.sessions.load()
        self.switches.load()
        self.allowances.load()
        self.faults.load()
        self.jobs.load()
        for (body,) in self.store.writer.execute("SELECT body FROM objects ORDER BY rowid").fetchall():
            self._know(orjson.loads(body))
        for definition in shipped():
            # An object that a later release brings with it.
            if self.schema.find(definition["name"]) is None:
                self.add_object(definition)
        self.hubspot.open()

    def serve_at(self, urls: tuple[str, ...]) -> None:
        """Know the org's own addresses, and have a session open for whoever reads sandbox.json."""
        self.urls = urls
        if not self.sessions.is_open(self.identity.access_token):
            if self.store.fact("token_given"):
                # A token that has expired stays so; the next reader gets another.
                self.identity = replace(self.identity, access_token=new_access_token(self.identity.org_id))
                self.identity.save(self._folder)
            self.sessions.open(self.identity.access_token)
            self.store.remember("token_given", "yes")

    def reset(self) -> None:
        """Back to the moment after the first start; keys, identity and the first token stay."""
        seed, records = self.store.fact("seed") or "empty", int(self.store.fact("records") or 0)
        self.jobs.clear()
        self.store.clear()
        self.switches.load()
        self.allowances.clear()
        self.schema.clear()
        self.pages.clear()
        self.faults.forget()
        self.calls.clear()
        self.clock.advance(-self.clock.advanced_s)
        self._fill(seed, records)
        self.serve_at(self.urls)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.store.remember("advanced_s", str(self.clock.advanced_s))

    def add_object(self, definition: Describe) -> SObject:
        """Create an object, or change one: new fields get columns, missing ones are no longer known."""
        known = self.schema.find(str(definition.get("name")))
        try:
            body = complete(definition, free_prefix=known.prefix if known else self.schema.free_prefix())
            one = SObject.of(body)
        except (TypeError, KeyError, AttributeError) as error:
            raise DefinitionError(f"this is not a describe body: {error}") from error
        holder = self.schema.of_id(one.prefix)
        if holder and holder.name.lower() != one.name.lower():
            raise DefinitionError(f"keyPrefix: {one.prefix} belongs to {holder.name}")
        with self.store.transaction() as db:
            create_table(db, one)
            create_indexes(db, one)
            self._keep(body)
            self._put_record_types(one)
        return self._know(body)

    def grant_fields(self) -> None:
        """Show the fields that permissions have come to grant since they were made."""
        waiting = [one for one in self.schema if one.hidden_fields]
        granted = self.security.granted() if waiting else {}
        for one in waiting:
            shown = {name: granted.get(f"{one.name}.{name}".lower()) for name in one.hidden_fields}
            if any(edit is not None for edit in shown.values()):
                fields = [_granted(body, shown.get(body["name"])) for body in one.describe["fields"]]
                self.add_object({**one.describe, "fields": fields})

    def close(self) -> None:
        self.jobs.close()
        self.reading.shutdown(wait=True, cancel_futures=True)
        self.store.close()

    def _fill(self, seed: str, records: int) -> None:
        self.sessions.load()
        self.jobs.load()
        with self.store.transaction() as db:
            db.execute("CREATE TABLE IF NOT EXISTS objects (name TEXT PRIMARY KEY, body BLOB NOT NULL)")
            for definition in shipped():
                body = complete(definition, free_prefix=self.schema.free_prefix())
                create_table(db, self._know(body))
                self._keep(body)
            self._put_own_rows()
            for one in self.schema:
                self._put_record_types(one)
            for name, rows in SEEDS[seed](records):
                self._put(name, rows)
            for one in self.schema:
                create_indexes(db, one)
            self.hubspot.open()
            PORTAL_SEEDS[seed](self.hubspot)
            for fact, value in (("seed", seed), ("records", str(records)), ("seeded", self.clock.stamp())):
                self.store.remember(fact, value)
        log.info("org %s filled", seed)

    def _put_own_rows(self) -> None:
        me = self.identity
        user: dict[str, Scalar] = {"Id": me.user_id, "Username": me.username, "Email": me.username, "IsActive": 1}
        self._put("User", [user | {"FirstName": "Sandbox", "LastName": "Admin", "Name": "Sandbox Admin"}])
        organization: dict[str, Scalar] = {"Id": me.org_id, "Name": "Recordsmith Sandbox", "IsSandbox": 1}
        self._put("Organization", [organization | {"InstanceName": "RS0", "OrganizationType": "Developer Edition"}])

    def _put_record_types(self, one: SObject) -> None:
        """A row for each record type of an object beside Master, so that it can be queried and referred to."""
        own = [info for info in one.describe["recordTypeInfos"] if not info["master"]]
        if self.schema.find("RecordType") is None:
            return
        self.store.writer.execute('DELETE FROM "sf_RecordType" WHERE "SobjectType" = ?', (one.name,))
        rows: list[dict[str, Scalar]] = [
            {
                "rowid": None,
                "Id": info["recordTypeId"],
                "Name": info["name"],
                "DeveloperName": info["developerName"],
                "SobjectType": one.name,
                "IsActive": int(info["active"]),
            }
            for info in own
        ]
        self._put("RecordType", rows)

    def _put(self, name: str, rows: Iterable[dict[str, Scalar]]) -> None:
        """Seed rows go in unchecked and without indexes: a million must not take minutes."""
        one = self.schema.named(name)
        columns: list[str] = []

        def values(number: int, row: dict[str, Scalar]) -> tuple[Any, ...]:
            full = self.records.system_columns(one, number) | row
            for field in one.key_fields:
                full[f"{field.name}~key"] = field.fold(full.get(field.name))
            columns[:] = columns or list(full)
            return tuple(full.values())

        lines = (values(number, row) for number, row in enumerate(rows, start=1))
        first = next(lines, None)
        if first is None:
            return
        names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
        insert = f"INSERT INTO {one.table} ({names}) VALUES ({marks})"
        self.store.writer.execute(insert, first)
        self.store.writer.executemany(insert, lines)

    def _know(self, body: Describe) -> SObject:
        one = SObject.of(body)
        self.schema.add(one)
        now = datetime.fromtimestamp(self.clock.now(), UTC).replace(microsecond=0)
        # Two changes within a second must not look like one to who asks whether there was any.
        before = self.changed_at.get(one.name)
        self.changed_at[one.name] = max(now, before + timedelta(seconds=1)) if before else now
        return one

    def _keep(self, body: Describe) -> None:
        self.store.writer.execute("INSERT OR REPLACE INTO objects VALUES (?, ?)", (body["name"], orjson.dumps(body)))


def _granted(field: Describe, edit: bool | None) -> Describe:
    """The field as a user sees it who may read it and perhaps write it; None leaves it as it is."""
    if edit is None:
        return field
    return {
        **field,
        "ungranted": False,
        "createable": field["createable"] and edit,
        "updateable": field["updateable"] and edit,
    }
