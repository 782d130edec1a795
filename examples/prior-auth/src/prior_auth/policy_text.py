"""Policy texts cut into passages: a passage per section, whose first lines say which payer and drug it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

HEADINGS = (
    "Coverage Criteria", "Clinical Documentation Requirements", "Quantity Limits", "Authorization Period",
    "Renewal Criteria", "Exclusions", "Appeal Process",
)  # fmt: skip
_PARTS = r"\n(?=- |\d+\. )|\n\n|(?<=[.:])\s+(?=[A-Z-])"


def passages_of(policies: Iterable[tuple[str, str]], plans: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of the passages table, numbered from 1. A policy about no pair of the plans is left out."""
    number = 0
    for name, text in policies:
        pair = _pair_of(text, plans)
        if pair is None:
            continue
        for heading, body in sections(text):
            number += 1
            yield {"id": number, "payer": pair[0], "drug": pair[1], "policy": name, "heading": heading, "text": body}


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Headings with what stands under them."""
    heading, lines = "", list[str]()
    for line in [*text.splitlines(), HEADINGS[0]]:
        if line.strip() in HEADINGS:
            if heading:
                yield heading, "\n".join(lines).strip()
            heading, lines = line.strip(), []
        else:
            lines.append(line)


def parts(body: str) -> list[str]:
    """A section's sentences and list entries: what a question is compared with. A whole section blurs what it says."""
    return [" ".join(part.split()) for part in re.split(_PARTS, body) if part.strip()]


def _pair_of(text: str, plans: list[dict[str, Any]]) -> tuple[str, str] | None:
    first = "\n".join(text.splitlines()[:4])
    found = [(pair["payer"], pair["drug"]) for pair in plans
             if pair["payer"] in first and re.search(rf"\b{re.escape(pair['drug'])}\b", first)]  # fmt: skip
    return found[0] if found else None
