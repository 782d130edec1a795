"""Policy texts (S4-22 … S4-24): every number and drug in them is the one in plans.json and forms.json."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from generator_svc.recipes.clinical.drugs import DIABETES
from generator_svc.recipes.clinical.forms import submission
from generator_svc.recipes.clinical.payers import slug
from generator_svc.recipes.clinical.plans import LABEL, Pair

HEADINGS = (
    "Coverage Criteria", "Clinical Documentation Requirements", "Quantity Limits", "Authorization Period",
    "Renewal Criteria", "Exclusions", "Appeal Process",
)  # fmt: skip
"""Each on a line of its own, in this order (S4-24)."""

_WIDTH = 100


def policy_path(pair: Pair) -> str:
    """Of the file, below the data set's folder."""
    return f"policies/{slug(pair.payer.name)}_{slug(pair.drug.name)}.txt"


def policy_text(pair: Pair) -> str:
    """The policy of a payer about a drug."""
    title = (
        f"{pair.payer.name}: Prior Authorization Policy\n"
        f"Drug: {pair.drug.name} ({pair.drug.ingredient.lower()}, {pair.drug.group})\n"
        f"Plan: {pair.payer.plan}\n"
        f"Tier: {pair.tier}, copay: ${pair.copay_usd}\n"
    )
    bodies = (_criteria, _documentation, _quantity, _period, _renewal, _exclusions, _appeal)
    return "\n".join((title, *(_section(heading, body(pair)) for heading, body in zip(HEADINGS, bodies, strict=True))))


def _section(heading: str, lines: Iterator[str]) -> str:
    return "\n".join((heading, "", *lines, ""))


def _criteria(pair: Pair) -> Iterator[str]:
    yield from _paragraph(
        f"{pair.payer.plan} covers {pair.drug.name} with prior authorization when all of the following are met:"
    )
    for place, criterion in enumerate(pair.criteria, start=1):
        yield from _paragraph(f"{place}. {criterion.text}", indent="   ")
    yield ""
    names = " or ".join(pair.step_drugs)
    yield from _paragraph(
        f"Step therapy is required: {names} comes first." if names else "Step therapy is not required for this drug."
    )


def _documentation(pair: Pair) -> Iterator[str]:
    yield from _paragraph(f"A request for {pair.drug.name} must be accompanied by records that show:")
    asked = {criterion.field for criterion in pair.criteria}
    yield from (f"- {label}" for name, label in LABEL.items() if name in asked)


def _quantity(pair: Pair) -> Iterator[str]:
    units = f"{pair.drug.unit}s" if pair.quantity != 1 else pair.drug.unit
    yield from _paragraph(
        f"{pair.drug.name} ({pair.drug.strength}) is limited to {pair.quantity} {units} per {pair.days} days. "
        "A larger quantity needs a request of its own with the reason for it."
    )


def _period(pair: Pair) -> Iterator[str]:
    yield from _paragraph(
        f"An approval is valid for {pair.authorization_months} months from the day of the decision, "
        "as long as the member stays enrolled in the plan."
    )


def _renewal(pair: Pair) -> Iterator[str]:
    yield from _paragraph(
        f"An approval is renewed for another {pair.authorization_months} months when the prescriber confirms that the "
        f"member takes {pair.drug.name} as directed and benefits from it:"
    )
    if pair.drug.indication == DIABETES:
        yield "- HbA1c has fallen since treatment began, or has stayed at the individual target"
    else:
        yield "- body weight has fallen by 5 % or more since treatment began"
    yield "- no condition listed under the exclusions has arisen"


def _exclusions(pair: Pair) -> Iterator[str]:
    yield from _paragraph(f"{pair.drug.name} is not covered under this policy for:")
    yield "- type 1 diabetes mellitus"
    yield "- members younger than 18 years"
    yield f"- members with a known allergy to {pair.drug.ingredient.lower()} or to another part of {pair.drug.name}"
    yield "- a personal or family history of medullary thyroid carcinoma, or multiple endocrine neoplasia type 2"
    yield f"- use together with another {pair.drug.group}"
    if pair.drug.indication == DIABETES:
        yield "- weight loss alone, without type 2 diabetes mellitus"


def _appeal(pair: Pair) -> Iterator[str]:
    reach = submission(pair.payer)
    yield from _paragraph(
        "A member or prescriber who disagrees with a denial may appeal within 180 days of the decision. A standard "
        "appeal is decided within 30 days, an urgent one within 72 hours. If the denial is upheld, an independent "
        "external review may be requested."
    )
    yield f"- by telephone: {reach['phone']}"
    yield f"- by fax: {reach['fax']}"
    yield f"- by mail: {reach['mail']}"


def _paragraph(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
