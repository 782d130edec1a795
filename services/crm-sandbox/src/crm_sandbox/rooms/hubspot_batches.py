"""Batches in which each input stands for itself: the good ones are done, the others told in a 207."""

from collections.abc import Callable, Sequence
from typing import Any

from crm_sandbox.exchange import Answer
from crm_sandbox.hubspot.errors import HubSpotError, ordered
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.hubspot.shapes import of_batch
from crm_sandbox.hubspot.stamps import stamp

Item = dict[str, Any]


def now_of(portal: Portal) -> str:
    """The portal's time as HubSpot writes it."""
    return stamp(portal.records.now())


def each(
    portal: Portal, inputs: Sequence[Item], do: Callable[[Item], Item], status: int, fails_first: str | None = None
) -> Answer:
    """What `do` makes of each input; `fails_first` is the code of a fault that hits the first one."""
    started, results, errors = now_of(portal), [], []
    with portal.store.transaction():
        for number, given in enumerate(inputs):
            try:
                if fails_first and number == 0:
                    raise ordered(fails_first)
                results.append(do(given))
            except HubSpotError as error:
                errors.append(error.item())
    return told(portal, started, results, errors, status)


def told(portal: Portal, started: str, results: list[Item], errors: list[Item], status: int = 200) -> Answer:
    """The answer of a batch that began at `started`."""
    code, body = of_batch(started, now_of(portal), results, errors, status)
    return Answer.json(body, code)
