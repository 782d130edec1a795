import csv
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sandbox.salesforce.bulk.dialect import DialectError, Quoting, Upload

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
ROWS = st.lists(st.tuples(TEXT, TEXT), max_size=8)


def upload(content: bytes, *, refuse_mark: bool = False) -> Upload:
    return Upload(BytesIO(content), delimiter="COMMA", line_ending="LF", refuse_mark=refuse_mark)


@given(ROWS)
def test_every_text_comes_back_and_every_row_knows_where_it_ends(rows: list[tuple[str, str]]) -> None:
    lines = Quoting(delimiter="COMMA", line_ending="LF")
    written = [lines.line(row) for row in rows]
    read = list(upload(b"a,b\n" + b"".join(written)).rows())
    assert [tuple(cells) for cells, _ in read] == rows
    ends = [end for _, end in read]
    assert ends == [4 + sum(map(len, written[: at + 1])) for at in range(len(rows))]


@given(ROWS)
def test_reading_may_start_again_at_any_row(rows: list[tuple[str, str]]) -> None:
    lines = Quoting(delimiter="COMMA", line_ending="LF")
    content = b"a,b\n" + b"".join(lines.line(row) for row in rows)
    for at, (_, end) in enumerate(list(upload(content).rows())):
        assert [tuple(cells) for cells, _ in upload(content).rows(end)] == rows[at + 1 :]


@given(ROWS)
def test_a_standard_reader_reads_what_is_written(rows: list[tuple[str, str]]) -> None:
    lines = Quoting(delimiter="COMMA", line_ending="LF")
    text = b"".join(lines.line(row) for row in rows).decode()
    assert [tuple(row) for row in csv.reader(StringIO(text, newline=""))] == rows


def test_a_byte_order_mark_is_dropped_or_refused() -> None:
    content = b"\xef\xbb\xbfName\nx\n"
    assert upload(content).header == ["Name"]
    with pytest.raises(DialectError, match="Found unescaped quote"):
        upload(content, refuse_mark=True)


def test_a_file_with_a_header_alone_has_no_rows() -> None:
    assert list(upload(b"Name").rows()) == []
    assert list(upload(b"Name\n\n\n").rows()) == []
