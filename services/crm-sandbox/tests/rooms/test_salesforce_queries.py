import pytest

from crm_sandbox.testing import DATA, RunningSandbox

DAYS = ("2020-01-01", "2020-01-02")
NAMED = "Patient_Name__c = 'Query Case'"


@pytest.fixture(scope="module")
def cases(running: RunningSandbox) -> list[str]:
    """Four records that queries tell apart."""
    return running.create(
        {
            "Patient_Name__c": "Query Case",
            "Claim_Amount__c": 10,
            "Service_Date__c": "2020-01-01",
            "Diagnosis__c": "A_b",
        },
        {
            "Patient_Name__c": "query case",
            "Claim_Amount__c": 20,
            "Service_Date__c": "2020-01-02",
            "Diagnosis__c": "a%B",
        },
        {"Patient_Name__c": "QUERY CASE", "Claim_Amount__c": 30, "Risk_Level__c": "High", "Diagnosis__c": "it's \\ é"},
        {"Patient_Name__c": "Query Case", "Treatment_Type__c": "Ünal"},
    )


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Claim_Amount__c > 10", [1, 2]),
        ("Claim_Amount__c >= 10 AND Claim_Amount__c <= 20", [0, 1]),
        ("Claim_Amount__c != 10", [1, 2, 3]),
        ("Claim_Amount__c <> 10.00", [1, 2, 3]),
        ("NOT Claim_Amount__c = 10", [1, 2, 3]),
        ("Claim_Amount__c = null", [3]),
        ("Claim_Amount__c != null", [0, 1, 2]),
        ("Risk_Level__c = ''", [0, 1, 3]),
        ("Risk_Level__c IN ('high', 'LOW')", [2]),
        ("Risk_Level__c NOT IN ('High')", [0, 1, 3]),
        ("Risk_Level__c IN (null, 'High')", [0, 1, 2, 3]),
        ("(Risk_Level__c = 'High' OR Claim_Amount__c = 10)", [0, 2]),
        ("NOT (Risk_Level__c = 'High' OR Claim_Amount__c = 10)", [1, 3]),
        ("Service_Date__c = 2020-01-01", [0]),
        ("Service_Date__c > 2020-01-01", [1]),
        ("Service_Date__c < TODAY", [0, 1]),
        ("CreatedDate = TODAY", [0, 1, 2, 3]),
        ("CreatedDate = LAST_N_DAYS:3", [0, 1, 2, 3]),
        ("CreatedDate < YESTERDAY", []),
        ("CreatedDate > 2020-01-01T00:00:00Z", [0, 1, 2, 3]),
        ("CreatedDate < 2020-01-01T00:00:00+01:00", []),
        ("Diagnosis__c LIKE 'a_b'", [0, 1]),
        ("Diagnosis__c LIKE 'A\\_b'", [0]),
        ("Diagnosis__c LIKE 'a\\%%'", [1]),
        ("Diagnosis__c LIKE '%\\\\%'", [2]),
        ("Diagnosis__c = 'it\\'s \\\\ É'", [2]),
        ("Treatment_Type__c = 'ÜNAL'", [3]),
        ("Treatment_Type__c LIKE 'ÜN%'", [3]),
        ("IsDeleted = false", [0, 1, 2, 3]),
        ("IsDeleted = TRUE", []),
        ("OwnerId != null", [0, 1, 2, 3]),
    ],
)
def test_conditions_find_what_a_real_org_finds(
    sandbox: RunningSandbox, cases: list[str], where: str, expected: list[int]
) -> None:
    found = sandbox.query(f"SELECT Id FROM Claim__c WHERE {NAMED} AND {where}")
    assert [record["Id"] for record in found] == [cases[index] for index in expected]


def test_fields_come_in_the_order_asked_and_with_their_own_names(sandbox: RunningSandbox, cases: list[str]) -> None:
    soql = f"select c.claim_amount__c, Claim__c.NAME, Id from claim__c c where c.Id = '{cases[0][:15]}'"
    (record,) = sandbox.query(soql)
    assert list(record) == ["attributes", "Claim_Amount__c", "Name", "Id"]
    assert record["Claim_Amount__c"] == 10.0


def test_order_limit_and_offset(sandbox: RunningSandbox, cases: list[str]) -> None:
    def order(clause: str) -> list[int]:
        found = sandbox.query(f"SELECT Id FROM Claim__c WHERE {NAMED} ORDER BY {clause}")
        return [cases.index(record["Id"]) for record in found]

    assert order("Claim_Amount__c") == [3, 0, 1, 2]
    assert order("Claim_Amount__c ASC NULLS LAST") == [0, 1, 2, 3]
    assert order("Claim_Amount__c DESC NULLS LAST") == [2, 1, 0, 3]
    assert order("Risk_Level__c DESC NULLS LAST, Id DESC LIMIT 2 OFFSET 1") == [3, 1]


def test_count_has_a_total_and_no_records(sandbox: RunningSandbox, cases: list[str]) -> None:
    answer = sandbox.client.get(f"{DATA}/query", params={"q": f"SELECT COUNT() FROM Claim__c WHERE {NAMED}"})
    assert answer.json() == {"totalSize": len(cases), "done": True, "records": []}


def test_all_fields_need_a_small_limit(sandbox: RunningSandbox) -> None:
    assert len(sandbox.query("SELECT FIELDS(ALL) FROM Claim__c LIMIT 200")[0]) == 19
    assert "Name" not in sandbox.query("SELECT FIELDS(CUSTOM) FROM Claim__c LIMIT 1")[0]
    for soql in ("SELECT FIELDS(ALL) FROM Claim__c", "SELECT FIELDS(ALL) FROM Claim__c LIMIT 201"):
        assert sandbox.refusal(soql)[0] == "MALFORMED_QUERY"


