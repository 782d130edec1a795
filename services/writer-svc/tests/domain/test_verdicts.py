"""Reasons name fields and rules, never what was written."""

import pytest
from writer_svc.domain.verdicts import refused

VALUE = "Jane Doe has diabetes"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("STRING_TOO_LONG", f"Summary: data value too large: {VALUE} (max length=10)"),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"Risk: bad value for restricted picklist field: {VALUE}"),
        ("DUPLICATE_VALUE", f"Duplicate external id specified: {VALUE}"),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", f"{VALUE} is not allowed here"),
        ("SOMETHING_NEW", f"cannot store '{VALUE[:15]}…'"),
    ],
)
def test_a_message_that_quotes_a_value_is_cut(code: str, said: str) -> None:
    verdict = refused(code, said, ["Summary__c"], [VALUE])
    assert verdict.reason is not None
    assert "Summary__c" in verdict.reason
    assert "Jane" not in verdict.reason
    assert (verdict.state, verdict.category, verdict.code) == ("failed", "crm", code)


def test_a_rule_of_the_org_is_told_in_its_own_words() -> None:
    verdict = refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Closed claims cannot change", [], [VALUE])
    assert verdict.reason == (
        "A validation rule of the org refuses the record. Salesforce says: Closed claims cannot change"
    )
