"""Which texts are the link of a post."""

from __future__ import annotations

import pytest

from core.domain.post_link import NamedPost, parse_post_link


@pytest.mark.parametrize(
    ("text", "channel", "message_id"),
    [
        ("https://t.me/c/123/456", -1000000000123, 456),
        ("https://t.me/c/2000000001/7/456", -1002000000001, 456),
        ("https://t.me/films/456", "films", 456),
        ("https://t.me/films/7/456?single", "films", 456),
        ("  http://telegram.me/Films_1/456/ \n", "Films_1", 456),
        ("t.me/films/456?thread=7&comment=1", "films", 456),
        ("HTTPS://T.ME/films/1#x", "films", 1),
    ],
)
def test_links_of_posts_are_read(text: str, channel: int | str, message_id: int) -> None:
    """Private and public channels, topics, and what apps append."""
    assert parse_post_link(text) == NamedPost(channel, message_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "moon voyage",
        "https://t.me/films",
        "https://t.me/films/0",
        "https://t.me/films/99999999999",
        "https://t.me/films/2147483648",
        "https://t.me/c/0/5",
        "https://t.me/c/123",
        "https://t.me/films_bot?start=x",
        "see https://t.me/films/456",
        "https://t.me/films/456 please",
        "https://example.com/films/456",
        "https://t.me.example.com/films/456",
        "https://t.me/c/123/4/5/6",
        "https://t.me/films/٤٥٦",
    ],
)
def test_everything_else_is_a_search(text: str) -> None:
    """Nothing but one link of one post counts, and no id that Telegram cannot have."""
    assert parse_post_link(text) is None
