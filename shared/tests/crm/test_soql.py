"""Whatever a value holds, it stays one literal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.crm.describe import id18
from shared.crm.soql import quoted

UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_literal_ends_where_it_should_and_says_what_was_given(value: str) -> None:
    literal = quoted(value)
    assert re.fullmatch(r"'(?:[^'\\\n\r]|\\.)*'", literal, re.DOTALL)
    read = re.sub(r"\\(.)", lambda found: UNESCAPED.get(found[1], found[1]), literal[1:-1], flags=re.DOTALL)
    assert read == value


def test_a_nul_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quoted("a\0b")


def test_a_short_id_gets_its_suffix() -> None:
    assert id18("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert id18("001A0000006Vm9rIAC") == "001A0000006Vm9rIAC"
    assert id18("not an id") == "not an id"
