"""HTML of the catalogue becomes text and entities as Telegram counts them."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrogram import raw
from pyrogram.parser.html import HTML

from core.telegram.html_entities import html_to_entities, utf16_length

_PLAIN = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _units(text: str, entity) -> str:
    """What an entity covers, cut out the way Telegram does: by UTF-16 code units."""
    encoded = text.encode("utf-16-le")
    return encoded[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def test_offsets_and_lengths_count_an_emoji_as_two():
    """An entity behind and around emoji covers exactly its own words."""
    text, entities = html_to_entities('🎬🎬 <b>न 🎞 film</b> &amp; <a href="https://t.me/x?a=1&amp;b=2">link</a>')

    assert text == "🎬🎬 न 🎞 film & link"
    assert entities == [
        raw.types.MessageEntityBold(offset=5, length=9),
        raw.types.MessageEntityTextUrl(offset=17, length=4, url="https://t.me/x?a=1&b=2"),
    ]
    assert [_units(text, entity) for entity in entities] == ["न 🎞 film", "link"]


def test_nested_tags_give_nested_entities_outer_first():
    """Entities are ordered by offset, an outer one before the one inside it."""
    text, entities = html_to_entities("<b>a<i>b</i></b><code>c</code><pre>d</pre>")

    assert text == "abcd"
    kinds = [(type(entity).__name__, entity.offset, entity.length) for entity in entities]
    assert kinds == [
        ("MessageEntityBold", 0, 2),
        ("MessageEntityItalic", 1, 1),
        ("MessageEntityCode", 2, 1),
        ("MessageEntityPre", 3, 1),
    ]


@pytest.mark.parametrize("source", ["", "plain", "<b></b>", "a &lt;b&gt; c"])
def test_without_entities_the_list_is_none(source):
    """An empty list never reaches the client, which would write it wrongly."""
    assert html_to_entities(source)[1] is None


@pytest.mark.parametrize(
    "source",
    ["<b>open", "close</b>", "<b><i>crossed</b></i>", "<font>x</font>", "1 < 2", "<a>x</a>", '<b id="1">x</b>', "<b"],
)
def test_what_the_catalogue_may_not_emit_is_a_loud_error(source):
    """Unknown, unbalanced and unescaped markup is refused instead of being dropped silently."""
    with pytest.raises(ValueError, match=r"<"):
        html_to_entities(source)


@given(before=_PLAIN, inside=_PLAIN, after=_PLAIN)
def test_any_escaped_value_survives_and_stays_inside_its_entity(before, inside, after):
    """Scenario 52: whatever a value holds, it comes out as typed and adds no entity of its own."""
    text, entities = html_to_entities(f"{html.escape(before)}<b>{html.escape(inside)}</b>{html.escape(after)}")

    assert text == before + inside + after
    assert [_units(text, entity) for entity in entities or ()] == ([inside] if inside else [])
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


async def test_the_result_is_that_of_the_clients_own_parser():
    """On the catalogue's markup the renderer agrees with pyrogram's, which is several times slower."""
    source = '<b>“nosferatu &amp; 🎬”</b>\n1-10 of 1,234 <i>files</i> <a href="https://t.me/x">open</a> <code>7</code>'
    expected = await HTML(None).parse(source)

    assert html_to_entities(source) == (expected["message"], expected["entities"])
