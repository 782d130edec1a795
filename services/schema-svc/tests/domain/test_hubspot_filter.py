"""Conditions become filter groups, or are refused at the place that is not understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schema_svc.domain.hubspot_filter import filter_groups, property_names
from schema_svc.domain.slots import Refused


def test_and_binds_closer_than_or() -> None:
    where = "lifecyclestage = 'lead' and amount >= 50.5 OR city in ('Berlin', 'Pa''ris') AND phone IS NOT EMPTY"
    groups = filter_groups(where)
    assert groups == [
        [
            {"propertyName": "lifecyclestage", "operator": "EQ", "value": "lead"},
            {"propertyName": "amount", "operator": "GTE", "value": "50.5"},
        ],
        [
            {"propertyName": "city", "operator": "IN", "values": ["Berlin", "Pa'ris"]},
            {"propertyName": "phone", "operator": "HAS_PROPERTY"},
        ],
    ]
    assert property_names(groups) == ["lifecyclestage", "amount", "city", "phone"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("a != 'b'", {"operator": "NEQ", "value": "b"}),
        ("a <> 'b'", {"operator": "NEQ", "value": "b"}),
        ("a<-1", {"operator": "LT", "value": "-1"}),
        ("a <= 2026-01-31", {"operator": "LTE", "value": "2026-01-31"}),
        ("a > 2026-01-31T10:00:00Z", {"operator": "GT", "value": "2026-01-31T10:00:00Z"}),
        ("a = TRUE", {"operator": "EQ", "value": "true"}),
        ("a CONTAINS 'acme*'", {"operator": "CONTAINS_TOKEN", "value": "acme*"}),
        ("a NOT IN ('x')", {"operator": "NOT_IN", "values": ["x"]}),
        ("a IS EMPTY", {"operator": "NOT_HAS_PROPERTY"}),
        ("a = ''", {"operator": "EQ", "value": ""}),
    ],
)
def test_each_operator_is_hubspots(where: str, expected: dict[str, object]) -> None:
    assert filter_groups(where) == [[{"propertyName": "a", **expected}]]


@pytest.mark.parametrize(
    ("where", "character"),
    [
        ("", 1),
        ("a", 2),
        ("a =", 4),
        ("a = b", 5),
        ("a = 'b", 4),
        ("a = 'b' c = 'd'", 9),
        ("a LIKE 'b'", 3),
        ("AND a = 'b'", 1),
        ("a IN 'b'", 6),
        ("a IN ('b'", 10),
        ("a IS NULL", 6),
        ("(a = 'b')", 1),
        ("a = 'b' ; drop", 8),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(where: str, character: int) -> None:
    with pytest.raises(Refused, match=f"at character {character} "):
        filter_groups(where)


@pytest.mark.parametrize(
    ("where", "said"),
    [(" OR ".join(["a = 1"] * 6), "at most 5 parts"), (" AND ".join(["a = 1"] * 6), "at most 5 conditions"),
     (" OR ".join([" AND ".join(["a = 1"] * 4)] * 4), "18 in all")],
)  # fmt: skip
def test_more_than_a_search_takes_is_refused_before_it(where: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        filter_groups(where)


@given(st.text(max_size=30))
def test_any_text_between_quotes_is_that_text(text: str) -> None:
    quoted = text.replace("'", "''")
    assert filter_groups(f"a = '{quoted}'") == [[{"propertyName": "a", "operator": "EQ", "value": text}]]


@given(st.text(max_size=60))
def test_any_other_text_is_understood_or_refused(text: str) -> None:
    try:
        groups = filter_groups(text)
    except Refused:
        return
    assert groups
    assert all(groups)
