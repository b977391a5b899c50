"""Whose `Send all` is worked on: some at a time, the others in turn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.observability.metrics import Metrics


class DeliveryQueue:
    """Gives places to jobs in the order in which they ask; a job that has sent its share asks anew, at the end.

    Every job of a place takes one message a second of the bot's budget, since a chat takes no more. As long as the
    places together leave some of the budget, whoever presses one file finds it free: that is what the bound is for.

    Args:
        places: how many jobs may be worked on at once, asked whenever a place may be given.
        metrics: shows how many are worked on and how many wait.
    """

    def __init__(self, places: Callable[[], int], metrics: Metrics) -> None:
        self._places = places
        self._metrics = metrics
        self._working: set[str] = set()
        self._waiting: dict[str, asyncio.Future[None]] = {}  # in the order of their turns

    @property
    def is_crowded(self) -> bool:
        """Whether somebody waits."""
        return bool(self._waiting)

    def ahead(self, job_id: str) -> int:
        """How many waiting jobs have their turn before this one."""
        return next((place for place, other in enumerate(self._waiting) if other == job_id), 0)

    def join(self, job_id: str) -> asyncio.Future[None]:
        """Ask for a place; the future is done when the job has it. To be followed by `leave`, whatever happens."""
        turn = self._waiting[job_id] = asyncio.get_running_loop().create_future()
        self._give_places()
        return turn

    def leave(self, job_id: str) -> None:
        """Give a place up, or the wait for one; without effect on a job that has neither."""
        self._working.discard(job_id)
        self._waiting.pop(job_id, None)
        self._give_places()

    def _give_places(self) -> None:
        while self._waiting and len(self._working) < self._places():
            job_id = next(iter(self._waiting))
            turn = self._waiting.pop(job_id)
            self._working.add(job_id)
            if not turn.done():
                turn.set_result(None)
        self._metrics.send_all_jobs.labels("working").set(len(self._working))
        self._metrics.send_all_jobs.labels("waiting").set(len(self._waiting))
