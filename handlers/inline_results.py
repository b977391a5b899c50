"""A page of inline results as Telegram shows it, and the line above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.inline_search import InlineNotice
from core.domain.media_id import encode_media_id
from core.search.display import display_name
from core.services.caption import caption_html
from core.telegram.gateway import Button, InlineArticle, InlineFile, InlineHint
from core.text.formatting import file_size
from handlers.private_link import start_url

if TYPE_CHECKING:
    from core.domain.inline_search import InlinePage, InlineResult
    from core.domain.media import MediaFile
    from core.text.catalog import Texts

_TITLE_LENGTH = 64
_HINT_LENGTH = 64  # an app shows one line of it


def render_inline_page(
    page: InlinePage, texts: Texts, bot_username: str
) -> tuple[list[InlineFile | InlineArticle], InlineHint | None]:
    """The page's results and the line above them, if there is something to say."""
    return [_result(result, texts, bot_username) for result in page.results], _notice(page, texts)


def hint(text: str, payload: str) -> InlineHint:
    """A line above the results, cut to what an app shows."""
    return InlineHint(display_name(text, _HINT_LENGTH), payload)


def _notice(page: InlinePage, texts: Texts) -> InlineHint | None:
    if page.notice is None:
        return None
    if page.notice is InlineNotice.CORRECTED:
        return hint(texts.plain("inline-corrected", query=page.corrected), page.notice_payload)
    return hint(texts.plain(f"inline-notice-{page.notice}"), page.notice_payload)


def _result(result: InlineResult, texts: Texts, bot_username: str) -> InlineFile | InlineArticle:
    media = result.media
    result_id, kind = encode_media_id(media.id), texts.plain(f"inline-kind-{media.kind.name.lower()}")
    title = _title(media) or kind
    size = file_size(media.size, texts.language)
    description = texts.plain("inline-description", size=size, kind=kind)
    if result.link is None:
        return InlineFile(result_id, media.file_id, media.kind, title, description, caption_html(media))
    url = start_url(bot_username, result.link)
    html = texts.html("inline-message", name=title, size=size, kind=kind)
    return InlineArticle(result_id, title, description, html, ((Button(texts.plain("inline-button-get"), url=url),),))


def _title(media: MediaFile) -> str:
    return display_name(media.name or media.caption or "", _TITLE_LENGTH)
