"""The dataset that the org `claims` begins with: the claims of the org, as a recipe of the vendor would copy them."""

from collections.abc import Iterator

from crm_sandbox.analytics.datasets import Datasets
from crm_sandbox.analytics.file_format import DatasetField, FileFormat
from crm_sandbox.analytics.file_rows import DatasetRow, row_of
from crm_sandbox.salesforce.ids import make_id
from crm_sandbox.seeds.claims import claims_org

ROWS = 450
NAME = "Claims"

FIELDS = (
    DatasetField("Id", "Claim ID"),
    DatasetField("Claim_Number", "Claim Number"),
    DatasetField("Patient_Name", "Patient Name"),
    DatasetField("Diagnosis", "Diagnosis"),
    DatasetField("Treatment_Type", "Treatment Type"),
    DatasetField("Claim_Status", "Claim Status"),
    DatasetField("Claim_Amount", "Claim Amount", "Numeric", scale=2, default="0"),
    DatasetField("Service_Date", "Service Date", "Date"),
    DatasetField("Risk_Level", "Risk Level"),
)


def fill(datasets: Datasets) -> None:
    """Publish the first version."""
    datasets.publish(datasets.ensure(NAME, "Claims", None), FIELDS, _rows())


def _rows() -> Iterator[DatasetRow]:
    file = FileFormat(FIELDS)
    claims = next(rows for name, rows in claims_org(ROWS) if name == "Claim__c")
    for number, claim in enumerate(claims, start=1):
        named = {"Id": make_id("a00", number)} | {name.removesuffix("__c"): value for name, value in claim.items()}
        yield row_of([str(named[field.name]) for field in FIELDS], file)
