"""What a bot offers to an inline query, and what Telegram refuses in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.files import FileKind
from sandbox.world.links import START_PARAM_LIMIT, check_start_param
from sandbox.world.validation import checked_markup, checked_text, is_valid_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.world.files import File

T = raw.types

RESULTS_LIMIT = 50
RESULT_ID_LIMIT = 64
OFFSET_LIMIT = 64

_DOCUMENT_TYPES = {
    "file": frozenset(FileKind) - {FileKind.PHOTO},
    "video": {FileKind.VIDEO},
    "audio": {FileKind.AUDIO},
    "voice": {FileKind.VOICE},
    "gif": {FileKind.ANIMATION},
}
_EMPTY_TITLE = {"article": "ARTICLE_TITLE_EMPTY", "file": "FILE_TITLE_EMPTY", "video": "VIDEO_TITLE_EMPTY"}
_MESSAGES = (T.InputBotInlineMessageText, T.InputBotInlineMessageMediaAuto)


@dataclass(frozen=True, slots=True)
class InlineResult:
    """One line of the list that a person chooses from.

    Attributes:
        type: "article", "photo", "video", "audio", "voice", "gif" or "file".
        file: what the line shows; None for articles.
        sends_file: the message carries the file, and `text` is its caption; False: the message is the text alone.
        text: of the message, trimmed.
        entities: pyrogram.raw entities of the text; offsets in UTF-16 code units.
        markup: the inline keyboard of the message, or None.
        thumb: raw InputWebDocument of an article, or None.
    """

    id: str
    type: str
    title: str | None = None
    description: str | None = None
    url: str | None = None
    file: File | None = None
    sends_file: bool = False
    text: str = ""
    entities: list[Any] = field(default_factory=list)
    markup: Any = None
    thumb: Any = None


@dataclass(frozen=True, slots=True)
class SwitchButton:
    """The line above the results that opens the bot's private chat with a parameter."""

    text: str
    start_param: str


@dataclass(frozen=True, slots=True)
class InlineAnswer:
    """A bot's answer to an inline query.

    Attributes:
        next_offset: what a client sends to get more; None when that was all.
        cache_time_s: for how long the same query is answered without asking the bot.
        is_personal: that answer is for the person alone who asked.
    """

    results: tuple[InlineResult, ...] = ()
    next_offset: str | None = None
    switch_pm: SwitchButton | None = None
    cache_time_s: int = 0
    is_personal: bool = False
    is_gallery: bool = False


def checked_answer(request: Any, file_of: Callable[[Any], File]) -> InlineAnswer:
    """The answer in a messages.setInlineBotResults.

    Args:
        request: the raw request.
        file_of: the file behind an InputDocument or InputPhoto of the bot; refuses as `Peers.file` does.

    Raises:
        RpcFailure: RESULTS_TOO_MUCH, RESULT_ID_INVALID, RESULT_ID_DUPLICATE, NEXT_OFFSET_INVALID, SWITCH_PM_TEXT_EMPTY,
            START_PARAM_INVALID and its like, BUTTON_TYPE_INVALID for a web view, which nothing here opens, or what
            one of the results is refused with.
    """
    if len(request.results) > RESULTS_LIMIT:
        raise RpcFailure(400, "RESULTS_TOO_MUCH")
    if len((request.next_offset or "").encode()) > OFFSET_LIMIT:
        raise RpcFailure(400, "NEXT_OFFSET_INVALID")
    if request.switch_webview is not None:
        raise RpcFailure(400, "BUTTON_TYPE_INVALID")
    results = tuple(_checked_result(given, file_of) for given in request.results)
    if len({result.id for result in results}) < len(results):
        raise RpcFailure(400, "RESULT_ID_DUPLICATE")
    return InlineAnswer(
        results,
        request.next_offset or None,
        _checked_button(request.switch_pm),
        max(request.cache_time, 0),
        bool(request.private),
        bool(request.gallery),
    )


def _checked_button(given: Any) -> SwitchButton | None:
    if given is None:
        return None
    if not given.text.strip():
        raise RpcFailure(400, "SWITCH_PM_TEXT_EMPTY")
    if len(given.start_param) > START_PARAM_LIMIT:
        # Telegram has START_PARAM_TOO_LONG for messages.startBot alone.
        raise RpcFailure(400, "START_PARAM_INVALID")
    check_start_param(given.start_param)
    return SwitchButton(given.text, given.start_param)


def _checked_result(given: Any, file_of: Callable[[Any], File]) -> InlineResult:
    if not 1 <= len(given.id.encode()) <= RESULT_ID_LIMIT:
        raise RpcFailure(400, "RESULT_ID_INVALID")
    title = getattr(given, "title", None)
    if given.type in _EMPTY_TITLE and not (title or "").strip():
        raise RpcFailure(400, _EMPTY_TITLE[given.type])
    url = getattr(given, "url", None)
    if url and not is_valid_url(url):
        raise RpcFailure(400, "URL_INVALID")
    file = _checked_file(given, file_of)
    message = given.send_message
    if not isinstance(message, _MESSAGES):
        raise RpcFailure(400, "SEND_MESSAGE_TYPE_INVALID")
    sends_file = isinstance(message, T.InputBotInlineMessageMediaAuto)
    if sends_file and file is None:
        raise RpcFailure(400, "SEND_MESSAGE_MEDIA_INVALID")
    text, entities = checked_text(message.message, message.entities, is_caption=sends_file)
    markup = checked_markup(message.reply_markup, by_bot=True)
    if markup is not None and not isinstance(markup, T.ReplyInlineMarkup):
        raise RpcFailure(400, "REPLY_MARKUP_INVALID")
    description, thumb = getattr(given, "description", None), getattr(given, "thumb", None)
    return InlineResult(given.id, given.type, title, description, url, file, sends_file, text, entities, markup, thumb)


def _checked_file(given: Any, file_of: Callable[[Any], File]) -> File | None:
    if isinstance(given, T.InputBotInlineResultDocument):
        if given.type not in _DOCUMENT_TYPES:
            raise RpcFailure(400, "RESULT_TYPE_INVALID")
        return _file(given.document, file_of, "DOCUMENT_INVALID", _DOCUMENT_TYPES[given.type])
    if isinstance(given, T.InputBotInlineResultPhoto):
        if given.type != "photo":
            raise RpcFailure(400, "RESULT_TYPE_INVALID")
        return _file(given.photo, file_of, "PHOTO_INVALID", {FileKind.PHOTO})
    # Results of addresses would have to be fetched by Telegram; nothing here fetches them.
    if not isinstance(given, T.InputBotInlineResult) or given.type != "article" or given.content is not None:
        raise RpcFailure(400, "RESULT_TYPE_INVALID")
    return None


def _file(given: Any, file_of: Callable[[Any], File], refusal: str, kinds: Any) -> File:
    try:
        file = file_of(given)
    except RpcFailure as failure:
        raise RpcFailure(400, refusal if failure.name == "MEDIA_EMPTY" else failure.name) from None
    if file.kind not in kinds:
        raise RpcFailure(400, refusal)
    return file
