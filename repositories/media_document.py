"""The stored form of a file: the only place that knows the short field names.

    media_files {_id, u: unique id, f: file id as bytes, n: name, c?: caption, s: bytes, k: kind, d?: seconds,
                 h: [word hash], src: [{ch: channel, mi: message}], m?: packed metadata, p?: deliveries,
                 e?: unix seconds of the newest edit, x?: 1 when it cannot be fetched,
                 g?: album of its first post, b?: 1 when the caption is that of another file of the album}

Short names and hashes halve the size of a record and of its index.
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.domain.media import NO_POST, ListedFile, MediaFile, MediaKind, MediaSource
from core.search.hashes import word_hashes
from core.search.words import file_words
from repositories.media_metadata import unpack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.database.pool import Document
    from core.domain.media import NewMedia, ReleaseMetadata
    from core.search.plan import SearchPlan, WordSet

COLLECTION = "media_files"
SEARCH_INDEX = "h"
ID_INDEX = "_id_"
UNIQUE_INDEX = "u"
SOURCE_INDEX = "src"
MAX_SOURCES = 10

ID, UNIQUE_ID, FILE_ID, NAME, CAPTION, SIZE, KIND, DURATION = "_id", "u", "f", "n", "c", "s", "k", "d"
WORDS, SOURCES, EDITED_AT, DEAD, METADATA, FETCHED = "h", "src", "e", "x", "m", "p"
ALBUM, LENT = "g", "b"
CHANNEL, MESSAGE = "ch", "mi"
LAST_SOURCE_SLOT = f"{SOURCES}.{MAX_SOURCES - 1}"

LISTED = {NAME: 1, SIZE: 1, KIND: 1, METADATA: 1, FETCHED: 1}
"""What a result list needs."""
WHOLE = {WORDS: 0}

_TO_STANDARD, _TO_URL_SAFE = bytes.maketrans(b"-_", b"+/"), bytes.maketrans(b"+/", b"-_")
_MAX_TEXT = 8192
_MAX_INTEGER = 1 << 53


class UnstorableMediaError(ValueError):
    """A file that no record can hold; the message is its short reason, one of a few, fit for a metric's label."""


def to_document(
    media: NewMedia, media_id: int, words: Sequence[str] | None = None, sources: Sequence[MediaSource] = ()
) -> Document:
    """The record of a new file that `check_storable` lets pass.

    Args:
        media: names the file.
        media_id: becomes its `_id`.
        words: what `file_words` gives, which saves taking the name apart again.
        sources: its posts, at most `MAX_SOURCES`; none for the post of `media` alone.
    """
    document: Document = {
        ID: media_id,
        UNIQUE_ID: media.unique_id,
        **content_fields(media, words),
        SOURCES: [source_document(source) for source in sources or (media.source,) if source != NO_POST],
    }
    if media.edited_at:
        document[EDITED_AT] = media.edited_at
    return document


def content_fields(media: NewMedia, words: Sequence[str] | None = None) -> Document:
    """Everything of a record that a post says about its file."""
    fields: Document = {
        FILE_ID: stored_file_id(media.file_id),
        NAME: media.name,
        SIZE: media.size,
        KIND: int(media.kind),
    }
    if media.caption:
        fields[CAPTION] = media.caption
    if media.duration_s is not None:
        fields[DURATION] = media.duration_s
    if media.album_id is not None:
        fields[ALBUM] = media.album_id
    if media.is_caption_lent:
        fields[LENT] = 1
    fields[WORDS] = word_hashes(file_words(media.name, media.caption) if words is None else words)
    return fields


def edit_update(media: NewMedia) -> Document:
    """The update that gives a record the name and caption of an edited post.

    Raises:
        UnstorableMediaError: something in them cannot be stored.
    """
    check_storable(media)
    words = word_hashes(file_words(media.name, media.caption))
    changes: Document = {NAME: media.name, WORDS: words, EDITED_AT: media.edited_at}
    if media.caption:
        changes[CAPTION] = media.caption
    if media.is_caption_lent:
        changes[LENT] = 1
    gone = {name: "" for name in (CAPTION, LENT, METADATA) if name not in changes}
    return {"$set": changes, "$unset": gone}


def older_than(edited_at: int) -> Document:
    """Matches records whose newest edit is not newer than `edited_at`, and that can still be fetched."""
    return {"$or": [{EDITED_AT: {"$exists": False}}, {EDITED_AT: {"$lte": edited_at}}], DEAD: {"$exists": False}}


