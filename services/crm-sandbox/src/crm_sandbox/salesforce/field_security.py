"""Who sees a custom field: nobody, until a permission set that is assigned to the user grants it."""

from collections.abc import Mapping

from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.errors import RecordError
from crm_sandbox.salesforce.records import Records
from crm_sandbox.salesforce.schema import Schema
from crm_sandbox.store import Store

# What two records must not have in common, and what the refusal calls it.
_ONCE = {
    "PermissionSetAssignment": ("AssigneeId", "PermissionSetId"),
    "FieldPermissions": ("ParentId", "Field"),
}


class FieldSecurity:
    def __init__(self, store: Store, schema: Schema, user_id: str) -> None:
        self._store = store
        self._schema = schema
        self._user_id = user_id

    def watch(self, records: Records) -> None:
        for name in _ONCE:
            records.checks[name] = self._check

    def granted(self) -> Mapping[str, bool]:
        """Field names such as Claim__c.Key__c that the user may read, and whether also write."""
        sql = (
            'SELECT p."Field", max(p."PermissionsEdit") FROM "sf_FieldPermissions" p '
            'JOIN "sf_PermissionSetAssignment" a ON a."PermissionSetId" = p."ParentId" '
            'WHERE a."AssigneeId" = ? AND p."PermissionsRead" = 1 AND p."IsDeleted" = 0 AND a."IsDeleted" = 0 '
            'GROUP BY p."Field"'
        )
        return {str(name).lower(): bool(edit) for name, edit in self._store.writer.execute(sql, (self._user_id,))}

    def _check(self, name: str, values: Mapping[str, Scalar]) -> None:
        """Refuse a second record of the same, or a permission for a field that there is not."""
        first, second = _ONCE[name]
        sql = f'SELECT 1 FROM "sf_{name}" WHERE "{first}" = ? AND "{second}" = ? AND "IsDeleted" = 0'
        twice = self._store.writer.execute(sql, (values.get(first), values.get(second))).fetchone()
        if name == "PermissionSetAssignment" and twice:
            assignee, permission_set = str(values[first])[:15], str(values[second])[:15]
            message = f"Duplicate PermissionSetAssignment.  Assignee: {assignee}; Permission Set: {permission_set}"
            raise RecordError("DUPLICATE_VALUE", message, [first, second])
        if twice:
            message = "duplicate value found: <unknown> duplicates value on record with id: <unknown>"
            raise RecordError("DUPLICATE_VALUE", message)
        if name == "FieldPermissions":
            self._demand_field(str(values.get("Field") or ""))

    def _demand_field(self, full_name: str) -> None:
        object_name, _, field_name = full_name.partition(".")
        one = self._schema.find(object_name)
        if one is None or field_name.lower() not in (str(body["name"]).lower() for body in one.describe["fields"]):
            message = f"Field Name: bad value for restricted picklist field: {full_name}"
            raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["Field"])
