"""Picklists of a describe: which values can stand in which field, and beside which value of the controlling one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from shared.errors import Rejected

from generator_svc.describe.documents import SalesforceField

PICKLISTS = frozenset({"picklist", "multipicklist", "combobox"})
_FLAGS = ("false", "true")
"""A checkbox controls as a picklist of two values does: index 0 is unchecked."""


class Picklists:
    """What the picklists of an object allow together."""

    def __init__(self, fields: Sequence[SalesforceField]) -> None:
        """Raises `Rejected` where a required one can have no value."""
        self._fields = {field.name: field for field in fields}
        self._allowed = {
            field.name: _FLAGS if field.type == "boolean" else field.active
            for field in fields
            if field.type in PICKLISTS or field.type == "boolean"
        }
        self._must: set[str] = set()
        self._settle()

    def allowed(self, field: SalesforceField) -> tuple[str, ...]:
        """Active values that leave every required dependent field a value."""
        return self._allowed.get(field.name, ())

    def controller(self, field: SalesforceField) -> str | None:
        """The field that it depends on, where rows hold that field."""
        return field.controller if field.dependent and field.controller in self._allowed else None

    def is_orphan(self, field: SalesforceField) -> bool:
        """It depends on a field that rows cannot hold, so that no value of it is safe."""
        return field.dependent and self.controller(field) is None

    def must_be_set(self, field: SalesforceField) -> bool:
        """A field that may not be empty depends on it."""
        return field.name in self._must

    def valid(self, field: SalesforceField) -> Mapping[str, tuple[str, ...]]:
        """Controlling value → values that may stand beside it."""
        controller = self._fields[str(self.controller(field))]
        order = _FLAGS if controller.type == "boolean" else [choice.value for choice in controller.choices or ()]
        allowed = set(self._allowed[field.name])
        return {
            value: tuple(
                choice.value
                for choice in field.choices or ()
                if choice.value in allowed and _is_set(choice.valid_for, order.index(value), field.name)
            )
            for value in self._allowed[controller.name]
        }

    def _settle(self) -> None:
        """Take away controlling values that leave a required field without one, until nothing changes."""
        changed = True
        while changed:
            changed = False
            for field in self._fields.values():
                controller = self.controller(field) if field.type in PICKLISTS and not field.nillable else None
                if controller is None:
                    continue
                good = tuple(value for value, choices in self.valid(field).items() if choices)
                if not good:
                    raise Rejected(
                        f"the describe contradicts itself: {field.name} is required, and no value of {controller} "
                        "leaves it one",
                        category="validation",
                    )
                self._must.add(controller)
                if good != self._allowed[controller]:
                    self._allowed[controller] = good
                    changed = True


def _is_set(bitmap: str | None, place: int, name: str) -> bool:
    """Whether a bit of `validFor` is set: base 64, the first controlling value in the highest bit."""
    if not bitmap:
        return False
    try:
        bits = base64.b64decode(bitmap, validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(f"the describe is broken: validFor of {name} is no base 64", category="validation") from None
    return place // 8 < len(bits) and bool(bits[place // 8] & (0x80 >> (place % 8)))
