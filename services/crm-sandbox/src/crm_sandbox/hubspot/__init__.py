"""HubSpot's rules: objects, properties, batches, associations, search, tokens and limits, apart from their paths."""
