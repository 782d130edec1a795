"""Nobody waits longer than the others need for one chunk each."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from schema_svc.domain.turns import Turns


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 2_000), min_size=2))
def test_batches_that_always_wait_are_served_alike_whatever_the_size_of_their_chunks(costs: dict[str, int]) -> None:
    turns, served = Turns(500), Counter[str]()
    for key, cost in costs.items():
        turns.join(key, cost)
    for _ in range(400):
        key = turns.next()
        assert key is not None
        served[key] += costs[key]
        turns.join(key, costs[key])
    shares = [served[key] for key in costs]
    if min(costs.values()) >= 500:
        # Three chunks or credits apart at most, of tens of thousands served.
        assert max(shares) - min(shares) <= 3 * (max(costs.values()) + 500)
    assert all(shares)


def test_a_small_chunk_is_next_but_one_behind_large_ones() -> None:
    turns = Turns(500)
    turns.join("large", 500)
    turns.join("small", 3)
    assert (turns.next(), turns.next()) == ("large", "small")


def test_nobody_waiting_is_nobodys_turn() -> None:
    turns = Turns(500)
    turns.join("a", 5_000)
    turns.leave("a")
    assert turns.next() is None
