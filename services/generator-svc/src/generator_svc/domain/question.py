"""One record's question, whoever is asked."""

from __future__ import annotations

from typing import Any, NamedTuple

from shared.events import PromptPrepared

from generator_svc.domain.provider import Ask
from generator_svc.domain.work import Link, Work


class Question(NamedTuple):
    """A rendered prompt with its batch."""

    work: Work
    number: int
    """Index of the record in its batch."""
    epoch: int
    prompt: str

    @classmethod
    def of(cls, event: PromptPrepared, work: Work) -> Question:
        """Render the record's prompt. Raises `Rejected` where the batch has no usable prompt."""
        return cls(work, event.index, event.epoch, work.prompt_for(event.values))

    @property
    def record(self) -> tuple[str, int, int]:
        """What names the record within this process."""
        return self.work.batch_id, self.number, self.epoch

    def ask_of(self, link: Link) -> Ask:
        """The call that puts this question to a model."""
        return link.ask(self.prompt, self.work.system, self.work.schema)

    def accept(self, answer: str) -> dict[str, Any] | None:
        """The parsed answer where the batch has a response schema. Raises `InvalidAnswer`."""
        rule = self.work.rule
        return None if rule is None else rule.accept(answer)
