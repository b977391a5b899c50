"""Posts, repeated posts, edits and deletions, offered until they are acknowledged."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from benchmarks.chaos_history import FileStory
from core.domain.indexing import ChannelDelete, ChannelEdit, ChannelPost, QueuedEvent
from core.domain.media import MediaSource
from core.errors import DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.chaos_bot import ChaosBot
    from benchmarks.chaos_corpus import Corpus, CorpusFile
    from benchmarks.chaos_history import History
    from core.domain.indexing import StorableEvent
    from core.domain.media import NewMedia

QUEUE_CHANNELS = (-1001, -1002, -1003)
DIRECT_CHANNELS = (-1004, -1005)
BASE_CHANNEL = -1009
_QUEUED_FILES, _DIRECT_FILES, _CONTESTED_FILES = 14, 6, 4
FILES_A_ROUND = _QUEUED_FILES + 2 * _DIRECT_FILES
_RETRY_S = 0.5
_TRIES_TO_CHOOSE = 20


class FileWriters:
    """Channels whose posts go through the indexing queue, and two writers beside it that store batches themselves.

    Some new files come through both ways at the same moment. What was acknowledged is written down only after it was.
    """

    def __init__(self, bot: ChaosBot, corpus: Corpus, history: History, seed: int) -> None:
        self._bot = bot
        self._corpus = corpus
        self._history = history
        self._chance = random.Random(seed)
        self._files: dict[str, CorpusFile] = {}
        self._acknowledged: list[str] = []
        self._messages = 0

    def take_base(self, files: Sequence[tuple[CorpusFile, MediaSource]], stored_at: float) -> None:
        """Know files that were there before the run."""
        for file, source in files:
            self._files[file.unique_id] = file
            self._history.files[file.unique_id] = FileStory(file.name, {source}, {source}, stored_at)
            self._acknowledged.append(file.unique_id)

    def any_file(self, chance: random.Random) -> CorpusFile:
        """An acknowledged file, as it was last offered."""
        return self._files[chance.choice(self._acknowledged)]

    async def post(self) -> None:
        """A round of new files: some through the queue, the others as batches of two writers at the same time."""
        queued = self._corpus.make(_QUEUED_FILES)
        direct = [self._corpus.make(_DIRECT_FILES) for _ in DIRECT_CHANNELS]
        contested = queued[:_CONTESTED_FILES]
        for file in (*queued, *direct[0], *direct[1]):
            self._files[file.unique_id] = file
            self._history.files[file.unique_id] = FileStory(file.name)
        self._history.count("inserts offered", len(queued) + sum(map(len, direct)))
        batches = [
            self._posts((*files, *contested), channel) for files, channel in zip(direct, DIRECT_CHANNELS, strict=True)
        ]
        await self._bot.together(
            self._through_queue(self._posts(queued, self._chance.choice(QUEUE_CHANNELS))),
            *(self._as_batch(batch) for batch in batches),
        )

    async def repeat_post(self) -> None:
        """A known file is posted once more."""
        if unique_id := self._choose():
            posts = self._posts([self._files[unique_id]], self._chance.choice((*QUEUE_CHANNELS, *DIRECT_CHANNELS)))
            through = self._through_queue if self._chance.random() < 0.5 else self._as_batch
            await through(posts)

    async def edit(self) -> None:
        """The post of a known file gets another name."""
        if unique_id := self._choose():
            story = self._history.files[unique_id]
            source = next(iter(story.sources))
            self._files[unique_id] = file = self._files[unique_id].renamed(self._corpus.word())
            story.name, story.is_settled = file.name, False
            self._note(story, "edit asked")
            media = file.media(source, edited_at=int(self._bot.clock.unix()))
            await self._acknowledge([ChannelEdit(source.channel_id, source.message_id, media, self._next(), 1)])
            story.is_settled = True
            self._note(story, "edit acknowledged")
            self._history.count("edits acknowledged")

    async def delete(self) -> None:
        """The only post of a known file is deleted."""
        if unique_id := self._choose(only_source=True):
            story = self._history.files[unique_id]
            (source,) = story.sources
            story.removal_asked = True
            self._note(story, "deletion asked")
            gone = ChannelDelete(source.channel_id, (source.message_id,), self._next(), 1)
            await self._acknowledge([gone])
            story.removed_at = self._bot.clock.unix()
            self._note(story, "deletion acknowledged")
            self._history.count("deletions acknowledged")

    def _choose(self, *, only_source: bool = False) -> str | None:
        """A file that nothing else is happening to."""
        for _ in range(_TRIES_TO_CHOOSE):
            unique_id = self._chance.choice(self._acknowledged)
            story = self._history.files[unique_id]
            is_free = story.is_settled and not story.removal_asked and story.offered_sources == story.sources
            if is_free and (not only_source or len(story.sources) == 1):
                return unique_id
        return None

    def _posts(self, files: Sequence[CorpusFile], channel_id: int) -> list[NewMedia]:
        posts = [file.media(MediaSource(channel_id, self._next())) for file in files]
        for post in posts:
            story = self._history.files[post.unique_id]
            story.offered_sources.add(post.source)
            self._note(story, f"post {post.source.message_id} offered")
        return posts

    async def _through_queue(self, posts: Sequence[NewMedia]) -> None:
        """As live posts of a channel; stored when the queue has been drained up to them."""
        await self._acknowledge(
            [ChannelPost(post.source.channel_id, post.source.message_id, post, self._next(), 1) for post in posts]
        )
        self._stored(posts)

    async def _as_batch(self, posts: Sequence[NewMedia]) -> None:
        """Through the repository; what was not stored, or did not reach its database, is tried again."""
        waiting = list(posts)
        while waiting:
            try:
                outcome = await self._bot.save_batch(waiting)
            except DatabaseUnavailableError:
                self._history.count("batches tried again")
                await self._bot.clock.sleep(_RETRY_S)
                continue
            self._history.count("posts rejected", len(outcome.rejected))
            unreached = {post.source for _, post in outcome.unreached}
            self._stored([post for post in waiting if post.source not in unreached])
            waiting = [post for post in waiting if post.source in unreached]

    async def _acknowledge(self, events: Sequence[StorableEvent]) -> None:
        for event in events:
            while not self._bot.queue.enqueue(QueuedEvent(event, in_order=True)):
                self._history.count("events shed and offered again")
                await self._bot.clock.sleep(_RETRY_S)
        await self._bot.queue.drain()

    def _stored(self, posts: Sequence[NewMedia]) -> None:
        now = self._bot.clock.unix()
        for post in posts:
            story = self._history.files[post.unique_id]
            story.sources.add(post.source)
            self._note(story, f"post {post.source.message_id} acknowledged")
            if story.stored_at is None:
                story.stored_at = now
                self._acknowledged.append(post.unique_id)
                self._history.count("inserts acknowledged")

    def _note(self, story: FileStory, event: str) -> None:
        story.events.append((self._bot.clock.unix(), event))

    def _next(self) -> int:
        """A new message id, which also serves as the channel's counter: it only ever grows."""
        self._messages += 1
        return self._messages
