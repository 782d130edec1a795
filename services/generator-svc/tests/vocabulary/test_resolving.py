"""Names and parameters that people and models write."""

from __future__ import annotations

import pickle

import pytest
from generator_svc.vocabulary.resolving import Unusable, resolved


@pytest.mark.parametrize(
    ("name", "given", "kind", "expected"),
    [
        ("person.fullName", {}, "name", {}),
        ("internet.email", {}, "email", {}),
        ("commerce.price", {"min": "5", "max": 20, "dec": 1}, "price", {"min": 5.0, "max": 20.0, "dec": 1}),
        ("number.int", {"min": 25, "max": 65}, "random_int", {"min": 25, "max": 65}),
        ("number.float", {"fractionDigits": 3}, "random_float", {"fraction_digits": 3}),
        ("name.firstName", {}, "first_name", {}),
        ("address.zipCode", {}, "postcode", {}),
        ("faker.city", {}, "city", {}),
        ("fake.random_int()", {}, "random_int", {}),
        ("pyint", {"min_value": 3, "max_value": 4}, "random_int", {"min": 3, "max": 4}),
        ("pyfloat", {"min_value": 1, "right_digits": 1}, "random_float", {"min": 1.0, "fraction_digits": 1}),
        ("date.between", {"from": "2024-01-01", "to": "2024-02-01"}, "date_time_between", {"start_date": "2024-01-01"}),
        ("random.choice", {"options": ["a"]}, "random_element", {"elements": ("a",)}),
        ("helpers.arrayElement", {"array": [1, 2]}, "random_element", {"elements": (1, 2)}),
        ("password", {"length": 12}, "password", {"length": 12}),
        ("person.jobTitle", {}, "job_title", {}),
    ],
)
def test_names_of_both_fakers_are_understood(name: str, given: dict, kind: str, expected: dict) -> None:
    chosen = resolved(name, given, "/field")
    assert chosen.kind.name == kind
    assert {key: chosen.parameters[key] for key in expected} == expected
    assert pickle.loads(pickle.dumps(chosen)) == chosen


@pytest.mark.parametrize(
    "name",
    ["__class__", "seed_instance", "add_provider", "person.__init__", "generator.random", "seed", "parse", "format",
     "get_providers", "set_formatter", "_factories", "", "name; import os", "binary", "uuid1", "x" * 500],
)  # fmt: skip
def test_names_that_are_no_types_are_refused(name: str) -> None:
    with pytest.raises(Unusable) as refused:
        resolved(name, {}, "/field")
    assert refused.value.problems[0].path == "/field"


@pytest.mark.parametrize(
    ("name", "given", "path"),
    [
        ("random_int", {"min": 2, "max": 1}, "/f/min"),
        ("random_int", {"min": "many"}, "/f/min"),
        ("random_int", {"mni": 1}, "/f/mni"),
        ("random_int", {"max": 10**30}, "/f/max"),
        ("price", {"min": 0.001, "max": 0.002}, "/f/max"),
        ("random_element", {"elements": []}, "/f/elements"),
        ("random_element", {"elements": [{}]}, "/f/elements"),
        ("random_element", {"elements": ["a"], "weights": [1, 2]}, "/f/weights"),
        ("random_element", {"elements": ["a"], "weights": [0]}, "/f/weights"),
        ("date_between", {"start_date": "soon"}, "/f/start_date"),
        ("date_between", {"start_date": "+2y", "end_date": "today"}, "/f/start_date"),
        ("date_of_birth", {"minimum_age": 50, "maximum_age": 20}, "/f/minimum_age"),
        ("text", {"max_nb_chars": 10**9}, "/f/max_nb_chars"),
        ("password", {"length": 10**9}, "/f/length"),
        ("sequence", {"prefix": "=1+1"}, "/f/prefix"),
        ("name", {"locale": "xx_XX"}, "/f/locale"),
        ("bothify", {}, "/f/text"),
    ],
)
def test_parameters_that_do_not_hold_are_refused_with_their_path(name: str, given: dict, path: str) -> None:
    with pytest.raises(Unusable) as refused:
        resolved(name, given, "/f")
    assert [problem.path for problem in refused.value.problems] == [path]


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(Unusable, match="did you mean email"):
        resolved("internet.emial", {}, "/f")
