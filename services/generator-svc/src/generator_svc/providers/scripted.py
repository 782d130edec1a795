"""Answers in this process, the same every time: for tests and benches, and only where a batch names it."""

from __future__ import annotations

import asyncio
import re
from hashlib import blake2b
from typing import ClassVar

import orjson

from generator_svc.domain.dice import Dice
from generator_svc.domain.failures import malformed
from generator_svc.domain.instances import InstanceMaker, NoInstance
from generator_svc.domain.provider import Access, Ask, Completion, Policy
from generator_svc.transport import Http

_LATENCY = re.compile(r"^(\d+)ms$")


class Scripted:
    """The answer follows from the prompt. Model `instant` answers at once, `200ms` after so long."""

    name: ClassVar[str] = "scripted"
    default_model: ClassVar[str] = "instant"
    operation: ClassVar[str] = "chat"
    policy: ClassVar[Policy] = Policy(cached=False)

    def __init__(self, access: Access, http: Http) -> None:
        """Needs neither key nor address nor network."""

    @staticmethod
    def configured(access: Access) -> bool:
        """Never by itself: made-up answers must be asked for."""
        return False

    async def complete(self, ask: Ask) -> Completion:
        """One answer."""
        if latency := _LATENCY.match(ask.model):
            await asyncio.sleep(int(latency[1]) / 1000)
        return _answer(ask)

    def at_once(self, ask: Ask) -> Completion | None:
        """The same, where the model is not one that takes its time."""
        return None if _LATENCY.match(ask.model) else _answer(ask)


def _answer(ask: Ask) -> Completion:
    digest = blake2b(ask.prompt.encode(), digest_size=8).hexdigest()
    text = f"Scripted answer {digest}: steady, as expected." if ask.schema is None else _structured(ask, digest)
    return Completion(text, len(ask.prompt) // 4 + 1, len(text) // 4 + 1)


def _structured(ask: Ask, digest: str) -> str:
    schema, dice = ask.schema or {}, Dice("scripted", digest)
    try:
        return orjson.dumps(InstanceMaker(schema, dice, lambda name: f"{name} {digest}").make(schema)).decode()
    except (NoInstance, TypeError):
        raise malformed() from None
