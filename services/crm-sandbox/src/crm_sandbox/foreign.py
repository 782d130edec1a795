"""Names for the shape of what strangers send."""

from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Scalar: TypeAlias = bool | int | float | str | None
JsonObject: TypeAlias = "Mapping[str, Json]"
