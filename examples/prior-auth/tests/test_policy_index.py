"""The policy index: finds what is meant in other words, can be lost and built again."""

from __future__ import annotations

from pathlib import Path

import pytest
from prior_auth.measuring import findings, questions
from prior_auth.policy_index import NoIndex, PolicyIndex, build
from prior_auth.policy_text import parts, sections
from prior_auth.tables import PASSAGES, database
from sqlalchemy import Engine, delete, select


def test_questions_in_other_words_lead_to_the_right_section(engine: Engine, index: PolicyIndex) -> None:
    found, asked = findings(engine, index)
    assert asked == 42
    assert found / asked >= 0.85


def test_the_graph_finds_what_an_exact_comparison_finds(engine: Engine, index: PolicyIndex) -> None:
    assert index.recall(questions(engine), 5) >= 0.95


def test_a_search_names_policy_and_section_and_is_in_order(index: PolicyIndex) -> None:
    passages = index.find("How many pens of Trulicity may be dispensed a month?", 5)
    assert len(passages) == len({(passage.policy, passage.heading) for passage in passages}) == 5
    assert [passage.score for passage in passages] == sorted((passage.score for passage in passages), reverse=True)
    assert (passages[0].heading, "trulicity" in passages[0].policy) == ("Quantity Limits", True)


def test_a_lost_index_is_built_again_and_answers_the_same(engine: Engine, tmp_path: Path) -> None:
    few, path = database(f"sqlite:///{tmp_path / 'few.db'}"), tmp_path / "few.index"
    with engine.connect() as read, few.begin() as write:
        rows = read.execute(select(PASSAGES).where(PASSAGES.c.id <= 7)).mappings().all()
        write.execute(PASSAGES.insert(), [dict(row) for row in rows])
    assert build(few, path) == 7
    found = PolicyIndex(few, path).find("What happens after a denial?", 5)
    path.unlink()
    with pytest.raises(NoIndex, match="prior-auth index"):
        PolicyIndex(few, path)
    build(few, path)
    assert PolicyIndex(few, path).find("What happens after a denial?", 5) == found
    assert found[0].heading == "Appeal Process"


def test_an_index_of_other_policies_is_refused(folder: Path, index: PolicyIndex, tmp_path: Path) -> None:
    other = database(f"sqlite:///{tmp_path / 'other.db'}")
    with pytest.raises(NoIndex, match="other policies"):
        PolicyIndex(other, folder.parent / "prior-auth.index")
    assert build(other, tmp_path / "empty.index") == 0
    empty = PolicyIndex(other, tmp_path / "empty.index")
    assert empty.find("anything", 5) == empty.find_in("a", "b", ["anything"], 3) == []
    with other.begin() as connection:
        connection.execute(delete(PASSAGES))


def test_a_policy_is_cut_at_its_headings_and_its_sentences(folder: Path) -> None:
    for path in (folder / "policies").glob("*.txt"):
        cut = dict(sections(path.read_text()))
        assert len(cut) == 7
        joined = " ".join(" ".join(parts(body)) for body in cut.values())
        assert joined == " ".join(" ".join(cut.values()).split())
        assert all(len(parts(cut[heading])) > 1 for heading in ("Coverage Criteria", "Exclusions"))
