"""Cutting long texts."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from core.telegram.html_entities import html_to_entities
from core.text.pages import pages, plain_text

LIMIT = 60
WORDS = st.text(st.sampled_from('ab <>&"é🎬\u200f'), max_size=90).map(html.escape)
MARKED = st.tuples(st.sampled_from(["<b>{}</b>", "<code>{}</code>", "<i>x <b>{}</b> y</i>", "{}"]), WORDS)
LINES = st.lists(MARKED.map(lambda pair: pair[0].format(pair[1])), max_size=12)


@given(LINES)
def test_every_page_is_sound_short_and_nothing_is_lost(lines: list[str]) -> None:
    """Pages are markup that Telegram takes, within the limit, and together say what the lines say."""
    found = pages(lines, LIMIT)

    for page in found:
        html_to_entities(page)
        assert len(page.encode("utf-16-le")) // 2 <= LIMIT
    shown = "".join(html_to_entities(page)[0] for page in found)
    assert squeezed(shown) == squeezed("".join(html_to_entities(line)[0] for line in lines))


def squeezed(text: str) -> str:
    """Without the white space at which pages are cut, and which alone is no page."""
    return re.sub(r"\s", "", text)


def test_lines_stay_whole_where_they_fit() -> None:
    """A page ends between lines."""
    assert pages(["<b>one</b>", "two", "", "three"], 18) == ["<b>one</b>\ntwo\n", "three"]
    assert pages([]) == []
    assert pages(["", ""]) == []


def test_a_line_that_fits_nowhere_is_cut_outside_of_entities() -> None:
    """What is open is closed and opened again, and neither a tag nor an entity is cut in two."""
    assert pages(["<b>aa&amp;bb</b>"], 14) == ["<b>aa&amp;</b>", "<b>bb</b>"]


def test_a_file_has_neither_tags_nor_entities() -> None:
    """Every line on its own line, as a person reads it."""
    assert plain_text(["<code>a &lt;b&gt; &amp;amp;</code>", ""]) == "a <b> &amp;\n\n"