def to_media(document: Document) -> MediaFile:
    """The domain's view of a record; what was not read is None or empty."""
    return MediaFile(
        document[ID],
        document[UNIQUE_ID],
        file_id_of(document),
        document[NAME],
        document.get(CAPTION),
        document[SIZE],
        _KINDS[document[KIND]],
        sources_of(document),
        document.get(DURATION),
        _metadata_of(document),
    )


def to_listed(document: Document) -> ListedFile:
    """The record read with `LISTED`."""
    kind = _KINDS[document[KIND]]
    if METADATA not in document and FETCHED not in document:
        return ListedFile(document[ID], document[NAME], document[SIZE], kind)
    fetched = document.get(FETCHED, 0)
    return ListedFile(document[ID], document[NAME], document[SIZE], kind, _metadata_of(document), fetched)


def stored_file_id(file_id: str) -> bytes | str:
    """A file id as stored: its bytes are a quarter shorter than the base64 that Telegram's bots know them by."""
    try:
        text = file_id.encode("ascii")
        packed = a2b_base64(text.translate(_TO_STANDARD) + b"=" * (-len(text) % 4))
    except ValueError:
        return file_id
    return packed if _in_base64(packed) == text else file_id


def file_id_of(document: Document) -> str:
    """The file id of a record."""
    stored = document[FILE_ID]
    return stored if isinstance(stored, str) else _in_base64(stored).decode("ascii")


def _in_base64(packed: bytes) -> bytes:
    return b2a_base64(packed, newline=False).translate(_TO_URL_SAFE).rstrip(b"=")


def _metadata_of(document: Document) -> ReleaseMetadata | None:
    return None if METADATA not in document else _unpacked(document[METADATA])


_unpacked = lru_cache(maxsize=4096)(unpack)


def sources_of(document: Document) -> tuple[MediaSource, ...]:
    """The posts of a record, oldest first."""
    return tuple(MediaSource(source[CHANNEL], source[MESSAGE]) for source in document.get(SOURCES, ()))


def source_document(source: MediaSource) -> Document:
    """A post as stored; the order of the fields is part of the value."""
    return {CHANNEL: source.channel_id, MESSAGE: source.message_id}


def plan_filter(plan: SearchPlan) -> Document:
    """A filter that the search index answers in `_id` order, led by the plan's leads alone.

    The other words are doubly negated, because the server then can neither choose them to drive the index nor race one
    plan against another.
    """
    leads = plan.leads
    matches: Document = {}
    if leads:
        matches[WORDS] = leads[0] if len(leads) == 1 else {"$in": list(leads)}
    branches = [[_has_any(words) for words in branch] for branch in plan.branches]
    if len(branches) == 1 and branches[0]:
        matches["$and"] = branches[0]
    elif len(branches) > 1 and all(branches):
        matches["$or"] = [{"$and": branch} for branch in branches]
    if plan.kinds:
        matches[KIND] = plan.kinds[0] if len(plan.kinds) == 1 else {"$in": list(plan.kinds)}
    bounds = {"$gte": plan.min_size, "$lte": plan.max_size}
    if sizes := {operator: size for operator, size in bounds.items() if size is not None}:
        matches[SIZE] = sizes
    return matches


def plan_index(plan: SearchPlan) -> str:
    """The index that answers a plan in `_id` order."""
    return SEARCH_INDEX if plan.leads else ID_INDEX


def _has_any(words: WordSet) -> Document:
    return {"$nor": [{WORDS: {"$ne": words[0]} if len(words) == 1 else {"$nin": list(words)}}]}


_KINDS: dict[Any, MediaKind] = {int(kind): kind for kind in MediaKind}


def is_storable(media: NewMedia) -> bool:
    """Whether a record can hold it."""
    try:
        check_storable(media)
    except UnstorableMediaError:
        return False
    return True


def check_storable(media: NewMedia) -> None:
    """Refuse what no record can hold.

    Raises:
        UnstorableMediaError: something in it cannot be stored.
    """
    if not media.unique_id or not media.file_id:
        raise UnstorableMediaError("no_file_id")
    if not 0 <= media.size < _MAX_INTEGER or not 0 <= media.edited_at < _MAX_INTEGER:
        raise UnstorableMediaError("bad_number")
    for text in (media.unique_id, media.file_id, media.name, media.caption or ""):
        if len(text) > _MAX_TEXT:
            raise UnstorableMediaError("text_too_long")
        if text.isascii():
            continue
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UnstorableMediaError("bad_text") from None
