from typing import Any

import httpx
import pytest

from crm_sandbox.testing import DATA, RunningSandbox

FIELDS = f"{DATA}/tooling/sobjects/CustomField"
VALUES = {"value": [{"fullName": "A"}]}


def make(sandbox: RunningSandbox, name: str, **metadata: Any) -> httpx.Response:
    body = {"FullName": name, "Metadata": {"type": "Text", "length": 64, "label": "Key", **metadata}}
    return sandbox.client.post(FIELDS, json=body)


def described(sandbox: RunningSandbox, object_name: str, field: str) -> dict[str, Any] | None:
    fields = sandbox.client.get(f"{DATA}/sobjects/{object_name}/describe").json()["fields"]
    return next((one for one in fields if one["name"] == field), None)


def grant(sandbox: RunningSandbox, field: str, *, edit: bool = True) -> None:
    """What it takes after a field is made: a permission set, its assignment, the field's permissions."""
    user = sandbox.query("SELECT Id FROM User")[0]["Id"]
    found = sandbox.query("SELECT Id FROM PermissionSet WHERE Name = 'Fields'")
    (set_id,) = [one["Id"] for one in found] or sandbox.create(
        {"Name": "Fields", "Label": "Fields"}, object_name="PermissionSet"
    )
    assignment = {"PermissionSetId": set_id, "AssigneeId": user}
    assigned = sandbox.client.post(f"{DATA}/sobjects/PermissionSetAssignment", json=assignment)
    if assigned.status_code == 400:
        assert assigned.json() == [
            {
                "message": f"Duplicate PermissionSetAssignment.  Assignee: {user[:15]}; Permission Set: {set_id[:15]}",
                "errorCode": "DUPLICATE_VALUE",
                "fields": ["AssigneeId", "PermissionSetId"],
            }
        ]
    permission = {"ParentId": set_id, "SobjectType": field.partition(".")[0], "Field": field}
    sandbox.create({**permission, "PermissionsRead": True, "PermissionsEdit": edit}, object_name="FieldPermissions")


def test_a_new_field_is_seen_when_it_is_granted_and_not_before(sandbox: RunningSandbox) -> None:
    answer = make(sandbox, "Case.Outer_Key__c", externalId=True, unique=True, caseSensitive=True)
    assert (answer.status_code, answer.json()["success"], answer.json()["id"][:3]) == (201, True, "00N")
    assert described(sandbox, "Case", "Outer_Key__c") is None
    (refused,) = sandbox.collection("POST", [{"Outer_Key__c": "x"}], object_name="Case")
    assert refused["errors"][0]["statusCode"] == "INVALID_FIELD"
    grant(sandbox, "Case.Outer_Key__c")
    field = described(sandbox, "Case", "Outer_Key__c")
    assert field is not None
    facts = {"externalId", "unique", "caseSensitive", "idLookup", "createable", "updateable", "nillable", "custom"}
    assert {name for name in facts if field[name]} == facts
    assert (field["type"], field["length"]) == ("string", 64)
    (made,) = sandbox.collection("PATCH", [{"Outer_Key__c": "k1"}], "/Case/Outer_Key__c", object_name="Case")
    assert made["created"] is True
    assert sandbox.query("SELECT Outer_Key__c FROM Case WHERE Outer_Key__c = 'k1'")[0]["Outer_Key__c"] == "k1"


def test_a_field_that_may_be_read_only_cannot_be_written(sandbox: RunningSandbox) -> None:
    make(sandbox, "Case.Read_Only__c").raise_for_status()
    grant(sandbox, "Case.Read_Only__c", edit=False)
    (refused,) = sandbox.collection("POST", [{"Read_Only__c": "x"}], object_name="Case")
    assert refused["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_making_a_field_again_is_refused_and_changes_nothing(sandbox: RunningSandbox) -> None:
    make(sandbox, "Case.Twice__c").raise_for_status()
    answer = make(sandbox, "Case.Twice__c", length=10)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "DUPLICATE_DEVELOPER_NAME")
    assert answer.json()[0]["message"] == "There is already a field named Twice on Case."
    found = sandbox.client.get(f"{DATA}/tooling/query", params={"q": "SELECT Id, FullName FROM CustomField"}).json()
    assert [one["FullName"] for one in found["records"]].count("Case.Twice__c") == 1


def test_a_removed_field_is_unknown_at_once(sandbox: RunningSandbox) -> None:
    field_id = make(sandbox, "Case.Short_Lived__c").json()["id"]
    grant(sandbox, "Case.Short_Lived__c")
    assert described(sandbox, "Case", "Short_Lived__c") is not None
    assert sandbox.client.delete(f"{FIELDS}/{field_id}").status_code == 204
    assert described(sandbox, "Case", "Short_Lived__c") is None
    assert sandbox.refusal("SELECT Short_Lived__c FROM Case")[0] == "INVALID_FIELD"


@pytest.mark.parametrize(
    ("metadata", "facts"),
    [
        ({"type": "LongTextArea", "length": 32768, "visibleLines": 3}, {"type": "textarea", "length": 32768}),
        ({"type": "Number", "precision": 10, "scale": 2}, {"type": "double", "precision": 10, "scale": 2}),
        ({"type": "Checkbox", "defaultValue": "true"}, {"type": "boolean", "defaultValue": True}),
        ({"type": "Lookup", "referenceTo": "Account", "relationshipName": "R"}, {"relationshipName": "R__r"}),
        (
            {
                "type": "Picklist",
                "valueSet": {"restricted": True, "valueSetDefinition": {"value": [{"fullName": "A"}]}},
            },
            {"type": "picklist", "restrictedPicklist": True},
        ),
    ],
)
def test_fields_of_many_types(sandbox: RunningSandbox, metadata: dict[str, Any], facts: dict[str, Any]) -> None:
    name = f"Of_{metadata['type']}__c"
    make(sandbox, f"Case.{name}", **metadata).raise_for_status()
    grant(sandbox, f"Case.{name}")
    field = described(sandbox, "Case", name)
    assert field is not None
    assert {fact: field[fact] for fact in facts} == facts


@pytest.mark.parametrize(
    ("name", "metadata", "code"),
    [
        ("Case.NoSuffix", {}, "INVALID_FULL_NAME"),
        ("Nope__c.Key__c", {}, "INVALID_CROSS_REFERENCE_KEY"),
        ("Case.Key__c", {"length": 256}, "FIELD_INTEGRITY_EXCEPTION"),
        ("Case.Key__c", {"type": "Magic"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Case.Key__c", {"type": "Picklist"}, "REQUIRED_FIELD_MISSING"),
    ],
)
def test_a_field_that_cannot_be_is_refused(
    sandbox: RunningSandbox, name: str, metadata: dict[str, Any], code: str
) -> None:
    answer = make(sandbox, name, **metadata)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
