"""Work offered at a fixed rate, whatever becomes of it, and the readers' half of it: searches, pages, walks, looks."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from benchmarks.chaos_history import Look, PageTurn, SearchAnswer, Walk, WalkPage
from core.errors import FileFilterError, InfrastructureError
from core.search.dictionary import Dictionary
from core.search.query import parse_query
from core.services.search_query import KnownWords, SearchPlanner

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from benchmarks.chaos_bot import ChaosBot
    from benchmarks.chaos_corpus import Corpus
    from benchmarks.chaos_history import History
    from benchmarks.chaos_writes import FileWriters
    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.search import ResultPage

_LAG_LOOK_S = 0.1
_POPULAR = 60
_TURN_SHARE, _LOOK_SHARE = 0.2, 0.1
_WALK_PAGE, _WALK_PAGES = 40, 40
_WALK_PAUSE_S = 0.05
_MAX_QUERY = 200
_PLANNER = SearchPlanner(KnownWords(Dictionary(), is_loaded=False))


class Ticker:
    """Starts work at a fixed rate until told to stop; what was started is waited for by `settle`."""

    def __init__(self, clock: Clock, tasks: TaskRegistry) -> None:
        self._clock = clock
        self._tasks = tasks
        self._running = 0
        self._ends_at = 0.0

    def open_for(self, seconds: float) -> None:
        """Let `offer` and `repeat` go on for so long from now."""
        self._ends_at = self._clock.monotonic() + seconds

    @property
    def is_open(self) -> bool:
        """Whether more is to be offered."""
        return self._clock.monotonic() < self._ends_at

    async def offer(self, rate: float, work: Callable[[], Coroutine[None, None, None]], name: str) -> None:
        """Start `work` `rate` times a second, late ones at once; returns when the time is over."""
        due = self._clock.monotonic()
        while self.is_open:
            due += 1 / rate
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
            self._running += 1
            self._tasks.spawn(self._count(work()), name=name)

    async def watch_lag(self, history: History) -> None:
        """Note how late a wait ends at worst."""
        while self.is_open:
            due = self._clock.monotonic() + _LAG_LOOK_S
            await self._clock.sleep(_LAG_LOOK_S)
            history.longest_lag_s = max(history.longest_lag_s, self._clock.monotonic() - due)

    async def settle(self, patience_s: float) -> int:
        """Wait until everything offered has come to its end; returns how much has not."""
        ends_at = self._clock.monotonic() + patience_s
        while self._running and self._clock.monotonic() < ends_at:
            await self._clock.sleep(0.1)
        return self._running

    async def _count(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        finally:
            self._running -= 1


class Readers:
    """People who search, turn pages, walk and look, each answer written down as it came."""

    def __init__(self, bot: ChaosBot, writers: FileWriters, corpus: Corpus, history: History, seed: int) -> None:
        self._bot = bot
        self._writers = writers
        self._corpus = corpus
        self._history = history
        self._chance = random.Random(seed)
        self._popular: list[tuple[str, ...]] = []
        self._recent: list[int] = []

    def prepare(self) -> None:
        """Choose what is searched for again and again."""
        self._popular = [self._rare_words() for _ in range(_POPULAR)]

    async def search(self) -> None:
        """One search, sometimes a page more."""
        self._history.count("searches offered")
        words = self._words()
        owner = self._chance.randrange(1, 1 << 30)
        clock, asked_at = self._bot.clock, self._bot.clock.unix()
        try:
            page = await self._bot.search.search(owner, " ".join(words))
        except FileFilterError as error:
            failed = SearchAnswer(asked_at, clock.unix(), words, error=f"{type(error).__name__}: {error}")
            self._history.searches.append(failed)
            return
        self._history.searches.append(self._answer(asked_at, words, page))
        self._recent = [media.id for media in page.files] or self._recent
        if page.pages > 1 and self._chance.random() < _TURN_SHARE:
            await self._turn(owner, page)
        if self._recent and self._chance.random() < _LOOK_SHARE:
            await self._look(self._chance.choice(self._recent))

    async def walk(self) -> None:
        """One walk by cursor through all files of a word."""
        words = (self._corpus.vocabulary[self._chance.randrange(4, 60)],)
        plan = _PLANNER.plan(parse_query(words[0], _MAX_QUERY)).plan
        walk, cursor = Walk(words), None
        self._history.walks.append(walk)
        while not walk.has_ended and len(walk.pages) < _WALK_PAGES:
            asked_at = self._bot.clock.unix()
            try:
                found = await self._bot.media.search_files(plan, _WALK_PAGE, cursor=cursor)
            except InfrastructureError:
                self._history.count("walk pages without answer")
                await self._bot.clock.sleep(0.5)
                continue
            ids = tuple(media.id for media in found.files)
            walk.pages.append(WalkPage(asked_at, self._bot.clock.unix(), ids, tuple(found.missing)))
            walk.has_ended = found.cursor is None
            cursor = found.cursor
            await self._bot.clock.sleep(_WALK_PAUSE_S)

    async def walk_on(self, ticker_open: Callable[[], bool]) -> None:
        """Walk after walk as long as `ticker_open` says so."""
        while ticker_open():
            await self.walk()
            await self._bot.clock.sleep(0.5)

    async def _turn(self, owner: int, first: ResultPage) -> None:
        size, number = self._bot.page_size, self._chance.randrange(2, first.pages + 1)
        asked_at = self._bot.clock.unix()
        try:
            page = await self._bot.search.page(owner, first.session.id, number)
        except FileFilterError as error:
            self._history.count(f"page turns refused ({type(error).__name__})")
            return
        begun, ids = first.session.window.ids, page.session.window.ids
        if ids[: len(begun)] != begun:
            ids = begun  # a session may grow behind its window, and do nothing else
        wanted = ids[(number - 1) * size : number * size]
        shown = tuple((media.id, media.name) for media in page.files)
        self._history.turns.append(PageTurn(asked_at, self._bot.clock.unix(), wanted, shown, page.is_partial))

    async def _look(self, media_id: int) -> None:
        asked_at = self._bot.clock.unix()
        try:
            media = await self._bot.media.get(media_id)
        except InfrastructureError:
            self._history.count("looks without answer")
            return
        self._history.looks.append(Look(asked_at, self._bot.clock.unix(), media_id, media is not None))

    def _answer(self, asked_at: float, words: tuple[str, ...], page: ResultPage) -> SearchAnswer:
        window = page.session.window
        return SearchAnswer(
            asked_at=asked_at,
            answered_at=self._bot.clock.unix(),
            words=words,
            ids=window.ids,
            shown=tuple((media.id, media.name) for media in page.files),
            page_size=self._bot.page_size,
            is_full=len(window.ids) >= self._bot.window_size,
            is_partial=page.is_partial or window.is_partial,
        )

    def _words(self) -> tuple[str, ...]:
        kind = self._chance.random()
        if kind < 0.4:
            return self._chance.choice(self._popular)
        if kind < 0.9:
            return self._rare_words()
        return (self._corpus.vocabulary[self._chance.randrange(len(self._corpus.vocabulary))],)

    def _rare_words(self) -> tuple[str, ...]:
        file = self._writers.any_file(self._chance)
        words: Sequence[str] = (*file.words, file.own_word)
        return tuple(self._chance.sample(words, 2))
