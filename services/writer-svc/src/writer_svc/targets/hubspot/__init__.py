"""Writes to HubSpot."""

from writer_svc.targets.hubspot.target import HubSpot

__all__ = ["HubSpot"]
