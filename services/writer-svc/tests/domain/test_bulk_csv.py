"""What is written as CSV is read back as it was, however the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shared.crm.csv_records import CsvRecords
from writer_svc.domain.bulk_csv import CELL, NULL, line_of, merged

ODD = ["a,b", 'a"b', "cr\rlf\ncrlf\r\n", "sep\u2028nel\u0085", "tab\t", " spaces ", "\ufeffbom", "שלום🙂", "=1+1", "\\"]
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(lambda text: text != NULL)


def read(text: str, cuts: list[int]) -> list[list[str]]:
    records, found, start = CsvRecords(), [], 0
    for cut in [*sorted(cuts), len(text)]:
        found += list(records.feed(text[start : min(cut, len(text))]))
        start = max(start, min(cut, len(text)))
    return [*found, *records.end()]


@given(st.lists(st.tuples(texts, texts), max_size=8), st.lists(st.integers(0, 400), max_size=6))
def test_every_text_comes_back_bit_for_bit_wherever_the_stream_is_cut(
    rows: list[tuple[str, str]], cuts: list[int]
) -> None:
    lines = [line_of({"Key": key, "Text": text}, ["Key", "Text"]) for key, text in rows]
    text = "Key,Text\n" + "".join(f"{line}\n" for line in lines)
    assert read(text, cuts) == [["Key", "Text"], *[list(row) for row in rows]]


@pytest.mark.parametrize("value", ODD)
def test_odd_texts_are_quoted(value: str) -> None:
    assert read(f"{line_of({'K': 'k', 'V': value}, ['K', 'V'])}\n", []) == [["k", value]]


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, NULL), ("", NULL), (True, "true"), (False, "false"), (7, "7"), (0.1, "0.1"), (1e22, "1" + "0" * 22)],
)
def test_values_are_said_as_bulk_api_takes_them(value: object, cell: str) -> None:
    assert line_of({"K": "k", "V": value}, ["K", "V"]) == f"k,{cell}"


def test_a_column_without_a_value_is_left_as_it_is() -> None:
    assert line_of({"K": "k", "B": "b"}, ["K", "A", "B"]) == "k,,b"


@pytest.mark.parametrize("value", [NULL, "x" * (CELL + 1)])
def test_what_csv_cannot_say_goes_another_way(value: str) -> None:
    assert line_of({"K": "k", "V": value}, ["K", "V"]) is None


def test_of_two_lines_the_later_wins_and_the_earlier_fills_what_it_leaves() -> None:
    assert merged('k,"a,1",old', "k,,new") == 'k,"a,1",new'
    assert merged("k,old,x", f"k,{NULL},") == f"k,{NULL},x"
