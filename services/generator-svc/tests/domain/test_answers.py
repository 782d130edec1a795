"""What counts as an answer to a response schema."""

import pytest
from generator_svc.domain.answers import InvalidAnswer, ResponseRule

ANY = {"type": "object", "properties": {"n": {}, "text": {}}}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "[1, NaN]"])
def test_a_number_that_is_none_is_asked_about_again_and_never_becomes_nothing(number: str) -> None:
    with pytest.raises(InvalidAnswer):
        ResponseRule(ANY).accept(f'{{"n": {number}, "text": "a"}}')


def test_half_a_character_is_no_answer() -> None:
    with pytest.raises(InvalidAnswer):
        ResponseRule(ANY).accept('{"text": "a\\ud800b"}')


def test_nearly_json_is_repaired() -> None:
    nearly = 'Here you are:\n```json\n{"n": 1, "text": "naïve 患者 \u2028",}\n```'
    assert ResponseRule(ANY).accept(nearly) == {"n": 1, "text": "naïve 患者 \u2028"}
