"""As much of the Tooling API as it takes to make a custom field, find it again, and remove it."""

from collections.abc import Mapping
from typing import Any

from crm_sandbox.exchange import Answer, Call
from crm_sandbox.org import Org
from crm_sandbox.rooms.salesforce_bodies import object_of
from crm_sandbox.salesforce.custom_fields import described, split_full_name
from crm_sandbox.salesforce.definitions import DefinitionError
from crm_sandbox.salesforce.errors import RecordError, no_such_resource
from crm_sandbox.salesforce.pages import MOST_IN_A_PAGE
from crm_sandbox.salesforce.schema import SObject

_FIELDS = "CustomField"


class ToolingCalls:
    def __init__(self, org: Org) -> None:
        self._org = org

    def create_field(self, call: Call) -> Answer:
        body = object_of(call)
        object_name, name = split_full_name(body.get("FullName"))
        one = self._org.schema.find(object_name)
        if one is None:
            message = f"In field: FullName - no CustomObject named {object_name} found"
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", message, ["FullName"])
        if name.lower() in (str(field["name"]).lower() for field in one.describe["fields"]):
            message = f"There is already a field named {name.removesuffix('__c')} on {one.describe['label']}."
            raise RecordError("DUPLICATE_DEVELOPER_NAME", message)
        metadata = body.get("Metadata")
        if not isinstance(metadata, dict):
            raise RecordError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Metadata]", ["Metadata"])
        field = described(name, metadata)
        field_id = self._add(one, field)
        headers = {"location": f"{call.path}/{field_id}"}
        answer = {"id": field_id, "success": True, "errors": [], "warnings": [], "infos": []}
        return Answer.json(answer, 201, **headers)

    def delete_field(self, call: Call) -> Answer:
        table = self._org.schema.named(_FIELDS)
        found = self._org.records.living(table, call.words["id"])
        sql = 'SELECT "TableEnumOrId", "DeveloperName" FROM "sf_CustomField" WHERE rowid = ?'
        object_name, name = self._org.store.writer.execute(sql, (found.row,)).fetchone()
        one = self._org.schema.find(object_name)
        if one is None:
            raise no_such_resource()
        kept = [field for field in one.describe["fields"] if field["name"] != f"{name}__c"]
        self._org.add_object({**one.describe, "fields": kept})
        with self._org.store.transaction():
            self._org.records.delete(table, found)
        return Answer(204)

    def query(self, call: Call) -> Answer:
        """SOQL, of the objects that the Tooling API and the sandbox both know."""
        soql, version = call.query.get("q", ""), call.words["version"]
        page = self._org.pages.first(soql, deleted_too=False, size=MOST_IN_A_PAGE, version=version)
        return Answer.json({"size": len(page["records"]), **page, "queryLocator": None, "entityTypeName": _FIELDS})

    def _add(self, one: SObject, field: Mapping[str, Any]) -> str:
        # Salesforce grants a new field to nobody, not even to who made it; a required one needs no grant.
        hidden = {**field, "ungranted": bool(field["nillable"])}
        try:
            self._org.add_object({**one.describe, "fields": [*one.describe["fields"], hidden]})
        except DefinitionError as error:
            raise RecordError("FIELD_INTEGRITY_EXCEPTION", str(error), ["Metadata"]) from error
        table = self._org.schema.named(_FIELDS)
        row = {
            "DeveloperName": str(field["name"]).removesuffix("__c"),
            "TableEnumOrId": one.name,
            "FullName": f"{one.name}.{field['name']}",
        }
        with self._org.store.transaction():
            return self._org.records.insert(table, row)
