"""Draws: any slice is the same slice of the whole, whatever is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from generator_svc.rows.draws import Draws, SpaceTooSmall, alias, scaled
from hypothesis import given, settings
from hypothesis import strategies as st

ROWS = 3_000
KINDS: dict[str, Callable[[Draws], Any]] = {
    "bits": lambda draws: draws.bits("c"),
    "three bits": lambda draws: draws.bits("c", 3),
    "uniform": lambda draws: draws.uniform("c", 2),
    "below": lambda draws: draws.below("c", 500),
    "below a lot": lambda draws: draws.below("c", 10**18),
    "normal": lambda draws: draws.normal("c", 5, 2),
    "choice": lambda draws: draws.choice("c", [3, 1, 0.5]),
    "unique": lambda draws: draws.unique("c", 10_007),
    "indices": lambda draws: draws.indices,
}


def of(first: int, count: int, seed: int = 42, version: int = 1) -> Draws:
    return Draws("recipe", version, seed, first, count)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=50, deadline=None)
@given(first=st.integers(0, ROWS), count=st.integers(0, ROWS))
def test_any_slice_is_the_same_slice_of_the_whole(kind: str, first: int, count: int) -> None:
    count = min(count, ROWS - first)
    whole = KINDS[kind](of(0, ROWS))
    part = KINDS[kind](of(first, count))
    assert part.tobytes() == whole[first : first + count].tobytes()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "indices"])
def test_seed_version_and_name_each_make_other_draws(kind: str) -> None:
    made = KINDS[kind]
    same = made(of(0, 200)).tobytes()
    assert same == made(of(0, 200)).tobytes()
    assert same != made(of(0, 200, seed=43)).tobytes()
    assert same != made(of(0, 200, version=2)).tobytes()
    assert same != made(Draws("other", 1, 42, 0, 200)).tobytes()


@settings(max_examples=60, deadline=None)
@given(space=st.integers(1, 5_000), seed=st.integers(0, 2**63))
def test_unique_values_are_a_permutation_of_their_space(space: int, seed: int) -> None:
    drawn = of(0, space, seed=seed).unique("c", space)
    assert sorted(drawn.tolist()) == list(range(space))


def test_unique_values_do_not_repeat_over_many_rows() -> None:
    drawn = of(0, 500_000).unique("c", (1 << 30) + 12_345)
    assert len(np.unique(drawn)) == 500_000


def test_unique_values_that_run_out_are_refused() -> None:
    with pytest.raises(SpaceTooSmall, match="1,000 different values are too few for row 1,001"):
        of(900, 101).unique("c", 1_000)


@given(st.integers(0, 2**64 - 1), st.integers(1, 2**63))
def test_scaling_is_the_high_word_of_the_product(bits: int, bound: int) -> None:
    exact = bits * bound >> 64
    found = int(scaled(np.array([bits], dtype=np.uint64), bound)[0])
    assert found == (exact if bound > 1 << 20 else (bits >> 32) * bound >> 32)


def test_choices_come_as_often_as_their_weights_say() -> None:
    counts = np.bincount(of(0, 400_000).choice("c", [1, 2, 0, 5]), minlength=4) / 400_000
    assert counts == pytest.approx([0.125, 0.25, 0, 0.625], abs=0.005)


def test_normal_deviates_have_their_mean_and_deviation() -> None:
    drawn = of(0, 400_000).normal("c", 10, 3)
    assert (drawn.mean(), drawn.std()) == (pytest.approx(10, abs=0.05), pytest.approx(3, abs=0.05))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [float("inf")]])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        alias(weights)
