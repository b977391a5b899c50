"""Filling and cutting captions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.caption_template import (
    FIELDS,
    LONGEST_TEXT,
    TemplateError,
    TemplateProblem,
    parse_template,
)
from core.search.display import grapheme_clusters
from core.services.caption import CAPTION_LIMIT
from core.services.caption_layout import cut_text, fill, utf16_units
from core.telegram.html_entities import html_to_entities

NOTHING = dict.fromkeys(FIELDS, "")
ANY_TEXT = (
    st.text(max_size=1500) | st.text(alphabet="👩🏽‍🚀🇩🇪e\u0301🇺 क्षि", max_size=1500) | st.text("ab ", max_size=1500)
)
TAGS = ("b", "i", "u", "s", "code", "tg-spoiler", "blockquote")


def filled(template: str, **values: str) -> str:
    return fill(parse_template(template), NOTHING | values, CAPTION_LIMIT)


@pytest.mark.parametrize(
    ("template", "values", "caption"),
    [
        ("{filename} ({year})", {"filename": "A"}, "A"),
        ("{filename} ({year})", {"filename": "A", "year": "1922"}, "A (1922)"),
        ("{filename} [{quality} {language}]", {"filename": "A", "language": "English"}, "A [English]"),
        ("{filename} [{quality} {language}]", {"filename": "A", "quality": "720p"}, "A [720p]"),
        ("{filename} [({year})]", {"filename": "A"}, "A"),
        ("{quality} · {language} · {size}", {"quality": "720p", "size": "1 GB"}, "720p · 1 GB"),
        ("{quality} · {language} · {size}", {"language": "English"}, "English"),
        ("{quality}, {language}", {"language": "English"}, "English"),
        ("{filename} {year} {size}", {"filename": "A", "size": "1 GB"}, "A 1 GB"),
        ("{filename}\nYear: {year}\n{size}", {"filename": "A", "size": "1 GB"}, "A\n1 GB"),
        ("{filename}\n\n{year}\n\n{size}", {"filename": "A", "size": "1 GB"}, "A\n\n1 GB"),
        ("{filename}\n\n@films", {"filename": "A"}, "A\n\n@films"),
        ("{caption}\n\n@films", {}, "@films"),
        ("{caption}", {}, ""),
        ("<b>{filename}</b> <i>({year})</i>", {"filename": "A"}, "<b>A</b><i></i>"),
        ("<b>{quality}</b> · <i>{size}</i>", {"size": "1 GB"}, "<b></b><i>1 GB</i>"),
        ("{filename}", {"filename": "A ()  [] · B"}, "A ()  [] · B"),
        ("{filename}", {"filename": "<b>&{size}"}, "&lt;b&gt;&amp;{size}"),
        ("{{filename}} &lt; {filename}", {"filename": "A"}, "{filename} &lt; A"),
        (
            '<a href="https://t.me/{bot_username}">x</a>',
            {"bot_username": "a_bot"},
            '<a href="https://t.me/a_bot">x</a>',
        ),
    ],
)
def test_empty_values_leave_nothing_behind(template: str, values: dict[str, str], caption: str) -> None:
    """Brackets, separators, spaces and lines around nothing go; what values contain stays as it is."""
    assert filled(template, **values) == caption


@pytest.mark.parametrize(
    ("template", "problem", "detail"),
    [
        ("{title}", TemplateProblem.UNKNOWN_FIELD, "{title}"),
        ("{filename!r}", TemplateProblem.BAD_FIELD, "{filename!r}"),
        ("{filename:>9999999}", TemplateProblem.BAD_FIELD, "{filename:>9999999}"),
        ("{filename.__class__}", TemplateProblem.BAD_FIELD, "{filename.__class__}"),
        ("{filename[0]}", TemplateProblem.BAD_FIELD, "{filename[0]}"),
        ("{}", TemplateProblem.BAD_FIELD, "{}"),
        ("{0}", TemplateProblem.BAD_FIELD, "{0}"),
        ("100 } x", TemplateProblem.LONE_BRACE, "} x"),
        ("{filename", TemplateProblem.LONE_BRACE, "{filename"),
        ("<b>{filename}", TemplateProblem.NOT_CLOSED, "<b>"),
        ("{filename}</b>", TemplateProblem.NOT_OPENED, "</b>"),
        ("<b><i>x</b></i>", TemplateProblem.NOT_OPENED, "</b>"),
        ("<script>x</script>", TemplateProblem.UNKNOWN_TAG, "<script>"),
        ("<b onclick='x'>x</b>", TemplateProblem.UNKNOWN_TAG, "<b onclick='x'>"),
        ("a < b", TemplateProblem.UNKNOWN_TAG, "< b"),
        ("<a href='javascript:x'>x</a>", TemplateProblem.BAD_LINK, "<a href='javascript:x'>"),
        ("<a href='https://x/{filename}'>x</a>", TemplateProblem.BAD_LINK, "<a href='https://x/{filename}'>"),
        ("a\x00b", TemplateProblem.BAD_CHARACTER, "U+0000"),
        ("\ufdd0", TemplateProblem.BAD_CHARACTER, "U+FDD0"),
        ("&#xf0000;", TemplateProblem.BAD_CHARACTER, "U+F0000"),
        ("x" * (LONGEST_TEXT + 1), TemplateProblem.TOO_LONG, str(LONGEST_TEXT)),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(template: str, problem: TemplateProblem, detail: str) -> None:
    """Scenario 83: unknown placeholders, formats, attributes and unbalanced tags are refused when they are saved."""
    with pytest.raises(TemplateError) as refused:
        parse_template(template)

    assert (refused.value.problem, refused.value.detail) == (problem, detail)
    assert detail in str(refused.value)


@given(ANY_TEXT, st.integers(0, 1100))
def test_a_cut_text_fits_and_ends_between_characters(text: str, limit: int) -> None:
    """Any text is cut within the limit, at its beginning, between characters as people see them."""
    short = cut_text(text, limit)

    assert utf16_units(short) <= limit
    if short != text:
        kept = short.removesuffix("…")
        assert text.startswith(kept)
        ends = {""}
        for cluster in grapheme_clusters(text):
            ends.add(max(ends, key=len) + cluster)
        assert kept in ends | {end.rstrip() for end in ends}


@given(st.text(max_size=3000), st.text(max_size=400), st.sampled_from(TAGS), st.sampled_from(TAGS))
def test_a_filled_caption_fits_with_its_markup_whole(caption: str, name: str, outer: str, inner: str) -> None:
    """Whatever the values, Telegram gets at most 1,024 units, balanced tags, and the template's own text uncut."""
    template = parse_template(
        f"<{outer}>{{caption}}\n<{inner}>({{filename}})</{inner}></{outer}>\n<b>@films</b> the end"
    )

    text, entities = html_to_entities(fill(template, NOTHING | {"caption": caption, "filename": name}, CAPTION_LIMIT))

    assert utf16_units(text) <= CAPTION_LIMIT
    assert text.endswith("@films the end")
    for entity in entities or ():
        assert 0 < entity.length <= utf16_units(text) - entity.offset
    films = (entities or [])[-1]
    assert (
        text.encode("utf-16-le", "surrogatepass")[2 * films.offset :][: 2 * films.length].decode("utf-16-le")
        == "@films"
    )


