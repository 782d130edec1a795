"""What a new HubSpot portal holds, for each `--org`."""

from crm_sandbox.hubspot.portal import Portal


def empty_portal(portal: Portal) -> None:
    """The objects alone."""
