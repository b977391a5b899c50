"""The library that is there before the storm: written straight into the servers, spread over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pymongo

from benchmarks.chaos_truth import ID_EPOCH_S, ID_MS_SHIFT
from benchmarks.chaos_writes import BASE_CHANNEL
from core.domain.media import MediaSource
from repositories.media_document import COLLECTION, to_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.chaos_corpus import CorpusFile
    from tests.fixtures.servers import MongoServer

_AGE_S = 86_400
_AT_ONCE = 5_000


def store_base(
    mongods: Sequence[MongoServer], database: str, files: Sequence[CorpusFile], now: float
) -> list[tuple[CorpusFile, MediaSource]]:
    """Store files as if they had come in one by one since a day ago, each in the next database; returns their posts."""
    first_id = int((now - _AGE_S - ID_EPOCH_S) * 1000) << ID_MS_SHIFT
    step = (_AGE_S * 1000 // (len(files) + 1)) << ID_MS_SHIFT
    posts = [(file, MediaSource(BASE_CHANNEL, number)) for number, file in enumerate(files, start=1)]
    for place, server in enumerate(mongods):
        documents = [
            to_document(file.media(source), first_id + source.message_id * step)
            for file, source in posts[place :: len(mongods)]
        ]
        with pymongo.MongoClient[dict[str, Any]](server.uri) as client:
            for start in range(0, len(documents), _AT_ONCE):
                client[database][COLLECTION].insert_many(documents[start : start + _AT_ONCE], ordered=False)
    return posts
