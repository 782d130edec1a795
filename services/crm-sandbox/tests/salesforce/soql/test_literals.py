import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sandbox.salesforce.soql.literals import EscapeError, like_pattern, quote, unquote
from crm_sandbox.salesforce.soql.parser import parse
from crm_sandbox.salesforce.soql.syntax import Comparison


@given(st.text())
def test_any_text_survives_quoting_and_parsing(text: str) -> None:
    condition = parse(f"SELECT Id FROM Claim__c WHERE Name = {quote(text)} LIMIT 1").where
    assert isinstance(condition, Comparison)
    assert unquote(condition.value.text) == text


@pytest.mark.parametrize(
    ("literal", "text"),
    [(r"'\n\r\t'", "\n\r\t"), (r"'\'\"\\'", "'\"\\"), (r"'\_\%'", "_%"), (r"'\u00e9'", "é"), ("'a\nb'", "a\nb")],
)
def test_escapes_mean_what_salesforce_says(literal: str, text: str) -> None:
    assert unquote(literal) == text


def test_only_unescaped_wildcards_are_wild() -> None:
    assert like_pattern(r"'a%b_\%\_\\'") == r"a%b_\%\_\\"


def test_an_unknown_escape_is_refused() -> None:
    with pytest.raises(EscapeError):
        unquote(r"'\q'")
