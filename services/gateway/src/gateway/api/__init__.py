"""The HTTP API: people and other systems submit batches here and learn what became of every record."""
