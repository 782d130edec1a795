"""docs/reference/types.md: every type that a field of a schema map can have.

python docs/generate/vocabulary.py [--check]
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping

from faker import VERSION
from faker.config import AVAILABLE_LOCALES
from generator_svc.vocabulary.faker_js import FAKER_JS, SPELLINGS, Translation
from generator_svc.vocabulary.identifiers import UNIQUE
from generator_svc.vocabulary.kinds import Kind, Parameter
from generator_svc.vocabulary.types import kind_of, names
from pages import Page, run, table

INTRODUCTION = f"""# Types of fields

Generated from the vocabulary of the generator service by `python docs/generate/all.py`. Do not edit.

These are the names that a schema map may use (`recordsmith design`, `recordsmith generate --schema`). Names of
Python's Faker {VERSION} mean what they mean there. Names of Faker.js are translated; a table below lists them.
Any other name is refused, with the nearest ones as a suggestion.

Every type takes the parameter `locale`; Faker's {len(AVAILABLE_LOCALES)} locales can be chosen. The types below are
those of `en_US`; other locales have more of their own, such as `pesel` of `pl_PL`. A field may also have
`"unique": true` and `"null_rate": 0.1`.

*columns*: whole columns at a time. *rows*: Faker row by row, which is right but slow.

"""


def rendered() -> str:
    """The page."""
    groups: dict[str, list[Kind]] = defaultdict(list)
    for name in names():
        kind = kind_of(name)
        if kind is not None and name not in SPELLINGS:
            groups[kind.group].append(kind)
    text = INTRODUCTION
    for group in sorted(groups):
        text += f"## {group.replace('_', ' ')}\n\n"
        text += table(("type", "what", "parameters", "made by"), map(row, groups[group])) + "\n"
    text += "## Names of Faker.js\n\n" + table(("theirs", "ours"), translations(FAKER_JS)) + "\n"
    return text + "## Other spellings\n\n" + table(("written", "meant"), translations(SPELLINGS))


def row(kind: Kind) -> tuple[str, ...]:
    """A line of a group's table."""
    unique = ", unique" if kind.name in UNIQUE and "unique" not in kind.summary else ""
    made = "rows" if kind.by_row else "columns"
    return (f"`{kind.name}`", f"{kind.summary}{unique}".replace("|", "\\|"), parameters(kind.parameters), made)


def parameters(given: tuple[Parameter, ...]) -> str:
    """Names and defaults."""
    return ", ".join(f"`{one.name}`" + ("" if one.default in (None, "") else f" = {one.default}") for one in given)


def translations(known: Mapping[str, Translation]) -> Iterator[tuple[str, ...]]:
    """Pairs of names."""
    yield from ((f"`{theirs}`", f"`{ours}`") for theirs, (ours, _) in sorted(known.items()))


PAGE = Page("types.md", rendered)

if __name__ == "__main__":
    sys.exit(run((PAGE,)))
