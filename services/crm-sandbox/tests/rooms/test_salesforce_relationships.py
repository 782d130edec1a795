import csv
from collections.abc import Iterator
from io import StringIO

import pytest

from crm_sandbox.testing import DATA, RunningSandbox

LEVELS = 7


@pytest.fixture(scope="module")
def family(running: RunningSandbox) -> Iterator[dict[str, str]]:
    """Two accounts, one above the other, three contacts, and a chain of objects with custom lookups."""
    (above,) = running.create({"Name": "Above 'n' beyond"}, object_name="Account")
    (below,) = running.create({"Name": "Below", "ParentId": above}, object_name="Account")
    contacts = running.create(
        {"LastName": "Relative A", "AccountId": below},
        {"LastName": "Relative B", "AccountId": above},
        {"LastName": "Relative C"},
        object_name="Contact",
    )
    names = ["Chain0__c", *(f"Chain{level}__c" for level in range(1, LEVELS))]
    last = ""
    for level in reversed(range(LEVELS)):
        up = [{"name": "Up__c", "type": "reference", "referenceTo": [f"Chain{level + 1}__c"]}] if last else []
        fields = [{"name": "Label__c", "type": "string", "length": 80, "externalId": True}, *up]
        running.admin("POST", "/objects", {"name": names[level], "fields": fields}).raise_for_status()
        body = {"Name": f"link {level}", "Label__c": f"Level {level}", **({"Up__c": last} if last else {})}
        (last,) = running.create(body, object_name=names[level])
    yield {"above": above, "below": below, **dict(zip("abc", contacts, strict=True))}
    for record_id in (above, below):
        running.client.delete(f"{DATA}/sobjects/Account/{record_id}").raise_for_status()


def names(sandbox: RunningSandbox, rest: str) -> list[str]:
    """Last letters of the contacts that are found."""
    found = sandbox.query(f"SELECT LastName FROM Contact WHERE LastName LIKE 'Relative %' {rest}")
    return [record["LastName"][-1] for record in found]


def test_a_parents_fields_are_nested_as_a_real_org_nests_them(sandbox: RunningSandbox, family: dict[str, str]) -> None:
    fields = "account.parent.name, Id, Account.Name, Account.Parent.Owner.Name"
    (record,) = sandbox.query(f"SELECT {fields} FROM Contact WHERE Id = '{family['a']}'")
    assert list(record) == ["attributes", "Account", "Id"]
    account = record["Account"]
    assert account["attributes"] == {"type": "Account", "url": f"{DATA}/sobjects/Account/{family['below']}"}
    assert account["Name"] == "Below"
    parent = account["Parent"]
    assert parent["attributes"] == {"type": "Account", "url": f"{DATA}/sobjects/Account/{family['above']}"}
    assert parent["Name"] == "Above 'n' beyond"
    # The reference may lead to a group, too: then the type is Name, whatever it leads to here.
    assert parent["Owner"]["attributes"]["type"] == "Name"
    assert "/sobjects/User/005" in parent["Owner"]["attributes"]["url"]
    assert parent["Owner"]["Name"]


def test_a_parent_that_is_not_there_is_null_as_a_whole(sandbox: RunningSandbox, family: dict[str, str]) -> None:
    (record,) = sandbox.query(f"SELECT Account.Name, Account.Parent.Name FROM Contact WHERE Id = '{family['c']}'")
    assert record["Account"] is None
    (record,) = sandbox.query(f"SELECT Account.Name, Account.Parent.Name FROM Contact WHERE Id = '{family['b']}'")
    assert record["Account"]["Parent"] is None


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("Account.Name = 'below'", "a"),
        ("Account.Name != 'Below'", "bc"),
        ("Account.Name LIKE '%beyond'", "b"),
        ("Account.Parent.Name = 'Above \\'n\\' beyond'", "a"),
        ("Account.Name = null", "c"),
        ("Account.Name IN ('Below', null)", "ac"),
        ("Account.ParentId = null", "bc"),
        ("Account.Id != null", "ab"),
        ("Account.CreatedDate = TODAY", "ab"),
        ("Account.IsDeleted = false", "ab"),
        ("NOT Account.Parent.Id = '{above}'", "bc"),
        ("Owner.Name != null", "abc"),
        ("Contact.Account.Name = 'Below'", "a"),
    ],
)
def test_conditions_reach_parents(
    sandbox: RunningSandbox, family: dict[str, str], condition: str, expected: str
) -> None:
    condition = condition.replace("{above}", family["above"])
    assert "".join(names(sandbox, f"AND {condition} ORDER BY Id")).lower() == expected


