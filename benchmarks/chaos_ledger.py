"""Judges what is stored at the end of a chaos run against what was acknowledged; pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from benchmarks.chaos_auditor import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.chaos_history import FileStory
    from benchmarks.chaos_truth import StoredFile

_MOST_SOURCES = 10


def judge_before_repair(stored: Sequence[StoredFile]) -> Iterator[Violation]:
    """A file stands at most once in one database, repair or not: its unique index decides."""
    for (unique_id, database), times in Counter((file.unique_id, file.database) for file in stored).items():
        if times > 1:
            yield Violation(
                "file twice in one database", f"{unique_id}: {times} times in database {database}", unique_id
            )


def judge_files(stories: Mapping[str, FileStory], stored: Sequence[StoredFile]) -> Iterator[Violation]:
    """Every acknowledged file stands exactly once over all databases, as it was last edited; removed ones are gone."""
    by_unique_id: dict[str, list[StoredFile]] = defaultdict(list)
    for file in stored:
        by_unique_id[file.unique_id].append(file)
    for unique_id, story in stories.items():
        yield from _judge_story(unique_id, story, by_unique_id.get(unique_id, []))
    for unique_id in by_unique_id.keys() - stories.keys():
        yield Violation("file never offered", unique_id, unique_id)


def _judge_story(unique_id: str, story: FileStory, files: Sequence[StoredFile]) -> Iterator[Violation]:
    if len(files) > 1:
        where = ", ".join(str(file.database) for file in files)
        yield Violation("insert stored twice", f"{unique_id} in databases {where}", unique_id)
    if story.removed_at is not None:
        if files:
            yield Violation("deletion undone", unique_id, unique_id)
    elif story.stored_at is not None and not story.removal_asked:
        if not files:
            yield Violation("acknowledged insert lost", unique_id, unique_id)
        else:
            yield from _judge_content(unique_id, story, files[0])


def _judge_content(unique_id: str, story: FileStory, file: StoredFile) -> Iterator[Violation]:
    sources = {(source.channel_id, source.message_id) for source in story.sources}
    offered = {(source.channel_id, source.message_id) for source in story.offered_sources}
    if not story.is_settled:
        return
    if file.name != story.name:
        yield Violation("acknowledged edit lost", f"{unique_id}: {file.name!r}, not {story.name!r}", unique_id)
    if not sources <= file.sources and len(file.sources) < _MOST_SOURCES:
        yield Violation("acknowledged source lost", f"{unique_id}: {sorted(sources - file.sources)}", unique_id)
    if not file.sources <= offered:
        yield Violation("source never offered", f"{unique_id}: {sorted(file.sources - offered)}", unique_id)
