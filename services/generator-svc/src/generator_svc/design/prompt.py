"""What a model is asked for a schema map: once for a description, never for a row (S3-03, S3-14)."""

from __future__ import annotations

SYSTEM = "You design schemas for synthetic data. You answer with JSON and nothing else."

RULES = """Design a schema for this synthetic data set: {description}

Rules:
- Output only valid JSON schema.
- Map to Python Faker methods where possible.
- For custom fields, provide array of sample values.

Format: {{"field_name": "faker.method" or {{"type": "method", "params": {{...}}}}}}

Field names are snake_case. Give numbers a sensible range, for example \
{{"type": "random_int", "params": {{"min": 18, "max": 90}}}}, and dates too, for example \
{{"type": "date_between", "params": {{"start_date": "-2y", "end_date": "today"}}}}.
Include exactly the fields that the description names; where it names none, 6 to 14 fields that such data has."""

MOST_TOKENS = 1_500


def prompt_for(description: str) -> str:
    """The user message."""
    return RULES.format(description=description)
