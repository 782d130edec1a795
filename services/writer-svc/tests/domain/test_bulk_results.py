"""Lines of result files become verdicts."""

import pytest
from writer_svc.domain.bulk_results import not_written, written
from writer_svc.domain.verdicts import Verdict

COLUMNS = ["Key__c", "Name"]


def test_a_success_names_the_record() -> None:
    assert written({"sf__Id": "001A0000006Vm9r", "sf__Created": "true"}) == Verdict(
        "written", crm_id="001A0000006Vm9rIAC"
    )


@pytest.mark.parametrize(
    ("error", "code", "part"),
    [
        ("REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --", "REQUIRED_FIELD_MISSING", "Name: "),
        ("CUSTOM:a rule: with a colon:Name --", "CUSTOM", "a rule: with a colon"),
        ("CUSTOM:a rule: with a colon --", "CUSTOM", "a rule: with a colon"),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:trigger: UNABLE_TO_LOCK_ROW, x:--", "UNABLE_TO_LOCK_ROW", "locked"),
        ("", "UNKNOWN_EXCEPTION", "UNKNOWN_EXCEPTION"),
    ],
)
def test_a_failure_keeps_its_code_and_field(error: str, code: str, part: str) -> None:
    verdict = not_written({"sf__Error": error, "Key__c": "k", "Name": "Jane"}, COLUMNS)
    assert (verdict.state, verdict.code) == ("failed", code)
    assert part in (verdict.reason or "")


def test_a_failure_never_quotes_the_record() -> None:
    error = "INVALID_FIELD:Failed to deserialize field at col 1. Due to, 'Jane Doe' is not valid:Name --"
    verdict = not_written({"sf__Error": error, "Key__c": "k", "Name": "Jane Doe"}, COLUMNS)
    assert "Jane" not in (verdict.reason or "")
