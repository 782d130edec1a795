from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_sandbox.hubspot.stamps import day_of, moment_ms, stamp

MOMENTS = st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999)


@given(MOMENTS)
def test_a_stamp_reads_back_as_the_same_moment(ms: int) -> None:
    assert moment_ms(stamp(ms)) == ms


@given(st.integers(min_value=10_000, max_value=253_402_300_799_999))
def test_digits_are_milliseconds(ms: int) -> None:
    assert moment_ms(str(ms)) == ms


@given(st.dates())
def test_a_day_is_the_same_in_all_its_forms(day: object) -> None:
    midnight = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=UTC)
    texts = [str(day), f"{day}T00:00:00Z", stamp(int(midnight.timestamp() * 1000))]
    assert {day_of(text) for text in texts} == {day}


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026", "2026-02-30", "\u0662\u0660\u0662\u0666-\u0660\u0661-\u0660\u0665", "99999999999999999", "-"],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        moment_ms(text)


def test_eight_digits_are_milliseconds_too() -> None:
    assert stamp(moment_ms("20260105")) == "1970-01-01T05:37:40.105Z"


def test_noon_is_no_day() -> None:
    with pytest.raises(ValueError, match="midnight"):
        day_of("2026-01-05T12:00:00Z")
