"""Datasets as a client sees them: list, fields, SAQL."""

from collections.abc import Callable
from typing import Any

import pytest

from crm_sandbox.analytics.testing import DatasetClient
from crm_sandbox.testing import DATA, RunningSandbox


@pytest.fixture
def wave(sandbox: RunningSandbox) -> DatasetClient:
    return DatasetClient(sandbox)


@pytest.fixture(scope="session")
def large(running: RunningSandbox) -> DatasetClient:
    """A dataset of 25,001 rows, named Large."""
    wave = DatasetClient(running)
    lines = (f"r{number % 7},{number}" for number in range(25_001))
    status, said = wave.upload("Large", "Name,Number\r\n" + "\r\n".join(lines), operation="Overwrite")
    assert status == "Completed", said
    return wave


def test_the_org_begins_with_a_dataset_of_its_claims(sandbox: RunningSandbox, wave: DatasetClient) -> None:
    (claims,) = [one for one in wave.datasets() if one["name"] == "Claims"]
    assert claims["id"].startswith("0Fb")
    rows = wave.rows("Claims", "Id", "Claim_Number", "Claim_Amount", limit=500)
    assert len(rows) == 450
    (first,) = sandbox.query("SELECT Id, Claim_Number__c, Claim_Amount__c FROM Claim__c ORDER BY Id LIMIT 1")
    number, amount = first["Claim_Number__c"], first["Claim_Amount__c"]
    assert {"Id": first["Id"], "Claim_Number": number, "Claim_Amount": amount} in rows


def test_datasets_are_listed_in_pages_and_searched(wave: DatasetClient) -> None:
    for name in ("Paged_A", "Paged_B", "Paged_C"):
        wave.upload(name, "A\r\n1\r\n", operation="Overwrite")
    found = [one["name"] for one in wave.datasets(q="paged", page_size=2)]
    assert found == ["Paged_A", "Paged_B", "Paged_C"]


def test_the_fields_of_a_dataset_are_its_main_xmd(wave: DatasetClient) -> None:
    xmd = wave.xmd("Claims")
    assert "Claim_Amount" in [one["field"] for one in xmd["measures"]]
    assert "Diagnosis" in [one["field"] for one in xmd["dimensions"]]
    (date,) = xmd["dates"]
    assert date["fields"]["fullField"] == "Service_Date"
    (row,) = wave.rows("Claims", "Service_Date", "Service_Date_Year", limit=1)
    assert row["Service_Date"][:4] == row["Service_Date_Year"]


@pytest.mark.parametrize("path", ["Nope", "0FbRS0000000999AAA", "Claims/versions/0FcRS0000000999AAA"])
def test_what_is_not_there_is_not_found(sandbox: RunningSandbox, path: str) -> None:
    answer = sandbox.client.get(f"{DATA}/wave/datasets/{path}")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_a_query_without_a_limit_returns_ten_thousand_rows_and_says_nothing(large: DatasetClient) -> None:
    assert len(large.ask("Large", "q = foreach q generate 'Number' as 'Number';")) == 10_000
    assert large.count("Large") == 25_001


def test_pages_in_order_are_all_of_a_dataset(large: DatasetClient) -> None:
    numbers = [row["Number"] for page in large.pages("Large", "Number", size=10_000) for row in page]
    assert sorted(numbers, key=int) == [str(number) for number in range(25_001)]


def test_a_version_stays_readable_while_its_dataset_is_overwritten(wave: DatasetClient) -> None:
    wave.upload("Moving", "A\r\n" + "\r\n".join(f"old{number}" for number in range(6)), operation="Overwrite")
    pinned = wave.reference("Moving")
    pages = wave.pages("Moving", "A", size=4)
    first = next(pages)
    wave.upload("Moving", "A\r\nnew\r\n", operation="Overwrite")
    rest = [row for page in pages for row in page]
    assert [row["A"] for row in first + rest] == [f"old{number}" for number in range(6)]
    assert wave.reference("Moving") != pinned
    assert wave.rows("Moving", "A") == [{"A": "new"}]


@pytest.mark.parametrize(
    ("statements", "rows"),
    [
        ("q = filter q by 'N' >= 2 && 'T' != \"c\"; q = foreach q generate 'T' as 'T';", [{"T": "b"}]),
        ("q = filter q by 'T' in [\"a\", \"c\"]; q = foreach q generate 'T' as 'T';", [{"T": "a"}, {"T": "c"}]),
        ("q = filter q by !('T' not in [\"a\"]); q = foreach q generate 'N' as 'x';", [{"x": 1}]),
        ("q = filter q by 'N' is null; q = foreach q generate 'T' as 'T', 'N' as 'N';", [{"T": "none"}]),
        ("q = group q by all; q = foreach q generate sum('N') as 's', unique('T') as 'u';", [{"s": 6, "u": 4}]),
        ("q = foreach q generate 'N' as 'N'; q = order q by 'N' desc; q = offset q 1; q = limit q 2;",
         [{"N": 2}, {"N": 1}]),
    ],
)  # fmt: skip
def test_clauses_mean_what_they_say(wave: DatasetClient, statements: str, rows: list[dict[str, Any]]) -> None:
    fields = [{"name": "T"}, {"name": "N", "type": "Numeric", "precision": 18, "scale": 2, "defaultValue": ""}]
    wave.upload("Clauses", "T,N\r\na,1\r\nb,2\r\nc,3\r\nnone,\r\n", operation="Overwrite", fields=fields)
    assert wave.ask("Clauses", statements) == rows


@pytest.mark.parametrize(
    ("statements", "says"),
    [
        ("q = foreach q generate 'Nope' as 'n';", "Undefined identifier: 'Nope'"),
        ("q = limit q 5; q = offset q 5;", "before the limit"),
        ("q = offset q 5; q = limit q 5;", "after an order"),
        ("q = order q by 'Id' asc; q = foreach q generate 'Id' as 'Id';", "before order"),
        ("p = limit r 5;", "Undefined stream 'r'"),
        ("q = group q by 'Id';", "needs a foreach"),
        ("q = group q by 'Id'; q = foreach q generate 'Diagnosis' as 'd';", "neither grouped nor aggregated"),
        ("q = group q by all; q = foreach q generate sum('Diagnosis') as 'd';", "needs a measure"),
    ],
)
def test_a_query_that_cannot_be_answered_is_refused(wave: DatasetClient, statements: str, says: str) -> None:
    status, message = wave.refusal("Claims", statements)
    assert status == 400
    assert says in message


def test_a_name_instead_of_id_and_version_is_refused(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.post(f"{DATA}/wave/query", json={"query": 'q = load "Claims"; q = limit q 1;'})
    assert answer.status_code == 400
    assert answer.json()[0]["message"] == "Invalid empty containerId/versionId in 'Claims'"


def test_datasets_survive_a_restart_and_a_reset_brings_the_first_ones_back(own: Callable[..., RunningSandbox]) -> None:
    first = own()
    DatasetClient(first).upload("Kept", "A\r\nx\r\n", operation="Overwrite")
    first.stop()
    second = own()
    wave = DatasetClient(second)
    assert wave.rows("Kept", "A") == [{"A": "x"}]
    second.admin("POST", "/reset")
    assert [one["name"] for one in wave.datasets()] == ["Claims"]
