"""A local CRM that unmodified clients can talk to: one room per vendor, one process, two ports on loopback."""

__version__ = "0.1.0"
