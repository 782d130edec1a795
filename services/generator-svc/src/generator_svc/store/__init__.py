"""This service's tables: the completion cache."""
