"""External data: a header, parts, the order to process, and how it ends."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from crm_sandbox.analytics.testing import DatasetClient
from crm_sandbox.testing import DATA, RunningSandbox

HEADERS = f"{DATA}/sobjects/InsightsExternalData"
KEYED = [{"name": "K", "isUniqueId": True}, {"name": "V"}]


@pytest.fixture
def wave(sandbox: RunningSandbox) -> DatasetClient:
    return DatasetClient(sandbox)


def test_parts_of_one_gzip_stream_become_a_dataset(wave: DatasetClient) -> None:
    content = gzip.compress(b"Record ID,Value\r\n" + b"".join(b"%d,\xc3\xa9\r\n" % one for one in range(500)))
    upload = wave.begin("Split")
    half = len(content) // 2
    wave.part(upload, 2, content[half:])
    wave.part(upload, 1, content[:half])
    assert wave.process(upload).status_code == 204
    assert wave.ended(upload) == ("Completed", None)
    assert wave.count("Split") == 500
    assert wave.rows("Split", "Record_ID", "Value", limit=1) == [{"Record_ID": "0", "Value": "é"}]


def test_an_upload_goes_through_its_states_by_the_orgs_clock(own: Callable[..., RunningSandbox]) -> None:
    sandbox = own()
    sandbox.admin("POST", "/switches", {"analytics_upload_seconds": 300}).raise_for_status()
    wave = DatasetClient(sandbox)
    upload = wave.begin("Slowly")
    wave.part(upload, 1, b"A\r\n1\r\n")
    seen = [wave.status(upload)[0]]
    wave.process(upload)
    for advance_s in (0, 100, 200):
        sandbox.admin("POST", "/clock", {"advance_s": advance_s})
        wave.status(upload)  # the org works between two calls
        seen.append(wave.status(upload)[0])
    assert seen == ["New", "Queued", "InProgress", "Completed"]
    assert wave.datasets(q="Slowly")[0]["currentVersionId"].startswith("0Fc")


def test_a_part_of_more_than_ten_megabytes_is_refused(wave: DatasetClient) -> None:
    answer = wave.part(wave.begin("Big"), 1, b"x" * 10_000_001)
    assert answer.status_code == 400
    assert "smaller than 10 MB" in answer.json()[0]["message"]


@pytest.mark.parametrize("text", ["!!!!", "YQ=", 5, None])
def test_a_part_that_is_no_base64_is_refused(sandbox: RunningSandbox, wave: DatasetClient, text: Any) -> None:
    body = {"InsightsExternalDataId": wave.begin("Odd"), "PartNumber": 1, "DataFile": text}
    answer = sandbox.client.post(f"{DATA}/sobjects/InsightsExternalDataPart", json=body)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize(("numbers", "says"), [([], "no parts"), ([2], "see part 1"), ([1, 3], "see part 2")])
def test_parts_with_a_gap_are_not_processed(wave: DatasetClient, numbers: list[int], says: str) -> None:
    upload = wave.begin("Gap")
    for number in numbers:
        wave.part(upload, number, b"A\r\n1\r\n")
    answer = wave.process(upload)
    assert answer.status_code == 400
    assert says in answer.json()[0]["message"]


def test_a_part_number_is_taken_once(wave: DatasetClient) -> None:
    upload = wave.begin("Twice")
    wave.part(upload, 1, b"A\r\n")
    assert wave.part(upload, 1, b"B\r\n").json()[0]["errorCode"] == "DUPLICATE_VALUE"


def test_nothing_can_be_edited_after_the_order_to_process(sandbox: RunningSandbox, wave: DatasetClient) -> None:
    upload = wave.begin("Closed")
    part = wave.part(upload, 1, b"A\r\n1\r\n").json()["id"]
    wave.process(upload)
    edits = [
        wave.part(upload, 2, b"2\r\n"),
        wave.process(upload),
        sandbox.client.patch(f"{HEADERS}/{upload}", json={"Operation": "Append"}),
        sandbox.client.patch(f"{DATA}/sobjects/InsightsExternalDataPart/{part}", json={"PartNumber": 7}),
    ]
    assert [answer.status_code for answer in edits] == [400] * 4
    assert {answer.json()[0]["errorCode"] for answer in edits} == {"INSUFFICIENT_ACCESS_OR_READONLY"}


def test_overwrite_replaces_and_append_adds(wave: DatasetClient) -> None:
    wave.upload("Plain", "A\r\nx\r\n", operation="Append")
    wave.upload("Plain", "A\r\ny\r\n", operation="Append")
    assert [row["A"] for row in wave.rows("Plain", "A")] == ["x", "y"]
    wave.upload("Plain", "A\r\nz\r\n", operation="Overwrite")
    assert [row["A"] for row in wave.rows("Plain", "A")] == ["z"]


def test_upsert_and_delete_go_by_the_unique_id(wave: DatasetClient) -> None:
    wave.upload("Keyed", "K,V\r\n1,a\r\n2,b\r\n", operation="Upsert", fields=KEYED)
    wave.upload("Keyed", "K,V\r\n2,c\r\n3,d\r\n", operation="Upsert", fields=KEYED)
    assert {row["K"]: row["V"] for row in wave.rows("Keyed", "K", "V")} == {"1": "a", "2": "c", "3": "d"}
    wave.upload("Keyed", "K,V\r\n1,\r\n", operation="Delete", fields=KEYED)
    assert {row["K"] for row in wave.rows("Keyed", "K")} == {"2", "3"}


@pytest.mark.parametrize(
    ("operation", "fields", "content", "says"),
    [
        ("Upsert", [{"name": "K"}, {"name": "V"}], "K,V\r\n1,a\r\n", "needs exactly one field with isUniqueId"),
        ("Upsert", KEYED, "K,V\r\n1,a\r\n1,b\r\n", "same value in more than one row"),
        ("Append", KEYED, "K,V\r\n1,a\r\n", "Append is not possible"),
        ("Delete", KEYED, "K,V\r\n1,a\r\n", "no dataset to delete"),
        ("Append", None, 'K,V\r\n1,"a\r\n', "no CSV"),
        ("Append", None, "", "empty"),
        ("Append", [{"name": "K", "type": "Money"}], "K\r\n1\r\n", "the type 'Money'"),
    ],
)
def test_an_upload_that_cannot_be_loaded_fails_and_says_why(
    wave: DatasetClient, operation: str, fields: list[dict[str, Any]] | None, content: str, says: str
) -> None:
    status, message = wave.upload("Refused", content, operation=operation, fields=fields)
    assert status == "Failed"
    assert says in str(message)
    assert [one for one in wave.datasets(q="Refused") if "currentVersionId" in one] == []


def test_bad_rows_are_rejected_and_the_others_loaded_with_a_warning(wave: DatasetClient) -> None:
    content = "A,B\r\n1,x\r\n2\r\n3," + "y" * 32_001 + "\r\n4," + "z" * 32_000 + "\r\n"
    status, message = wave.upload("Warned", content, operation="Append")
    assert status == "CompletedWithWarnings"
    assert message == "2 rows were rejected; row 2: 1 values for 2 fields"
    assert [row["A"] for row in wave.rows("Warned", "A")] == ["1", "4"]


@pytest.mark.parametrize(
    ("end", "rows"), [("Failed", None), ("NotProcessed", None), ("Aborted", None), ("CompletedWithWarnings", ["1"])]
)
def test_a_fault_lets_an_upload_end_otherwise(
    sandbox: RunningSandbox, wave: DatasetClient, end: str, rows: list[str] | None
) -> None:
    sandbox.fault(method="PATCH", path="/services/data/*/sobjects/InsightsExternalData/*", code=end, times=1)
    status, message = wave.upload(f"Ends_{end}", "A\r\n1\r\n2\r\n", operation="Append")
    assert status == end
    assert message
    if rows:
        assert [row["A"] for row in wave.rows(f"Ends_{end}", "A")] == rows


def test_a_dataset_takes_so_many_uploads_a_day(own: Callable[..., RunningSandbox]) -> None:
    sandbox = own()
    wave = DatasetClient(sandbox)
    assert sandbox.admin("GET", "/switches").json()["analytics_uploads_a_day"] == 50
    sandbox.admin("POST", "/switches", {"analytics_uploads_a_day": 3}).raise_for_status()
    uploads = [wave.begin("Daily") for _ in range(4)]
    answers = [(wave.part(upload, 1, b"A\r\n1\r\n"), wave.process(upload))[1] for upload in uploads]
    assert [answer.status_code for answer in answers] == [204, 204, 204, 403]
    assert answers[-1].json()[0]["errorCode"] == "LIMIT_EXCEEDED"
    assert wave.upload("Another", "A\r\n1\r\n")[0] == "Completed"
    sandbox.admin("POST", "/clock", {"advance_s": 86_400})
    token = sandbox.login().json()["access_token"]
    sandbox.client.headers["authorization"] = f"Bearer {token}"
    assert wave.process(uploads[-1]).status_code == 204


def test_parts_can_be_asked_for(sandbox: RunningSandbox, wave: DatasetClient) -> None:
    upload = wave.begin("Asked", Description="a mark")
    for number in (1, 2):
        wave.part(upload, number, b"A\r\n")
    asked = f"SELECT Id, PartNumber FROM InsightsExternalDataPart WHERE InsightsExternalDataId = '{upload}' "
    assert [row["PartNumber"] for row in sandbox.query(asked + "ORDER BY PartNumber")] == [1, 2]
    found = sandbox.query("SELECT Id FROM InsightsExternalData WHERE Description = 'a mark'")
    assert [row["Id"] for row in found] == [upload]


def test_metadata_that_is_no_base64_is_refused(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.post(HEADERS, json={"EdgemartAlias": "M", "MetadataJson": "{}"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")
    answer = sandbox.client.post(HEADERS, json={"EdgemartAlias": "M", "Operation": "Merge"})
    assert answer.json()[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
