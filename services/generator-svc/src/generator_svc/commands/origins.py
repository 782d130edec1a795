"""Where the columns of `recordsmith generate` come from: one line per option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path

from shared.errors import Rejected

from generator_svc.recipes import RECIPES
from generator_svc.rows.recipe import DESCRIBED, RowRecipe, chosen


def of_recipe(name: str, references: Mapping[str, Path]) -> RowRecipe:
    """A recipe by its name, or by the path of a recipe file. Raises `Rejected`."""
    if Path(name).suffix in {".yaml", ".yml", ".json"}:
        # YAML and the language are not needed for the recipes that are there by name.
        from generator_svc.datasets.recipe_files import recipe_of_file

        return recipe_of_file(Path(name))
    if name not in RECIPES and (close := get_close_matches(name, RECIPES, 1)):
        raise Rejected(f"there is no recipe {name}; did you mean {close[0]}?", category="validation")
    return chosen(RECIPES, name)


def of_description(text: str, references: Mapping[str, Path]) -> RowRecipe:
    """The recipe that fits a description best."""
    return chosen(RECIPES, DESCRIBED + text)


ORIGINS: Mapping[str, Callable[[str, Mapping[str, Path]], RowRecipe]] = {
    "recipe": of_recipe,
    "description": of_description,
}
"""By the name of the option; the second argument is what `--references OBJECT=FILE` says."""
