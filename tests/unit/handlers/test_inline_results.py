"""Inline results as people see them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.inline_search import InlineNotice, InlinePage, InlineResult
from core.domain.media import MediaFile, MediaKind
from core.telegram.gateway import InlineArticle, InlineFile
from core.telegram.html_entities import html_to_entities, utf16_length
from core.telegram.inline_results import inline_answer
from core.text.catalog import Catalogue
from handlers.inline_results import hint, render_inline_page

TEXTS = Catalogue().for_language("en")
HOSTILE = "A & B <b>cut</b> *_[x](tg://user?id=1).mkv"


def media(name="Judex.1916.mkv", *, kind=MediaKind.VIDEO, caption=None):
    return MediaFile(77, "unique", "file id", name, caption, 1_400_000_000, kind)


def rendered(result, **page):
    results, notice = render_inline_page(InlinePage((result,), 30, **page), TEXTS, "filter_bot")
    return results[0], notice


def test_a_reader_without_a_quota_gets_the_file():
    """Name, size and kind, and the file's own caption as it will be sent."""
    result, notice = rendered(InlineResult(media(caption="Louis Feuillade")))

    assert result == InlineFile(
        "AAAAAAABN", "file id", MediaKind.VIDEO, "Judex.1916.mkv", "1.3 GB · 🎬 Video", "Louis Feuillade"
    )
    assert notice is None


def test_a_reader_with_a_quota_gets_a_link_into_the_private_chat():
    """The message names the file; its one button opens the bot with the payload, and nothing else travels."""
    result, _ = rendered(InlineResult(media(), "tPAYLOAD"))

    assert isinstance(result, InlineArticle)
    assert (result.title, result.description) == ("Judex.1916.mkv", "1.3 GB · 🎬 Video")
    assert result.html == "<b>Judex.1916.mkv</b>\n1.3 GB · 🎬 Video"
    assert [[button.url for button in row] for row in result.keyboard] == [["https://t.me/filter_bot?start=tPAYLOAD"]]


@pytest.mark.parametrize("link", [None, "tPAYLOAD"])
def test_markup_in_names_and_captions_is_text(link):
    """Scenario 52: no name and no caption makes an entity of its own."""
    result, _ = rendered(InlineResult(media(HOSTILE, caption="<b>not bold</b> & [no](tg://link)"), link))
    text, entities = html_to_entities(result.caption_html if link is None else result.html)

    assert text.startswith("<b>not bold</b> &" if link is None else HOSTILE)
    assert [type(entity).__name__ for entity in entities or ()] == ([] if link is None else ["MessageEntityBold"])


@pytest.mark.parametrize(
    ("name", "caption", "title"),
    [("", "A portrait", "A portrait"), ("", None, "🖼 Photo"), ("\u200b\u202e", None, "🖼 Photo")],
)
def test_a_result_always_has_a_title(name, caption, title):
    """Telegram takes no result without one: a nameless file is called by its caption, or by what it is."""
    result, _ = rendered(InlineResult(media(name, kind=MediaKind.PHOTO, caption=caption), "tPAYLOAD"))

    assert result.title == title


@given(
    name=st.text(max_size=255),
    caption=st.none() | st.text(max_size=2000),
    kind=st.sampled_from(MediaKind),
    linked=st.booleans(),
)
def test_any_file_can_be_shown(name, caption, kind, linked):
    """Scenario 73: whatever a file is called, its result keeps Telegram's limits and is not empty."""
    result, _ = rendered(InlineResult(media(name, kind=kind, caption=caption), "tPAYLOAD" if linked else None))

    assert 1 <= len(result.title) <= 64
    if linked:
        assert inline_answer("1", [result], cache_s=0, personal=True, next_offset="", hint=None)
    else:
        assert utf16_length(html_to_entities(result.caption_html)[0]) <= 1024


@pytest.mark.parametrize("notice", InlineNotice)
def test_every_notice_fits_one_line(notice):
    """Each line above the results says something, and leads into the private chat."""
    _, line = rendered(InlineResult(media()), notice=notice, corrected="judex", notice_payload="tPAYLOAD")

    assert 10 < len(line.text) <= 64
    assert "…" not in line.text
    assert line.payload == "tPAYLOAD"


def test_a_long_line_is_cut():
    """A refusal of any length becomes one line."""
    line = hint("word " * 100, "help")

    assert len(line.text) <= 64
    assert line.text.endswith("…")


def test_a_correction_is_shown_as_it_is():
    """Scenario 52: what was searched for instead is plain text in a plain line."""
    _, line = rendered(InlineResult(media()), notice=InlineNotice.CORRECTED, corrected="<b>judex</b> &")

    assert line.text == "Results for “<b>judex</b> &”"