PIECES = st.sampled_from(
    [
        "{filename}",
        "{year}",
        "{size}",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "(",
        ")",
        "[",
        " · ",
        ", ",
        " ",
        "\n",
        "x",
        "{",
        "&lt;",
    ]
)


@given(st.text(max_size=200) | st.lists(PIECES, max_size=25).map("".join))
def test_any_template_is_filled_or_refused(template: str) -> None:
    """No text at all fails in any other way than by being refused; what is filled is sound markup, tidy at its ends."""
    try:
        parsed = parse_template(template)
    except TemplateError:
        return
    text, _ = html_to_entities(fill(parsed, NOTHING | {"filename": "A"}, CAPTION_LIMIT))

    assert text == text.strip()
    assert "\ufddf" not in text


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("see https://example.com/a/long/path here", 20, "see…"),
        ("ask @somebody_here now", 10, "ask…"),
        ("https://example.com/alone/and/long", 12, "https://exa…"),
        ("plain words only", 9, "plain wo…"),
        ("👩🏽‍🚀👩🏽‍🚀", 8, "👩🏽‍🚀…"),
        ("fits", 4, "fits"),
    ],
)
def test_addresses_and_names_are_not_cut_in_two(text: str, limit: int, short: str) -> None:
    """A part of an address or of an @name would lead elsewhere, so it goes as a whole."""
    assert cut_text(text, limit) == short
