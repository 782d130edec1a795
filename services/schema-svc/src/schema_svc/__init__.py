"""A schema service expands them (batch requests) into per-record prompt events."""
