"""Where the columns of `recordsmith generate` come from: one line per option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from shared.errors import Rejected

from generator_svc.recipes import RECIPES
from generator_svc.rows.recipe import RowRecipe, chosen


def of_recipe(name: str, references: Mapping[str, Path]) -> RowRecipe:
    """A recipe by its name, or by the path of a recipe file. Raises `Rejected`."""
    if Path(name).suffix in {".yaml", ".yml", ".json"}:
        # YAML and the language are not needed for the recipes that are there by name.
        from generator_svc.datasets.recipe_files import recipe_of_file

        return recipe_of_file(Path(name))
    if name.partition(":")[0] not in RECIPES and (close := get_close_matches(name, RECIPES, 1)):
        raise Rejected(f"there is no recipe {name}; did you mean {close[0]}?", category="validation")
    return chosen(RECIPES, name)


def of_description(text: str, references: Mapping[str, Path]) -> RowRecipe:
    """The recipe of the schema map that is designed for a description."""
    from generator_svc.commands.designing import designed
    from generator_svc.design.compiling import compiled

    return compiled(designed(text).schema)


def of_schema(name: str, references: Mapping[str, Path]) -> RowRecipe:
    """The recipe of a schema map in a file; `NAME` is also what `design --save NAME` wrote. Raises `Rejected`."""
    from generator_svc.commands.designing import read_json, saved_schema
    from generator_svc.design.compiling import compiled
    from generator_svc.design.schema_map import SchemaRefused, read_schema_map

    path = saved_schema(name)
    try:
        return compiled(read_schema_map(read_json(path)))
    except SchemaRefused as error:
        raise Rejected(f"{path}{error}", category="validation") from None


def of_describe(name: str, references: Mapping[str, Path]) -> RowRecipe:
    """The recipe of a Salesforce describe or a HubSpot property list in a file. Raises `Rejected`."""
    from generator_svc.commands.designing import read_json
    from generator_svc.describe.compiling import described_recipe

    return described_recipe(read_json(Path(name)), references)


ORIGINS: Mapping[str, Callable[[str, Mapping[str, Path]], RowRecipe]] = {
    "recipe": of_recipe,
    "description": of_description,
    "schema": of_schema,
    "describe": of_describe,
}
"""By the name of the option; the second argument is what `--references OBJECT=FILE` says."""
