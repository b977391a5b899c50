"""The rows of buttons under a page of results."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.domain.media import MediaKind
from core.domain.media_id import encode_media_id
from core.search.display import display_name
from core.search.variants import group_variants
from core.telegram.gateway import Button
from core.text.formatting import count, file_size
from handlers.buttons import FetchFile, Narrow, SendAll, SendNarrowed, ShowPosition, TurnPage
from handlers.narrowing_code import encode_narrowing, is_encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from core.domain.media import ListedFile
    from core.domain.search import Narrowing, ResultPage
    from core.text.catalog import Texts

    Row = list[Button]

ICONS = {
    MediaKind.VIDEO: "🎬",
    MediaKind.AUDIO: "🎵",
    MediaKind.DOCUMENT: "📄",
    MediaKind.PHOTO: "🖼",
    MediaKind.ANIMATION: "🎞",
}
_NAME_LENGTH = 48  # what a phone shows of a button, less the size
_VERSIONS_IN_ROW = 3
_FACETS_IN_ROW = 4
_CHOSEN = "✅ "


def file_rows(page: ResultPage, texts: Texts) -> Iterator[Row]:
    """One button a file; further versions of a title follow it as short ones, up to three in a row."""
    session_id = page.session.id
    for first, *others in group_variants(page.files):
        yield [_file_button(session_id, first, _label(first, texts))]
        labels = _version_labels(others, texts)
        buttons = [_file_button(session_id, media, label) for media, label in zip(others, labels, strict=True)]
        for at in range(0, len(buttons), _VERSIONS_IN_ROW):
            yield buttons[at : at + _VERSIONS_IN_ROW]


def send_row(page: ResultPage, texts: Texts, most: int) -> Row:
    """`Send all` of the page and, where there is more and `most` allows it, of up to so many files."""
    row = [Button(texts.plain("button-send-all"), _send_data(page, page.number))]
    total = len(page.session.window.ids) if page.narrowed_total is None else page.narrowed_total
    if min(total, most) > len(page.files):
        label = texts.plain("button-send-window", count=count(min(total, most), texts.language))
        row.append(Button(label, _send_data(page, 0)))
    return row


def facet_rows(page: ResultPage, texts: Texts) -> Iterator[Row]:
    """What the search can be narrowed to, each with its number of files; the chosen is marked and clears itself.

    A kind of choice with only one answer is left out, unless it is chosen.
    """
    facets, narrowing = page.session.window.facets, page.narrowing
    kinds = [(ICONS[kind], replace(narrowing, kind=kind), number) for kind, number in facets.kinds]
    yield from _facet_row(page, kinds, replace(narrowing, kind=None), texts)
    qualities = [(quality, replace(narrowing, quality=quality), number) for quality, number in facets.qualities]
    yield from _facet_row(page, qualities, replace(narrowing, quality=None), texts)
    languages = [(code.upper(), replace(narrowing, language=code), number) for code, number in facets.languages]
    yield from _facet_row(page, languages, replace(narrowing, language=None), texts)


def navigation_row(page: ResultPage) -> Row:
    """First, previous, position, next, last; an arrow that would lead nowhere is left out, all of one page too."""
    number, pages = page.number, max(page.pages, page.number)
    if pages == 1 and not page.has_more:
        return []
    shown = f"{number} / {pages}{'+' if page.has_more else ''}"
    targets = (
        ("«", 1, number > 2),
        ("‹", number - 1, number > 1),
        (shown, 0, True),
        ("›", number + 1, number < pages or page.has_more),
        ("»", pages, number < pages - 1),
    )
    return [
        Button(label, turn_data(page, target, page.narrowing) if target else ShowPosition(number, pages).pack())
        for label, target, leads in targets
        if leads
    ]


def turn_data(page: ResultPage, number: int, narrowing: Narrowing) -> str:
    """The data that shows page `number` of what a narrowing leaves."""
    if narrowing:
        return Narrow(page.session.id, number, encode_narrowing(narrowing)).pack()
    return TurnPage(page.session.id, number).pack()


def _send_data(page: ResultPage, number: int) -> str:
    if page.narrowing:
        return SendNarrowed(page.session.id, number, encode_narrowing(page.narrowing)).pack()
    return SendAll(page.session.id, number).pack()


def _file_button(session_id: str, media: ListedFile, label: str) -> Button:
    return Button(label, FetchFile(session_id, encode_media_id(media.id)).pack())


def _label(media: ListedFile, texts: Texts) -> str:
    return f"{file_size(media.size, texts.language)} · {ICONS[media.kind]} {display_name(media.name, _NAME_LENGTH)}"


def _version_labels(versions: Sequence[ListedFile], texts: Texts) -> list[str]:
    """Quality and size, or what is known of them; two that would look alike are told apart."""
    labels: list[str] = []
    for media in versions:
        size, metadata = file_size(media.size, texts.language), media.metadata
        label = f"{metadata.quality} · {size}" if metadata and metadata.quality else size
        if label in labels and metadata and metadata.languages:
            label = f"{label} · {'/'.join(metadata.languages).upper()}"
        labels.append(_told_apart(label, labels.__contains__))
    return labels


def _told_apart(label: str, is_taken: Callable[[str], bool]) -> str:
    number, other = 2, label
    while is_taken(other):
        other, number = f"{label} ({number})", number + 1
    return other


def _facet_row(
    page: ResultPage, choices: Sequence[tuple[str, Narrowing, int]], cleared: Narrowing, texts: Texts
) -> Iterator[Row]:
    """The most frequent choices, the chosen one always among them."""
    usable = [choice for choice in choices if is_encodable(choice[1])]
    chosen = [choice for choice in usable if choice[1] == page.narrowing]
    if len(usable) < 2 and not chosen:
        return
    shown = usable[:_FACETS_IN_ROW]
    if chosen and chosen[0] not in shown:
        shown[-1] = chosen[0]
    yield [
        Button(
            f"{_CHOSEN if narrowing == page.narrowing else ''}{name} · {count(number, texts.language)}",
            turn_data(page, 1, cleared if narrowing == page.narrowing else narrowing),
        )
        for name, narrowing, number in shown
    ]
