"""Recipe files: YAML or JSON."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from shared.errors import Rejected

from generator_svc.rows.language.data_set import recipe_of
from generator_svc.rows.language.tables import Vocabulary
from generator_svc.rows.recipe import RowRecipe

_LARGEST = 2_000_000
"""Bytes; a recipe is written by people."""


def recipe_of_file(path: Path, vocabulary: Vocabulary | None = None) -> RowRecipe:
    """The recipe that a file describes; its name is the file's unless it names itself. Raises `Rejected`."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}", category="validation") from error
    if len(text) > _LARGEST:
        raise Rejected(f"{path} is larger than {_LARGEST:,} bytes; is it a recipe?", category="validation")
    try:
        # Aliases can blow a small file up without bound (a billion laughs), and no recipe needs them.
        given = yaml.load(text, Loader=_RecipeLoader)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise Rejected(f"{path} is neither JSON nor YAML{where}", category="validation") from error
    return recipe_of(given, path.stem.replace("-", "_"), vocabulary)


class _RecipeLoader(yaml.SafeLoader):
    """Without aliases; and only `true` and `false` are truth values, as in YAML 1.2: `on` is a parameter here."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
        return super().compose_node(parent, index)


_RecipeLoader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_RecipeLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), ["t", "f"])
