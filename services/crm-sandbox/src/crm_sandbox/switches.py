"""Settings of the running org that tests turn: behaviour nobody could verify, and limits too large to meet."""

from collections.abc import Mapping
from typing import Any

from crm_sandbox.salesforce.switches import SALESFORCE_SWITCHES
from crm_sandbox.store import Store
from crm_sandbox.switch import Switch, Value

# One line for each vendor; a name is said once.
SWITCHES: Mapping[str, Switch] = {one.name: one for one in (*SALESFORCE_SWITCHES,)}


class SwitchError(Exception):
    """The order names no switch, or a value that it does not take."""


class Switches:
    """What is switched, kept in the store so that it survives a restart; a reset forgets it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._turned: dict[str, Value] = {}

    def load(self) -> None:
        kept = {name: self._store.fact(f"switch {name}") for name in SWITCHES}
        self._turned = {name: SWITCHES[name].read(text) for name, text in kept.items() if text is not None}

    def of(self, name: str) -> Value:
        """The value of a switch; KeyError for a name that no vendor has."""
        return self._turned.get(name, SWITCHES[name].default)

    def number(self, name: str) -> float:
        return float(self.of(name))

    def on(self, name: str) -> bool:
        return self.of(name) is True

    def all(self) -> dict[str, Value]:
        return {name: self.of(name) for name in SWITCHES}

    def turn(self, orders: Any) -> dict[str, Value]:
        """Turn all or none; SwitchError names the first that cannot be turned."""
        if not isinstance(orders, dict):
            raise SwitchError("an object of switches and values is needed")
        for name, value in orders.items():
            if name not in SWITCHES:
                raise SwitchError(f"{name}: there is no such switch; there are {', '.join(SWITCHES)}")
            if not SWITCHES[name].takes(value):
                raise SwitchError(f"{name}: {SWITCHES[name].needs}")
        for name, value in orders.items():
            self._store.remember(f"switch {name}", str(value))
            self._turned[name] = value
        return self.all()
