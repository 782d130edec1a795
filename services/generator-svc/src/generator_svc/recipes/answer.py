"""The answer that stands in for an LLM: deterministic by seed and record index (S2-49), never a placeholder (S2-08)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson

from generator_svc.domain.answers import InvalidAnswer
from generator_svc.domain.dice import Dice
from generator_svc.domain.instances import InstanceMaker, NoInstance
from generator_svc.domain.question import Question
from generator_svc.domain.rendering import as_text, value_of
from generator_svc.domain.work import EMPTY_SLOT, Work

ATTEMPTS = 12
"""Different values tried for one schema; every other one without anything optional."""

FACTUAL = 4
"""Of these attempts, those that say facts of a known kind of record; they may not fit an odd schema."""

Fact = Callable[[Question, Mapping[str, Any], str, str], "str | None"]
"""For a question and the record's values: what a property (its owner's name, its own) says of a new record."""

LONGEST_VALUE = 160
MOST_SLOTS = 8

_CLINICAL = re.compile(r"clinic|diagnos|patient|treatment|medical|therap", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"[A-Za-z]{4,}")
_DULL = {
    "about", "answer", "with", "from", "that", "this", "your", "write", "generate", "describe", "summarise",
    "summarize", "sentence", "sentences", "paragraph", "words", "word", "length", "short", "brief", "text", "please",
    "create", "give", "the", "into", "only", "return", "json", "using", "case", "for", "one", "two", "three",
    "make", "their", "them",
}  # fmt: skip

_CLINICAL_COURSE = (
    "Symptoms have been stable since the last visit and no new complaints are reported",
    "The course has been favourable, with good tolerance and no adverse events noted",
    "Response so far is partial, with gradual improvement over recent weeks",
    "Examination is unremarkable and vital signs are within the expected range",
    "Adherence is good and the reported side effects are mild and transient",
)
_CLINICAL_PLAN = (
    "Continue as planned and review in four weeks",
    "Repeat laboratory work before the next appointment",
    "Keep the present dose and reassess at the three-month follow-up",
    "Lifestyle advice was given and a follow-up visit has been arranged",
    "Return earlier should symptoms change",
)
_PLAIN_COURSE = (
    "It is in regular use and meets what is expected of it",
    "The details are consistent and nothing unusual stands out",
    "It compares well with others of its kind",
    "Everything on record supports this view",
    "The present state is good and no action is pending",
)
_PLAIN_CLOSE = (
    "A review is due at the end of the quarter",
    "No further steps are needed for now",
    "It is recommended to keep it as it is",
    "The next update will confirm these points",
    "Questions can be answered from the same record",
)


class NoRecipeAnswer(Exception):
    """No value that fits the response schema was found."""


def no_fact(question: Question, values: Mapping[str, Any], owner: str, name: str) -> str | None:
    """Nothing is known of any property."""
    return None


def answer_of(question: Question, values: Mapping[str, Any], fact: Fact = no_fact) -> tuple[str, dict[str, Any] | None]:
    """Text, and the parsed values where there is a response schema. Raises `NoRecipeAnswer`."""
    work = question.work
    teller = _Teller(work, values)
    rule = work.rule
    if rule is None:
        return teller.paragraph(Dice("answer", work.plan.seed, question.number)), None
    for attempt in range(ATTEMPTS):
        dice = Dice("answer", work.plan.seed, question.number, attempt)
        known = fact if attempt < FACTUAL else no_fact
        maker = InstanceMaker(
            rule.schema,
            dice,
            lambda name: teller.phrase(name, dice),  # noqa: B023
            known=lambda owner, name: known(question, values, owner, name),  # noqa: B023
            sparse=attempt % 2 == 1,
        )
        try:
            text = orjson.dumps(maker.make(rule.schema)).decode()
            return text, rule.accept(text)
        except (NoInstance, InvalidAnswer, TypeError, ValueError, KeyError, ArithmeticError):
            # A schema may be as odd as it likes: what was made does not fit, or could not be made.
            continue
    raise NoRecipeAnswer


class _Teller:
    """Sentences out of a record's values and the template's own words."""

    def __init__(self, work: Work, values: Mapping[str, Any]) -> None:
        template = work.template
        self._clinical = bool(_CLINICAL.search(" ".join((*template.literals, *template.slots))))
        self._facts = list(_facts(template.slots, values))
        self._topic = _topic(template.literals)

    def paragraph(self, dice: Dice) -> str:
        """Three or four sentences."""
        return " ".join(f"{sentence}." for sentence in (self._opening(dice), *self._rest(dice)))

    def phrase(self, name: str, dice: Dice) -> str:
        """One sentence for a property of that name."""
        label = _label(name).capitalize()
        course, close = self._stock()
        if self._facts and dice.below(2):
            return f"{label}: {self._fact(dice)}; {_lower_first(dice.pick(course))}."
        return f"{label}: {_lower_first(dice.pick(course))}. {dice.pick(close)}."

    def _opening(self, dice: Dice) -> str:
        facts = ", ".join(f"{label} {value}" for label, value in self._facts)
        subject = self._topic or "record"
        if not facts:
            return f"{subject.capitalize()} reviewed"
        if self._clinical:
            opener = ("Clinical summary", "Clinical review", "Progress note", "Visit summary")
            return f"{dice.pick(opener)} for {facts}"
        return f"{subject.capitalize()} with {facts}"

    def _rest(self, dice: Dice) -> Iterator[str]:
        course, close = self._stock()
        first = dice.below(len(course))
        yield course[first]
        if dice.below(2):
            yield course[(first + 1 + dice.below(len(course) - 1)) % len(course)]
        yield dice.pick(close)

    def _fact(self, dice: Dice) -> str:
        label, value = dice.pick(self._facts)
        return f"{label} {value}"

    def _stock(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return (_CLINICAL_COURSE, _CLINICAL_PLAN) if self._clinical else (_PLAIN_COURSE, _PLAIN_CLOSE)


def _facts(slots: tuple[str, ...], values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for slot in list(dict.fromkeys(slots))[:MOST_SLOTS]:
        text = " ".join(as_text(value_of(values, slot)).split())
        if text and text != EMPTY_SLOT:
            yield _label(slot), text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _label(name: str) -> str:
    """`Patient_Name__c` → patient name."""
    plain = re.sub(r"__[a-z]$", "", name.rsplit(".", 1)[-1])
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)).strip().lower() or "value"


def _topic(literals: tuple[str, ...]) -> str:
    words = [word.lower() for text in literals for word in _PLAIN_WORD.findall(text)]
    return " ".join([word for word in dict.fromkeys(words) if word not in _DULL][:2])


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
