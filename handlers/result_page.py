"""A page of results as text and buttons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.domain.media import MediaKind
from core.search.display import display_name
from core.telegram.gateway import Button
from core.text.formatting import count, language_name
from handlers.buttons import OpenOwn, SearchFor
from handlers.result_buttons import facet_rows, file_rows, navigation_row, send_row

if TYPE_CHECKING:
    from core.domain.search import Narrowing, ResultPage
    from core.telegram.gateway import Keyboard
    from core.text.catalog import Texts

_TEXT_LENGTH = 256  # of a query that is shown, so that a message holds two of them
_SUGGESTION_LENGTH = 56
_KIND_KEYS = {
    MediaKind.VIDEO: "results-kind-video",
    MediaKind.AUDIO: "results-kind-audio",
    MediaKind.DOCUMENT: "results-kind-document",
    MediaKind.PHOTO: "results-kind-photo",
    MediaKind.ANIMATION: "results-kind-animation",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page looks like beyond its files.

    Attributes:
        in_group: others see it too, and may open their own copy.
        most_sent: how many files its reader may have sent at once; 0 for readers with a quota, who get a page.
        suggestion_list: under which `SuggestionLists` keeps the page's suggestions; "" shows none.
    """

    in_group: bool = False
    most_sent: int = 0
    suggestion_list: str = ""


_PLAIN = Surroundings()


def render_page(page: ResultPage, texts: Texts, around: Surroundings = _PLAIN) -> tuple[str, Keyboard | None]:
    """The page's HTML, at most 4,096 characters as Telegram counts, and at most 60 buttons.

    No keyboard when there is nothing to press.
    """
    if not page.session.window.ids:
        return _nothing(page, texts, around), _suggestions(page, around) or None
    rows = list(file_rows(page, texts))
    if page.files:
        rows.append(send_row(page, texts, around.most_sent))
    rows += facet_rows(page, texts)
    rows.append(navigation_row(page))
    if around.in_group:
        rows.append([Button(texts.plain("button-open-own"), OpenOwn(page.session.id).pack())])
    return _title(page, texts), [row for row in rows if row]


def shown_text(text: str) -> str:
    """What somebody typed, in one line that leaves room for others."""
    return display_name(text, _TEXT_LENGTH)


def _nothing(page: ResultPage, texts: Texts, around: Surroundings) -> str:
    key = "results-empty-partial" if page.is_partial else "results-empty"
    lines = [texts.html(key, query=shown_text(page.session.query))]
    if around.suggestion_list:
        lines.append(texts.html("results-did-you-mean"))
    elif not page.is_partial:
        lines.append(texts.html("results-empty-hint"))
    return "\n".join(lines)


def _suggestions(page: ResultPage, around: Surroundings) -> list[list[Button]]:
    if not around.suggestion_list:
        return []
    return [
        [Button(f"🔎 {display_name(text, _SUGGESTION_LENGTH)}", SearchFor(around.suggestion_list, number).pack())]
        for number, text in enumerate(page.suggestions, start=1)
    ]


def _title(page: ResultPage, texts: Texts) -> str:
    window, query = page.session.window, shown_text(page.session.query)
    if window.corrected is None:
        lines = [texts.html("results-query", query=query)]
    else:
        lines = [texts.html("results-corrected", corrected=shown_text(window.corrected), query=query)]
    if page.narrowing:
        lines.append(texts.html("results-narrowed", filters=_filters(page.narrowing, texts)))
    lines.append(_range(page, texts) if page.files else texts.html(_absence_key(page)))
    if page.is_partial and page.files:
        lines.append(texts.html("results-missing"))
    return "\n".join(lines)


def _range(page: ResultPage, texts: Texts) -> str:
    last = page.first_index + len(page.files)
    total = page.session.window.total if page.narrowed_total is None else page.narrowed_total
    return texts.html(
        _range_key(page),
        first=count(page.first_index + 1, texts.language),
        last=count(last, texts.language),
        total=count(max(total, last), texts.language),
    )


def _range_key(page: ResultPage) -> str:
    if page.is_partial:
        return "results-range-least"
    is_exact = page.session.window.total_is_exact if page.narrowed_total is None else not page.has_more
    return "results-range" if is_exact else "results-range-over"


def _absence_key(page: ResultPage) -> str:
    if page.is_partial:
        return "results-page-away"
    return "results-narrowed-nothing" if page.narrowed_total == 0 else "results-page-deleted"


def _filters(narrowing: Narrowing, texts: Texts) -> str:
    parts = [texts.plain(_KIND_KEYS[narrowing.kind])] if narrowing.kind is not None else []
    if narrowing.quality is not None:
        parts.append(narrowing.quality)
    if narrowing.language is not None:
        parts.append(language_name(narrowing.language, texts.language))
    return " · ".join(parts)
