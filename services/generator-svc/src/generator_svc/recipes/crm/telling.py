"""Fills lines with facts: what a text quotes is what the record says."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from generator_svc.recipes.crm.talk import Lines

_SLOT = re.compile(r"\{(\w+)\}")


def told(lines: Lines, chosen: NDArray[np.int64], language: pa.Array, facts: Mapping[str, pa.Array]) -> pa.Array:
    """A line in each row's language, the `chosen`-th of those there are, its slots filled."""
    made = pa.nulls(len(chosen), pa.string())
    for spoken, options in lines.items():
        for place, line in enumerate(options):
            mine = pc.and_(pc.equal(language, spoken), pa.array(chosen % len(options) == place))
            if pc.any(mine).as_py():
                made = pc.if_else(mine, _filled(line, facts), made)
    return made


def _filled(line: str, facts: Mapping[str, pa.Array]) -> pa.Array:
    parts: list[object] = []
    end = 0
    for slot in _SLOT.finditer(line):
        parts += [line[end : slot.start()], facts[slot.group(1)]]
        end = slot.end()
    return pc.binary_join_element_wise(*parts, line[end:], "")
