"""A recipe document becomes tables of columns. Everything that is wrong is said at once, with its path."""

from __future__ import annotations

from dataclasses import dataclass, field

from generator_svc.rows.column import Columns
from generator_svc.rows.language.document import RecipeDocument, document_of
from generator_svc.rows.language.refusals import RecipeRefused, Refusal, Wrong, suggestion
from generator_svc.rows.language.tables import NoVocabulary, TableCompiler, Vocabulary


@dataclass
class Compiled:
    """A document's tables, in its order."""

    document: RecipeDocument
    tables: dict[str, Columns]


def compiled(given: object, name: str = "recipe", vocabulary: Vocabulary | None = None) -> Compiled:
    """The tables of a document. Raises `RecipeRefused` with every field that is wrong."""
    document = document_of(given, name)
    work = _Work(document, vocabulary or NoVocabulary())
    for table in document.tables:
        work.table(table, ())
    if work.refusals:
        raise RecipeRefused(work.refusals)
    return Compiled(document, {name: work.made[name] for name in document.tables})


@dataclass
class _Work:
    document: RecipeDocument
    vocabulary: Vocabulary
    made: dict[str, Columns] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def table(self, name: str, path: tuple[str, ...]) -> Columns:
        """A table, after those that it needs. Raises `Wrong` where tables need each other in a circle."""
        if name in self.made:
            return self.made[name]
        if name in path:
            raise Wrong("table", f"tables need each other in a circle: {' → '.join([*path, name])}")
        if name not in self.document.tables:
            raise Wrong("table", f"there is no table {name}{suggestion(name, self.document.tables)}")
        builder = TableCompiler(self, name, self.document.tables[name], (*path, name))
        made = builder.build()
        self.made[name] = made
        return made
