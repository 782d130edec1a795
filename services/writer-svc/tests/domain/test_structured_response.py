"""Answers in the long format."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.events import RecordGenerated
from writer_svc.domain.coercion import Unfit
from writer_svc.domain.structured_response import HEADER, csv_text, lines_of, metadata


def result_of(**answer: Any) -> RecordGenerated:
    given = {"batch_id": "b", "index": 0, "record_id": "r0", "source": "llm", **answer}
    return RecordGenerated.model_validate(given)


def test_the_header_is_the_one_that_was_promised() -> None:
    assert csv_text([HEADER]) == "Record ID,Batch Name,Parameter Name,Value\r\n"


def test_every_field_of_an_answer_is_a_row_and_lists_and_objects_are_json() -> None:
    values = {"risk": "High", "score": 0.5, "ok": True, "codes": ["é", 2], "more": {"a": None}, "nothing": None}
    assert lines_of(result_of(values=values), "Batch") == [
        ("r0", "Batch", "risk", "High"),
        ("r0", "Batch", "score", "0.5"),
        ("r0", "Batch", "ok", "true"),
        ("r0", "Batch", "codes", '["é", 2]'),
        ("r0", "Batch", "more", '{"a": null}'),
        ("r0", "Batch", "nothing", ""),
    ]


def test_an_answer_without_a_schema_is_one_row() -> None:
    assert lines_of(result_of(answer="A summary"), "B") == [("r0", "B", "answer", "A summary")]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_what_looks_like_a_formula_is_uploaded_as_it_is(text: str) -> None:
    assert lines_of(result_of(values={"a": text}), "B")[0][3] == text


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"a": "x" * 32_001}, "STRING_TOO_LONG"),
        ({"a": "🙂" * 16_001}, "STRING_TOO_LONG"),
        ({"a": ["x" * 32_000]}, "STRING_TOO_LONG"),
        ({"a": "nul\0"}, "INVALID_CHARACTERS"),
        ({}, "NO_ANSWER"),
    ],
)
def test_what_the_dataset_would_lose_is_refused(values: dict[str, Any], code: str) -> None:
    with pytest.raises(Unfit) as unfit:
        lines_of(result_of(values=values), "B")
    assert unfit.value.code == code
    assert lines_of(result_of(values={"a": "x" * 32_000}), "B")


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=8),
        st.one_of(
            st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20),
            st.integers(),
            st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=5)),
        ),
        min_size=1,
    )
)
def test_csv_gives_back_every_character(values: dict[str, Any]) -> None:
    lines = lines_of(result_of(values=values), 'B,1 "x"\r\n')
    assert [tuple(line) for line in csv.reader(io.StringIO(csv_text(lines), newline=""))] == lines
    for (_, _, name, text), (key, value) in zip(lines, values.items(), strict=True):
        assert name == key
        assert text == value if isinstance(value, str) else json.loads(text) == value


def test_the_metadata_names_the_four_columns_in_their_order() -> None:
    (one,) = json.loads(metadata())["objects"]
    assert one["name"] == "Structured_Response"
    assert [field["label"] for field in one["fields"]] == list(HEADER)
    assert [field["name"] for field in one["fields"]] == ["Record_ID", "Batch_Name", "Parameter_Name", "Value"]
    assert not any(field.get("isUniqueId") for field in one["fields"])
