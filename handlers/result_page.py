"""A page of results as text and buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.media import MediaKind
from core.domain.media_id import encode_media_id
from core.search.display import display_name
from core.telegram.gateway import Button
from core.text.formatting import count, file_size
from handlers.buttons import FetchFile, SendAll, ShowPosition, TurnPage

if TYPE_CHECKING:
    from core.domain.media import ListedFile
    from core.domain.search import ResultPage
    from core.telegram.gateway import Keyboard
    from core.text.catalog import Texts

_NAME_LENGTH = 48  # what a phone shows of a button, less the size
_ICONS = {
    MediaKind.VIDEO: "🎬",
    MediaKind.AUDIO: "🎵",
    MediaKind.DOCUMENT: "📄",
    MediaKind.PHOTO: "🖼",
    MediaKind.ANIMATION: "🎞",
}


def render_page(page: ResultPage, texts: Texts) -> tuple[str, Keyboard | None]:
    """The page's HTML and keyboard; no keyboard when nothing was found."""
    session = page.session
    if not session.window.ids:
        key = "results-empty-partial" if page.is_partial else "results-empty"
        return texts.html(key, query=session.query), None
    rows = [[_file_button(session.id, media, texts)] for media in page.files]
    if page.files:
        rows.append([Button(texts.plain("button-send-all"), SendAll(session.id, page.number).pack())])
    if page.pages > 1:
        rows.append(_navigation(session.id, page.number, page.pages))
    return _title(page, texts), rows


def _title(page: ResultPage, texts: Texts) -> str:
    if not page.files:
        return texts.html("results-page-away" if page.is_partial else "results-page-deleted")
    window, language = page.session.window, texts.language
    return texts.html(
        _title_key(page),
        query=page.session.query,
        first=count(page.first_index + 1, language),
        last=count(page.first_index + len(page.files), language),
        total=count(window.total, language),
    )


def _title_key(page: ResultPage) -> str:
    if page.is_partial:
        return "results-title-partial"
    return "results-title" if page.session.window.total_is_exact else "results-title-over"


def _file_button(session_id: str, media: ListedFile, texts: Texts) -> Button:
    label = f"{file_size(media.size, texts.language)} · {_ICONS[media.kind]} {display_name(media.name, _NAME_LENGTH)}"
    return Button(label, FetchFile(session_id, encode_media_id(media.id)).pack())


def _navigation(session_id: str, number: int, pages: int) -> list[Button]:
    """First, previous, position, next, last; an arrow that would lead nowhere is left out."""

    def turn(label: str, target: int) -> Button:
        return Button(label, TurnPage(session_id, target).pack())

    row = []
    if number > 2:
        row.append(turn("«", 1))
    if number > 1:
        row.append(turn("‹", number - 1))
    row.append(Button(f"{number} / {pages}", ShowPosition(number, pages).pack()))
    if number < pages:
        row.append(turn("›", number + 1))
    if number < pages - 1:
        row.append(turn("»", pages))
    return row
