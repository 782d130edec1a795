"""However changes, commits and batches fall together, each change is read once and none is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schema_svc.domain.changes import OVERLAP, Changes, Cursor, changes_of, cursor_name
from shared.events import BatchSpec, SalesforceSource

START = datetime(2026, 11, 21, 2, tzinfo=UTC)
LATEST_S = int(OVERLAP.total_seconds())


class Org:
    """Changes with the moment they carry and the later one from which they are seen; all in seconds after START."""

    def __init__(self, changes: list[tuple[int, int, int]]) -> None:
        self._changes = [(f"a{record}", stamped, stamped + late) for record, stamped, late in changes]

    def visible(self, now: int) -> dict[str, datetime]:
        """The latest seen change of each record, as a query at `now` would find it."""
        found: dict[str, datetime] = {}
        for record_id, stamped, seen in sorted(self._changes, key=lambda change: change[1]):
            if seen <= now:
                found[record_id] = START + timedelta(seconds=stamped)
        return found


def read(
    org: Org, now: int, cursor: Cursor | None, limit: int | None
) -> tuple[list[tuple[str, datetime]], Cursor | None]:
    """One batch at `now`, as a source reads it."""
    changes = Changes(None, cursor, follows=True, limited=limit is not None)
    rows = sorted(
        (at, record_id) for record_id, at in org.visible(now).items() if changes.since is None or at >= changes.since
    )
    changes.begin(rows[-1][0] if rows else None)
    got: list[tuple[str, datetime]] = []
    for at, record_id in rows:
        if len(got) == limit:
            break
        if changes.is_new(record_id, at):
            got.append((record_id, at))
    return got, changes.cursor(whole=len(got) != limit)


changes_of_an_org = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 20).map(lambda n: n * 60), st.sampled_from([0, 200, 400, LATEST_S])),
    max_size=25,
)
batches = st.lists(st.tuples(st.integers(0, 40).map(lambda n: n * 50), st.none() | st.integers(1, 4)), max_size=10)


@given(changes_of_an_org, batches)
def test_every_change_is_read_once_and_none_is_lost(
    changes: list[tuple[int, int, int]], batches: list[tuple[int, int | None]]
) -> None:
    org, cursor, got = Org(changes), None, []
    for now, limit in sorted(batches, key=lambda batch: batch[0]):
        some, kept = read(org, now, cursor, limit)
        # Stored and read again, as between two batches.
        cursor = Cursor.of_json(kept.to_json()) if kept else cursor
        got += some
    end = 100 * 60 + LATEST_S
    for _ in range(len(changes) + 1):
        some, cursor = read(org, end, cursor, 3)
        got += some
    assert some == []
    assert len(got) == len(set(got))
    assert set(org.visible(end).items()) <= set(got)


def test_equal_moments_over_a_limit_are_neither_lost_nor_doubled() -> None:
    org = Org([(record, 60, 0) for record in range(5)])
    cursor, got = None, []
    for _ in range(3):
        some, cursor = read(org, 100, cursor, 2)
        got.append([record_id for record_id, _ in some])
    assert got == [["a0", "a1"], ["a2", "a3"], ["a4"]]


def test_a_record_that_appears_late_with_an_earlier_moment_is_read() -> None:
    org = Org([(0, 1_000, 0), (1, 1_000 - LATEST_S, LATEST_S)])
    first, cursor = read(org, 1_000 - 1, None, None)
    assert first == []
    first, cursor = read(Org([(0, 1_000, 0)]), 1_000, cursor, None)
    second, _ = read(org, 1_001, cursor, None)
    assert ([one for one, _ in first], [one for one, _ in second]) == (["a0"], ["a1"])


@pytest.mark.parametrize("limited", [False, True])
def test_a_long_reading_remembers_only_its_last_minutes(limited: bool) -> None:
    changes = Changes(None, None, follows=True, limited=limited)
    changes.begin(START + timedelta(days=1))
    most = 0
    for minute in range(24 * 60 + 1):
        assert changes.is_new(f"a{minute}", START + timedelta(minutes=minute))
        most = max(most, len(changes.cursor(whole=False).read))  # type: ignore[union-attr]
    assert most == 11
    cursor = changes.cursor(whole=True)
    assert cursor is not None
    assert len(cursor.read) == 11


def test_what_is_remembered_is_no_older_than_the_overlap() -> None:
    org = Org([(record, record * 60, 0) for record in range(60)])
    _, cursor = read(org, 60 * 60, None, None)
    assert cursor is not None
    assert min(cursor.read) == cursor.position - OVERLAP
    assert len(cursor.read) == 11


def test_a_batch_without_a_change_leaves_the_cursor_where_it_was() -> None:
    _, cursor = read(Org([(0, 60, 0)]), 100, None, None)
    assert read(Org([(0, 60, 0)]), 10_000, cursor, None) == ([], cursor)
    assert read(Org([]), 100, None, None) == ([], None)


def spec(name: str = "Nightly", **source: object) -> BatchSpec:
    usual = {"kind": "salesforce", "object": "Claim__c", "changed_since": "last"}
    return BatchSpec.model_validate({"name": name, "source": {**usual, **source}, "prompt": {"template": "x"}})


def test_batches_continue_each_other_by_name_object_and_condition() -> None:
    same = {cursor_name(spec()), cursor_name(spec(limit=5)), cursor_name(spec(where=" "))}
    assert len(same) == 1
    other = [spec("Weekly"), spec(object="Case"), spec(where="Name != null"), spec(kind="hubspot")]
    assert len(same | {cursor_name(one) for one in other}) == 5
    assert cursor_name(spec(changed_since="2026-11-21T02:00:00Z")) is None
    assert cursor_name(spec(changed_since=None)) is None


def test_a_given_moment_is_taken_as_it_is() -> None:
    source = spec(changed_since="2026-11-21T03:00:00+01:00").source
    assert isinstance(source, SalesforceSource)
    changes = changes_of(source, None, follows=False)
    assert changes is not None
    assert changes.since == START


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-11-21", "2026-11-21T02:00:00", "0001-01-01T00:00:00+14:00", "Last"]
)
def test_a_moment_without_a_zone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="with its zone"):
        spec(changed_since=text)
