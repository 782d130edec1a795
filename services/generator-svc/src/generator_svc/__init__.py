"""A generator service calls LLMs with fallback and emits results."""
