"""Pure translation of an answer to an inline query into raw TL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from core.domain.media import MediaKind
from core.telegram.gateway import InlineArticle, InlineFile, InlineHint
from core.telegram.raw_requests import (
    MAX_CAPTION_LENGTH,
    MAX_TEXT_LENGTH,
    formatted,
    inline_keyboard,
    input_media,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_RESULTS = 50
_MAX_ID_BYTES = 64
_T = raw.types
_TYPES = {
    MediaKind.VIDEO: "video",
    MediaKind.AUDIO: "audio",
    MediaKind.DOCUMENT: "file",
    MediaKind.ANIMATION: "gif",
}


def inline_answer(
    query_id: str,
    results: Sequence[InlineFile | InlineArticle],
    *,
    cache_s: int,
    personal: bool,
    next_offset: str,
    hint: InlineHint | None,
) -> Any:
    """The request that answers an inline query.

    Raises:
        FileReferenceExpiredError: a file_id is not one that can be sent.
        ValueError: there are more results, or longer texts, than Telegram takes.
    """
    if len(results) > _MAX_RESULTS:
        raise ValueError(f"{len(results)} results, Telegram takes {_MAX_RESULTS}")
    return raw.functions.messages.SetInlineBotResults(
        query_id=int(query_id),
        results=[_article(result) if isinstance(result, InlineArticle) else _file(result) for result in results],
        cache_time=cache_s,
        private=personal or None,
        next_offset=next_offset or None,
        switch_pm=None if hint is None else _T.InlineBotSwitchPM(text=hint.text, start_param=hint.payload),
    )


def _article(result: InlineArticle) -> Any:
    text, entities = formatted(result.html, MAX_TEXT_LENGTH)
    message = _T.InputBotInlineMessageText(
        message=text, no_webpage=True, entities=entities, reply_markup=inline_keyboard(result.keyboard)
    )
    return _T.InputBotInlineResult(
        id=_checked_id(result.id),
        type="article",
        send_message=message,
        title=result.title,
        description=result.description or None,
    )


def _file(result: InlineFile) -> Any:
    """What the file is decides, where it was stored as another kind: a photo is no document of Telegram's."""
    text, entities = formatted(result.caption_html, MAX_CAPTION_LENGTH)
    message = _T.InputBotInlineMessageMediaAuto(message=text, entities=entities)
    stored = input_media(result.file_id).id
    if isinstance(stored, _T.InputPhoto):
        return _T.InputBotInlineResultPhoto(id=_checked_id(result.id), type="photo", photo=stored, send_message=message)
    return _T.InputBotInlineResultDocument(
        id=_checked_id(result.id),
        type=_TYPES.get(result.kind, "file"),
        document=stored,
        send_message=message,
        title=result.title,
        description=result.description or None,
    )


def _checked_id(result_id: str) -> str:
    if not 1 <= len(result_id.encode()) <= _MAX_ID_BYTES:
        raise ValueError(f"the id of a result has 1-{_MAX_ID_BYTES} bytes: {result_id!r}")
    return result_id
