"""Presses of many readers on a small daily limit, some of them left in the middle as by a crash."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from benchmarks.chaos_history import ReaderStory
from core.domain.user import User
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from benchmarks.chaos_bot import ChaosBot
    from benchmarks.chaos_history import History
    from core.services.quota import QuotaHandle

LIMIT = 10
HOLD_S = 30
_AT_ONCE = 3
_CROWD = 25
_ABANDONED_SHARE = 0.12
_FAILED_SHARE = 0.15
_SEND_S = (0.002, 0.03)
_FIRST_READER = 1_000


class Presses:
    """Readers who press several buttons at the same moment; every spent slot is counted here, beside the database."""

    def __init__(self, bot: ChaosBot, history: History, seed: int) -> None:
        self._bot = bot
        self._history = history
        self._chance = random.Random(seed)
        self._first = _FIRST_READER

    async def burst(self) -> None:
        """Some presses of one reader at once; when the crowd has had its fill, the next one comes."""
        reader = self._first + self._chance.randrange(_CROWD)
        story = self._history.readers.setdefault(reader, ReaderStory())
        crowd = [self._history.readers.get(self._first + number) for number in range(_CROWD)]
        if all(other is not None and other.spent + other.uncertain >= LIMIT for other in crowd):
            self._first += _CROWD
        presses = [self._press(reader, story) for _ in range(_AT_ONCE)]
        await self._bot.together(*presses)

    async def take_back_holds(self) -> None:
        """Ask for everything on behalf of every reader and give it back, once all holds have expired."""
        for reader in self._history.readers:
            async with self._bot.quota.reserve(User(reader, "Reader"), LIMIT):
                pass

    async def _press(self, reader: int, story: ReaderStory) -> None:
        want = self._chance.randrange(1, 5)
        self._history.count("presses")
        try:
            if self._chance.random() < _ABANDONED_SHARE:
                await self._abandon(reader, story, want)
            else:
                async with self._bot.quota.reserve(User(reader, "Reader"), want) as handle:
                    await self._fetch(handle, story)
        except DatabaseUnavailableError:
            self._history.count("presses refused, database unavailable")

    async def _fetch(self, handle: QuotaHandle, story: ReaderStory) -> None:
        """Fetch what was granted; some sends fail, and their slots go back when the block ends."""
        held = handle.granted
        story.held += held
        story.note()
        for _ in range(handle.granted):
            await self._bot.clock.sleep(self._chance.uniform(*_SEND_S))
            if self._chance.random() < _FAILED_SHARE:
                continue
            held -= 1
            try:
                has_spent = await handle.spend()
            except DatabaseUnavailableError:
                story.held, story.uncertain = story.held - 1, story.uncertain + 1
                continue
            story.held -= 1
            if not has_spent:
                self._history.count("holds lost")
                break
            story.spent += 1
            self._history.count("slots spent")
        story.held -= held

    async def _abandon(self, reader: int, story: ReaderStory, want: int) -> None:
        """Leave a hold behind, partly spent: what a process that was killed leaves."""
        users, quota, clock = self._bot.users, self._bot.quota, self._bot.clock
        reservation = await users.reserve_quota_atomic(
            reader, want, limit=LIMIT, day=quota.today(), hold_s=HOLD_S, now=clock.utc_now()
        )
        self._history.count("holds abandoned", reservation.granted)
        spent = self._chance.randrange(reservation.granted + 1)
        for number in range(1, spent + 1):
            try:
                has_spent = await users.spend_quota(reservation, number)
            except DatabaseUnavailableError:
                story.uncertain += 1
                return
            story.spent += int(has_spent)
            self._history.count("slots spent", int(has_spent))
