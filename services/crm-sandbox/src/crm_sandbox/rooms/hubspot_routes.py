"""HubSpot's paths: the same call under a version of the old kind and of the dated kind."""

from collections.abc import Iterator

from crm_sandbox.exchange import Respond, Route

VERSIONS = ("v3", "v4", "2026-03", "2026-09")


class HubSpotRoute(Route):
    """`part` says which scope the call needs: of the object's records, of its schema, or of owners."""

    def __init__(
        self,
        method: str,
        template: str,
        respond: Respond,
        *,
        part: str = "objects",
        writes: bool = False,
        reads_long: bool = False,
    ) -> None:
        super().__init__(method, template, respond, writes=writes, reads_long=reads_long)
        self.part = part
        self.right = "write" if writes else "read"


def versioned(
    method: str,
    area: str,
    rest: str,
    respond: Respond,
    *,
    part: str = "objects",
    writes: bool = False,
    reads_long: bool = False,
) -> Iterator[HubSpotRoute]:
    """`/crm/v3/objects/…` and `/crm/objects/2026-09/…`."""
    for template in (f"/crm/{{version}}/{area}{rest}", f"/crm/{area}/{{version}}{rest}"):
        yield HubSpotRoute(method, template, respond, part=part, writes=writes, reads_long=reads_long)
