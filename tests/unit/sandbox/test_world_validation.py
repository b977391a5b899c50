"""What the local Telegram refuses in texts and keyboards."""

from __future__ import annotations

import pytest
from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.validation import checked_markup, checked_text, is_valid_url, same_tl, utf16_length

T = raw.types


def keyboard(*buttons):
    return T.ReplyInlineMarkup(rows=[T.KeyboardButtonRow(buttons=[button]) for button in buttons])


def callback(text="Go", data=b"go"):
    return T.KeyboardButtonCallback(text=text, data=data)


def refusal(call, *arguments, **named):
    with pytest.raises(RpcFailure) as caught:
        call(*arguments, **named)
    return caught.value.name


@pytest.mark.parametrize(
    ("text", "is_caption", "name"),
    [
        ("x" * 4_096, False, None),
        ("x" * 4_097, False, "MESSAGE_TOO_LONG"),
        ("😀" * 2_048, False, None),
        ("😀" * 2_048 + "x", False, "MESSAGE_TOO_LONG"),
        ("x" * 1_024, True, None),
        ("x" * 1_025, True, "MEDIA_CAPTION_TOO_LONG"),
        ("", True, None),
        ("", False, "MESSAGE_EMPTY"),
        (" \n\t ", False, "MESSAGE_EMPTY"),
    ],
)
def test_the_length_of_a_text_is_counted_in_utf16_units(text, is_caption, name):
    """4,096 units for texts and 1,024 for captions pass, one more does not; only captions may be empty."""
    if name is None:
        assert checked_text(text, None, is_caption=is_caption)[0] == text
    else:
        assert refusal(checked_text, text, None, is_caption=is_caption) == name


@pytest.mark.parametrize(("offset", "length"), [(-1, 2), (0, 0), (3, 3), (6, 1)])
def test_an_entity_outside_the_text_is_refused(offset, length):
    """Entities lie within the text, counted in UTF-16 units."""
    entity = T.MessageEntityBold(offset=offset, length=length)
    assert refusal(checked_text, "abcé😀"[:3] + "de", [entity], is_caption=False) == "ENTITY_BOUNDS_INVALID"


def test_trimming_moves_entities_along():
    """A text is trimmed at both ends and its entities still mark the same words."""
    bold = T.MessageEntityBold(offset=3, length=6)
    text, entities = checked_text("\n 😀bold  ", [bold], is_caption=False)
    assert text == "😀bold"
    assert (entities[0].offset, entities[0].length) == (1, 5)


def test_commands_mentions_and_addresses_are_found():
    """Telegram marks what it recognises, behind astral characters too, and leaves marked places alone."""
    text = "😀 /find@some_bot now @ann_reader https://example.org/x."
    _, entities = checked_text(text, None, is_caption=False)
    units = text.encode("utf-16-le")
    found = [units[2 * e.offset : 2 * (e.offset + e.length)].decode("utf-16-le") for e in entities]
    assert found == ["/find@some_bot", "@ann_reader", "https://example.org/x"]
    code = T.MessageEntityCode(offset=0, length=5)
    assert checked_text("/find", [code], is_caption=False)[1] == [code]


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        (keyboard(callback(data=b"x" * 65)), "BUTTON_DATA_INVALID"),
        (keyboard(callback(data=b"")), "BUTTON_DATA_INVALID"),
        (keyboard(callback(text=" ")), "BUTTON_TEXT_INVALID"),
        (keyboard(T.KeyboardButtonUrl(text="x", url="javascript:alert(1)")), "BUTTON_URL_INVALID"),
        (keyboard(*[callback()] * 101), "REPLY_MARKUP_TOO_LONG"),
        (keyboard(*[callback(text="x" * 1_100)] * 10), "REPLY_MARKUP_TOO_LONG"),
    ],
)
def test_malformed_keyboards_are_refused(markup, name):
    """Data of 1 to 64 bytes, texts, addresses, a hundred buttons and ten kilobytes are the limits."""
    assert refusal(checked_markup, markup, by_bot=True) == name


def test_a_keyboard_at_the_limits_passes_and_people_have_none():
    """A hundred buttons with 64 bytes each are fine; a person's keyboard is dropped as Telegram drops it."""
    markup = keyboard(*[callback(data=b"x" * 64)] * 100)
    assert checked_markup(markup, by_bot=True) is markup
    assert checked_markup(markup, by_bot=False) is None
    assert checked_markup(T.ReplyInlineMarkup(rows=[]), by_bot=True) is None


@pytest.mark.parametrize(
    ("url", "valid"),
    [
        ("https://t.me/x", True),
        ("t.me/x?start=1", True),
        ("tg://resolve?domain=x", True),
        ("http://localhost:8000/", True),
        ("nowhere", False),
        ("https://exa mple.org", False),
        ("ftp://example.org", False),
        ("https://[broken", False),
    ],
)
def test_addresses_on_buttons(url, valid):
    """Known schemes and hosts with a dot are accepted."""
    assert is_valid_url(url) is valid


def test_bold_and_italic_are_not_the_same():
    """The comparison behind MESSAGE_NOT_MODIFIED sees types, not only fields."""
    bold, italic = (kind(offset=0, length=1) for kind in (T.MessageEntityBold, T.MessageEntityItalic))
    assert not same_tl([bold], [italic])
    assert same_tl([bold], [T.MessageEntityBold(offset=0, length=1)])
    assert same_tl(keyboard(callback()), keyboard(callback()))
    assert not same_tl(keyboard(callback()), None)


def test_length_in_units():
    """Characters beyond the basic plane count two."""
    assert (utf16_length("abc"), utf16_length("é"), utf16_length("😀")) == (3, 1, 2)
