"""Designs for the command line: the configured provider or the built-in designer, and what they had to say."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import orjson
from shared.errors import Rejected
from shared.settings import DatabaseSettings

from generator_svc.commands.trouble import say
from generator_svc.configured import configured_seats
from generator_svc.design.designer import Designed, Designer
from generator_svc.domain.retry import RetryPolicy
from generator_svc.settings import AISettings
from generator_svc.store.schema_file import NAME, SchemaFile
from generator_svc.transport import Http


def designed(description: str) -> Designed:
    """The schema map for a description; what to know about it goes to stderr. Raises `Rejected`."""
    made = asyncio.run(_design(description))
    for note in made.notes:
        say(f"recordsmith: {note}")
    return made


async def _design(description: str) -> Designed:
    ai, http = AISettings(), Http()
    try:
        file = SchemaFile(DatabaseSettings().data / NAME)
        return await Designer(configured_seats(ai, http), file, RetryPolicy(ai.max_retries, random.random)).design(
            description
        )
    finally:
        await http.close()


def read_json(path: Path) -> object:
    """A JSON file. Raises `Rejected` naming the file and what is wrong with it."""
    try:
        return orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise Rejected(f"there is no file {path}", category="validation") from None
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}", category="validation") from None
    except orjson.JSONDecodeError as error:
        raise Rejected(f"{path} is not JSON: {str(error)[:120]}", category="validation") from None


def saved_schema(name: str) -> Path:
    """The file that a name stands for: as it is, or with `.json` behind it."""
    path = Path(name)
    return path if path.exists() or path.suffix else path.with_suffix(".json")
