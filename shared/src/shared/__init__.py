"""What Recordsmith's services have in common: events, topics, errors, the bus, telemetry and settings."""
