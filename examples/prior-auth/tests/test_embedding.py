"""The model on NumPy gives what the original gives."""

from __future__ import annotations

import numpy as np
from prior_auth.embedding import DIMENSIONS, embed, embed_query


def test_similarities_are_the_published_ones() -> None:
    # Hugging Face's documentation of the sentence-similarity task, for sentence-transformers/all-MiniLM-L6-v2.
    source, *others = embed(
        ["That is a happy person", "That is a happy dog", "That is a very happy person", "Today is a sunny day"]
    )
    published = [0.6945773363113403, 0.9429150819778442, 0.2568760812282562]
    assert np.allclose([source @ other for other in others], published, atol=2e-5)


def test_a_text_has_the_same_vector_alone_and_beside_longer_ones() -> None:
    texts = ["Appeal", "Coverage criteria of a policy for a drug " * 30, "Quantity limits per month"]
    together = embed(texts)
    assert together.shape == (3, DIMENSIONS)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for row, text in zip(together, texts, strict=True):
        assert np.allclose(row, embed_query(text), atol=1e-5)


def test_a_text_beyond_the_longest_is_cut_and_no_text_is_no_row() -> None:
    assert np.allclose(embed(["drug " * 300])[0], embed(["drug " * 900])[0], atol=1e-6)
    assert embed([]).shape == (0, DIMENSIONS)
