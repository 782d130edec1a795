"""From a description to a schema map, and from a schema map to a recipe (S3)."""
