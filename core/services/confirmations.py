"""Questions before what cannot be taken back: put to one admin, and answered once, within a minute."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from core.errors import ExpiredError, NotYoursError

if TYPE_CHECKING:
    from core.clock import Clock

CONFIRM_S = 60
_MOST = 100

What = TypeVar("What")


@dataclass(frozen=True, slots=True)
class _Question(Generic[What]):
    admin_id: int
    what: What
    until: float


class Confirmations(Generic[What]):
    """What was asked and not answered yet; known to this process alone, so a restart forgets it.

    Args:
        expired: key of the sentence for an answer that comes too late, or a second time.
        not_yours: key of the sentence for another admin's answer.
    """

    def __init__(self, clock: Clock, *, expired: str, not_yours: str) -> None:
        self._clock = clock
        self._expired = expired
        self._not_yours = not_yours
        self._asked: dict[str, _Question[What]] = {}

    def ask(self, admin_id: int, what: What) -> str:
        """Keep a question for a minute; returns the token that answers it. Of very many the oldest are forgotten."""
        now = self._clock.monotonic()
        alive = [(token, question) for token, question in self._asked.items() if question.until > now]
        self._asked = dict(alive[-_MOST:])
        token = secrets.token_hex(8)
        self._asked[token] = _Question(admin_id, what, now + CONFIRM_S)
        return token

    def take(self, admin_id: int, token: str) -> What:
        """What was asked about, for the admin who was asked, whether the answer is yes or no; this can be done once.

        Raises:
            ExpiredError: it was asked too long ago, answered before, or by a process that is gone.
            NotYoursError: another admin was asked.
        """
        question = self._asked.get(token)
        if question is None or self._clock.monotonic() >= question.until:
            self._asked.pop(token, None)
            raise ExpiredError(self._expired)
        if question.admin_id != admin_id:
            raise NotYoursError(self._not_yours)
        del self._asked[token]
        return question.what