def test_an_order_may_follow_parents(sandbox: RunningSandbox, family: dict[str, str]) -> None:
    assert names(sandbox, "ORDER BY Account.Name") == ["C", "B", "A"]
    assert names(sandbox, "ORDER BY Account.Parent.Name DESC NULLS LAST, Account.Id ASC NULLS LAST") == ["A", "B", "C"]
    assert names(sandbox, "ORDER BY Account.Id NULLS LAST LIMIT 1") == ["B"]


def test_a_parents_key_is_found_by_its_folded_value(sandbox: RunningSandbox, family: dict[str, str]) -> None:
    assert len(sandbox.query("SELECT Id FROM Chain0__c WHERE Up__r.Label__c = 'LEVEL 1'")) == 1
    assert len(sandbox.query("SELECT Id FROM Chain0__c WHERE Up__r.Label__c IN ('Level 2')")) == 0


def test_five_levels_of_custom_lookups_and_no_more(sandbox: RunningSandbox, family: dict[str, str]) -> None:
    (record,) = sandbox.query(f"SELECT {'Up__r.' * 5}Label__c FROM Chain0__c")
    for _ in range(5):
        record = record["Up__r"]
    assert record["Label__c"] == "Level 5"
    code, message = sandbox.refusal(f"SELECT {'Up__r.' * 6}Label__c FROM Chain0__c")
    assert code == "MALFORMED_QUERY"
    assert "more than 5 levels" in message


def test_what_a_path_names_must_be_there(sandbox: RunningSandbox, family: dict[str, str]) -> None:
    code, message = sandbox.refusal("SELECT Id, Accont.Name FROM Contact")
    assert code == "INVALID_FIELD"
    assert message.startswith(
        "\nSELECT Id, Accont.Name FROM Contact\n           ^\nERROR at Row:1:Column:12\n"
        "Didn't understand relationship 'Accont' in field path. If you are attempting to use a custom relationship, "
        "be sure to append the '__r' after the custom relationship name."
    )
    assert "No such column 'Nope' on entity 'Account'" in sandbox.refusal("SELECT Account.Nope FROM Contact")[1]
    assert "No such column 'Department' on entity 'Name'" in sandbox.refusal("SELECT Owner.Department FROM Contact")[1]
    assert "relationship 'Up__c'" in sandbox.refusal("SELECT Up__c.Label__c FROM Chain0__c")[1]
    assert sandbox.refusal("SELECT Account.Name, account.name FROM Contact")[0] == "INVALID_FIELD"
    for unspoken in ("Owner.Manager.Name", "Account.BillingAddress"):
        code, message = sandbox.refusal(f"SELECT {unspoken} FROM Contact")
        assert (code, "not supported by this sandbox" in message) == ("MALFORMED_QUERY", True)


def test_a_bulk_query_names_a_parents_column_by_its_path(sandbox: RunningSandbox, family: dict[str, str]) -> None:
    where = "WHERE LastName LIKE 'Relative %' ORDER BY Id"
    job = sandbox.bulk_query(f"SELECT LastName, Account.Parent.Name, account.name FROM Contact {where}")
    text = sandbox.client.get(f"{DATA}/jobs/query/{job['id']}/results").raise_for_status().content.decode()
    assert list(csv.reader(StringIO(text, newline=""))) == [
        ["LastName", "Account.Parent.Name", "Account.Name"],
        ["Relative A", "Above 'n' beyond", "Below"],
        ["Relative B", "", "Above 'n' beyond"],
        ["Relative C", "", ""],
    ]


def test_columns_of_parents_are_joined_below_their_relationship(sandbox: RunningSandbox) -> None:
    params = {"q": "SELECT Id, Account.Name, Account.Owner.Name FROM Contact", "columns": "true"}
    columns = sandbox.client.get(f"{DATA}/query", params=params).json()["columnMetadata"]
    assert [column["columnName"] for column in columns] == ["Id", "Account"]
    name, owner = columns[1]["joinColumns"]
    assert (name["columnName"], owner["columnName"]) == ("Name", "Owner")
    assert [column["columnName"] for column in owner["joinColumns"]] == ["Name"]