def test_pages_hold_2000_records_or_what_the_client_asks(sandbox: RunningSandbox) -> None:
    soql = "SELECT Id FROM Claim__c WHERE Claim_Number__c LIKE 'HC-%' ORDER BY Id"
    page = sandbox.client.get(f"{DATA}/query", params={"q": soql}).json()
    assert (page["totalSize"], page["done"], len(page["records"])) == (2300, False, 2000)
    assert page["nextRecordsUrl"].startswith(f"{DATA}/query/01g")
    assert page["nextRecordsUrl"].endswith("-2000")
    options = {"Sforce-Query-Options": "batchSize=500"}
    small = sandbox.client.get(f"{DATA}/query", params={"q": soql}, headers=options).json()
    assert len(small["records"]) == 500
    ids = [record["Id"] for record in sandbox.query(soql)]
    assert len(set(ids)) == 2300
    assert ids == sorted(ids)


def test_a_page_can_be_read_again_and_counts_as_one_path(sandbox: RunningSandbox) -> None:
    page = sandbox.client.get(f"{DATA}/query", params={"q": "SELECT Id FROM Claim__c"}).json()
    twice = [sandbox.client.get(page["nextRecordsUrl"]).json() for _ in range(2)]
    assert twice[0] == twice[1]
    assert twice[0]["done"] is True
    paths = [call["path"] for call in sandbox.admin("GET", "/calls").json()["calls"]]
    assert f"{DATA}/query/{{id}}" in paths


def test_an_unknown_locator_is_refused(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.get(f"{DATA}/query/01gRS0000000001-2000")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_an_unknown_field_is_pointed_at(sandbox: RunningSandbox) -> None:
    code, message = sandbox.refusal("SELECT Id,Nope__c FROM Claim__c")
    assert code == "INVALID_FIELD"
    assert message.startswith(
        "\nSELECT Id,Nope__c FROM Claim__c\n          ^\nERROR at Row:1:Column:11\n"
        "No such column 'Nope__c' on entity 'Claim__c'. If you are attempting"
    )


def test_an_unknown_object_is_pointed_at(sandbox: RunningSandbox) -> None:
    code, message = sandbox.refusal("SELECT Id,Name,BillingCity,IsDeleted FROM Accout")
    assert code == "INVALID_TYPE"
    assert "^\nERROR at Row:1:Column:43\nsObject type 'Accout' is not supported." in message
    assert sandbox.refusal("SELECT Id FROM ScratchOrgInfo")[0] == "INVALID_TYPE"


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("Claim_Amount__c = '10'", "INVALID_FIELD"),
        ("Patient_Name__c = 10", "INVALID_FIELD"),
        ("Service_Date__c = 2020-01-01T00:00:00Z", "INVALID_FIELD"),
        ("Service_Date__c = 2020-02-31", "MALFORMED_QUERY"),
        ("Clinical_Summary__c = 'x'", "INVALID_FIELD"),
        ("Clinical_Summary__c = null", "INVALID_FIELD"),
        ("Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("Claim_Amount__c LIKE '1%'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("IsDeleted > false", "INVALID_QUERY_FILTER_OPERATOR"),
        ("Ownr.Name = 'x'", "INVALID_FIELD"),
        ("Nope__c = 1", "INVALID_FIELD"),
    ],
)
def test_a_condition_that_does_not_fit_its_field_is_refused(sandbox: RunningSandbox, where: str, code: str) -> None:
    assert sandbox.refusal(f"SELECT Id FROM Claim__c WHERE {where}")[0] == code


def test_bounds_of_a_query(sandbox: RunningSandbox) -> None:
    assert sandbox.refusal("SELECT Id FROM Claim__c LIMIT 1 OFFSET 2001")[0] == "NUMBER_OUTSIDE_VALID_RANGE"
    assert sandbox.refusal("SELECT Id FROM Claim__c ORDER BY Clinical_Summary__c")[0] == "INVALID_FIELD"
    assert sandbox.refusal("SELECT Id, Id FROM Claim__c")[0] == "INVALID_FIELD"
    assert sandbox.refusal(f"SELECT Id FROM Claim__c WHERE {'(' * 4000}Id = null")[0] == "QUERY_TOO_COMPLICATED"
    chain = " OR ".join(["Id=null"] * 1100)
    assert sandbox.refusal(f"SELECT Id FROM Claim__c WHERE {chain}")[0] == "QUERY_TOO_COMPLICATED"


def test_five_hundred_ids_fit_in_one_query(sandbox: RunningSandbox) -> None:
    ids = [record["Id"] for record in sandbox.query("SELECT Id FROM Claim__c LIMIT 500")]
    listed = "','".join(ids)
    assert len(sandbox.query(f"SELECT Id FROM Claim__c WHERE Id IN ('{listed}')")) == 500


def test_columns_are_what_the_command_line_prints(sandbox: RunningSandbox) -> None:
    params = {"q": "SELECT Id, Claim_Amount__c FROM Claim__c", "columns": "true"}
    answer = sandbox.client.get(f"{DATA}/query", params=params).json()
    assert answer["entityName"] == "Claim__c"
    assert [column["columnName"] for column in answer["columnMetadata"]] == ["Id", "Claim_Amount__c"]


def test_record_counts_leave_out_what_is_empty(sandbox: RunningSandbox) -> None:
    counts = sandbox.client.get(f"{DATA}/limits/recordCount", params={"sObjects": "Account,Opportunity"}).json()
    assert counts == {"sObjects": [{"count": 5, "name": "Account"}]}
