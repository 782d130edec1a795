"""What is one option and what is two, although it looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.crm.hubspot_shapes import PropertyOption
from writer_svc.domain.option_matching import ALIKE, matching_option, may_merge, normalised


def options(*labels: str) -> list[PropertyOption]:
    return [{"label": label, "value": label.lower().replace(" ", "_")} for label in labels]


def found(text: str, *labels: str) -> tuple[str, float] | None:
    match = matching_option(text, options(*labels))
    return None if match is None else (match.label, round(match.score, 1))


@pytest.mark.parametrize(
    ("text", "label", "score"),
    [
        ("Decision Maker", "Decision Maker", 100.0),
        ("decision_maker", "Decision Maker", 100.0),
        ("  DECISION   maker ", "Decision Maker", 100.0),
        ("decision-maker", "Decision Maker", 100.0),
        ("ｄｅｃｉｓｉｏｎ maker", "Decision Maker", 100.0),
        ("health care", "Healthcare", 100.0),
        ("decision makers", "Decision Maker", 96.6),
        ("influencers", "Influencer", 95.2),
        ("end-users", "End User", 94.1),
        ("Decision Mkaer", "Decision Maker", 92.9),
        ("Chanpion", "Champion", 87.5),
    ],
)
def test_what_is_alike_is_one_option(text: str, label: str, score: float) -> None:
    assert found(text, "Decision Maker", "Influencer", "End User", "Champion", "Healthcare") == (label, score)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("active", "Inactive"),
        ("unsubscribed", "Subscribed"),
        ("Unqualified Lead", "Qualified Lead"),
        ("Q1 2026", "Q2 2026"),
        ("Region 10", "Region 11"),
        ("region 1 1", "Region 11"),
        ("Tier II", "Tier III"),
        ("Series A", "Series B"),
        ("B2B customer", "B2C customer"),
        ("not interested", "interested"),
        ("opted out of mail", "opted in of mail"),
        ("unpaid invoices", "paid invoice"),
        ("employer", "employee"),
        ("interviewees", "interviewer"),
        ("hypertension", "hypotension"),
        ("pretreatment plan", "posttreatment plan"),
        ("females", "males"),
        ("careful handling", "careless handling"),
        ("North America", "South America"),
        ("tier 1", "tier 2"),
        ("warm", "warn"),
        ("hot", "hit"),
    ],
)
def test_opposites_and_neighbours_stay_apart_in_both_directions(text: str, label: str) -> None:
    assert found(text, label) is None
    assert found(label, text) is None


def test_a_score_of_85_is_not_enough_and_nothing_matches_nothing() -> None:
    assert ALIKE == 85.0
    assert found("north america", "south america") is None
    assert found("anything at all", "Decision Maker") is None
    assert found("", "Decision Maker") is None
    assert matching_option("x", []) is None


def test_two_options_that_are_as_alike_are_none() -> None:
    assert found("marketing manager", "marketing managers", "marketing managery") is None
    assert found("decision makr", "Decision Maker", "Something Else") == ("Decision Maker", 96.3)


def test_the_best_ones_objection_is_not_passed_on_to_the_second_best() -> None:
    assert found("unsubscribed users", "subscribed users", "unsubscribe abusers") is None


def test_a_name_wins_over_whatever_is_alike() -> None:
    assert found("Regional Manager 2", "Regional Manager 1", "Regional Manager 2") == ("Regional Manager 2", 100.0)


@given(st.text(max_size=30), st.lists(st.text(min_size=1, max_size=30), max_size=6))
def test_a_match_is_an_option_and_only_a_clear_one(text: str, labels: list[str]) -> None:
    match = matching_option(text, [{"label": label, "value": label} for label in labels])
    if match is not None:
        assert match.value in labels
        assert match.score > ALIKE


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_guard_objects_in_both_directions(one: str, other: str) -> None:
    one, other = normalised(one), normalised(other)
    assert may_merge(one, other) is may_merge(other, one)


words = st.lists(st.text("abcdefgh", min_size=5, max_size=9), min_size=1, max_size=3)


@given(words, st.integers(0, 999), st.integers(0, 999))
def test_other_numbers_are_other_options(words: list[str], one: int, other: int) -> None:
    name = " ".join(words)
    assert (found(f"{name} {one}", f"{name} {other}") is None) is (one != other)
