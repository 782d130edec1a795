"""No two records share an e-mail or a domain, whatever they are called."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.crm.uniqueness import domain_key, external_id, run_tag, slug, unique_domain, unique_email

names = st.text(max_size=60)
runs = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=40)
indices = st.integers(0, 10**10 - 1)


@given(names, names, runs, st.lists(indices, min_size=2, max_size=2, unique=True))
def test_two_records_of_a_run_never_share_a_domain(one: str, other: str, run: str, pair: list[int]) -> None:
    assert unique_domain(one, run, pair[0]) != unique_domain(other, run, pair[1])


@given(names, names, st.lists(runs, min_size=2, max_size=2, unique=True), indices, indices)
def test_two_runs_never_share_a_domain(one: str, other: str, pair: list[str], i: int, j: int) -> None:
    assert unique_domain(one, pair[0], i) != unique_domain(other, pair[1], j)


@given(names, names, names, names, runs, st.lists(indices, min_size=2, max_size=2, unique=True), st.booleans())
def test_two_records_of_a_run_never_share_an_email(
    a: str, b: str, c: str, d: str, run: str, pair: list[int], own: bool
) -> None:
    domains = [unique_domain(a, run, index) if own else "given.example" for index in pair]
    assert unique_email(a, b, run, pair[0], domains[0]) != unique_email(c, d, run, pair[1], domains[1])


@given(names, names, names, runs, indices)
def test_they_are_valid_and_end_in_the_index(first: str, last: str, company: str, run: str, index: int) -> None:
    domain = unique_domain(company, run, index)
    email = unique_email(first, last, run, index, domain)
    local = email.rpartition("@")[0]
    assert re.fullmatch(rf"[a-z0-9]([a-z0-9-]*[a-z0-9])?{index}\.com", domain)
    assert len(domain.partition(".")[0]) <= 63
    assert re.fullmatch(rf"[a-z0-9]+(\.[a-z0-9]*)+{index}", local)
    assert len(local) <= 64
    assert ".." not in local


def test_they_look_as_the_guide_shows_them() -> None:
    tag = run_tag("sim-1")
    domain = unique_domain("Müller & Søn A/S", "sim-1", 42)
    assert domain == f"muller-son-a-s-{tag}42.com"
    assert unique_email("José", "O'Brien", "sim-1", 42, domain) == f"jose.obrien42@{domain}"
    assert unique_email("Ann", "Lee", "sim-1", 7, "acme.com") == f"ann.lee.{tag}7@acme.com"


def test_the_tag_of_a_run_is_the_same_for_ever() -> None:
    assert run_tag("simulation") == run_tag("simulation")
    assert run_tag("a") != run_tag("b")
    assert re.fullmatch("[a-z]{13}", run_tag(""))
    assert external_id("batch-7", 3) == "batch-7-3"


@pytest.mark.parametrize("text", ["https://www.Acme.com/about", "ACME.com.", "www.acme.com", " acme.com:443 "])
def test_one_company_has_one_key(text: str) -> None:
    assert domain_key(text) == "acme.com"


@pytest.mark.parametrize("index", [-1, 10**10])
def test_an_index_out_of_range_is_a_mistake(index: int) -> None:
    with pytest.raises(ValueError, match="index"):
        external_id("r", index)
    assert slug("—") == ""
