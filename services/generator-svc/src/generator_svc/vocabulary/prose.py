"""Words, sentences and paragraphs of the locale's own words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from generator_svc.rows.texts import joined, take
from generator_svc.vocabulary.faker_locale import faker_locale
from generator_svc.vocabulary.field_slice import FieldSlice
from generator_svc.vocabulary.kinds import Kind, Parameter, Parameters

_SHORTEST_TEXT = 5
_SENTENCE_CHARACTERS = 42


def word(field: FieldSlice) -> pa.Array:
    """One word."""
    return _words(field, 0)


def words(field: FieldSlice) -> pa.Array:
    """So many words."""
    return joined([_words(field, place) for place in range(field["nb"])])


def sentence(field: FieldSlice) -> pa.Array:
    """A sentence of about so many words."""
    return _sentence(field, field["nb_words"], 0)


def paragraph(field: FieldSlice) -> pa.Array:
    """So many sentences."""
    return joined([_sentence(field, 8, place) for place in range(field["nb_sentences"])])


def text(field: FieldSlice) -> pa.Array:
    """Sentences that together are not longer than so many characters."""
    most = field["max_nb_chars"]
    sentences = max(1, min(most // _SENTENCE_CHARACTERS, 40))
    made = joined([_sentence(field, 7, place) for place in range(sentences)])
    too_long = pc.greater(pc.utf8_length(made), most)
    if not pc.any(too_long).as_py():
        return made
    cut = pc.utf8_slice_codeunits(made, 0, max(most - 1, 0))
    whole_words = pc.replace_substring_regex(cut, r"[\s.,]+\S*$", "")
    short = pc.if_else(pc.equal(whole_words, ""), cut, whole_words)
    return pc.if_else(too_long, joined([short, "."], ""), made)


def _sentence(field: FieldSlice, length: int, place: int) -> pa.Array:
    """Of `length` words, two more or fewer, as the row draws."""
    part = field.part(f"sentence{place}")
    spread = min(2, length - 1)
    counts = length - spread + part.below("length", 2 * spread + 1)
    made = [_words(part, number) for number in range(length + spread)]
    optional = [
        pc.if_else(pa.array(counts > number), joined([" ", column], ""), "") for number, column in enumerate(made)
    ]
    body = pc.binary_join_element_wise(made[0], *optional[1:], "")
    return joined([pc.utf8_upper(pc.utf8_slice_codeunits(body, 0, 1)), pc.utf8_slice_codeunits(body, 1), "."], "")


def _words(field: FieldSlice, place: int) -> pa.Array:
    known = _word_list(field.locale)
    return take(known, field.below(f"word{place}", len(known)))


@lru_cache(maxsize=16)
def _word_list(locale: str) -> pa.Array:
    faker = faker_locale(locale)
    return pa.array(dict.fromkeys(faker.words), pa.string())


def _long_enough(parameters: Parameters) -> Iterator[tuple[str, str]]:
    if parameters["max_nb_chars"] < _SHORTEST_TEXT:
        yield "max_nb_chars", f"a text has at least {_SHORTEST_TEXT} characters"


KINDS: tuple[Kind, ...] = (
    Kind("word", "text", "a word", word, pa.string()),
    Kind("words", "text", "several words", words, pa.string(), (Parameter("nb", "integer", 3, 1, 50),)),
    Kind("sentence", "text", "a sentence", sentence, pa.string(), (Parameter("nb_words", "integer", 6, 1, 50),)),
    Kind("paragraph", "text", "a paragraph", paragraph, pa.string(),
         (Parameter("nb_sentences", "integer", 3, 1, 20),)),
    Kind("text", "text", "sentences up to a length", text, pa.string(),
         (Parameter("max_nb_chars", "integer", 200, 1, 2_000),), _long_enough),
)  # fmt: skip
