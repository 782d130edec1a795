"""What a new org is filled with: a name for `--org`, and the rows of each object."""

from collections.abc import Callable, Iterable, Mapping

from crm_sandbox.foreign import Scalar
from crm_sandbox.hubspot.portal import Portal
from crm_sandbox.seeds.claims import claims_org
from crm_sandbox.seeds.portal import claims_portal, empty_portal

Rows = Iterable[dict[str, Scalar]]


def empty_org(records: int) -> Iterable[tuple[str, Rows]]:
    """The objects alone."""
    return ()


SEEDS: Mapping[str, Callable[[int], Iterable[tuple[str, Rows]]]] = {
    "claims": claims_org,
    "empty": empty_org,
}

PORTAL_SEEDS: Mapping[str, Callable[[Portal], None]] = {
    "claims": claims_portal,
    "empty": empty_portal,
}
