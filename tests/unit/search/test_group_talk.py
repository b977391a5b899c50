"""What looks like a search in a group's talk, and the words without the bot's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.group_talk import looks_like_search, mentions, without_mention

NAME = "filter_bot"


@pytest.mark.parametrize(
    "text",
    [
        "it",
        "The Matrix",
        "Бригада s01e02",
        "七人の侍",
        "24",
        "Area 51!",
        "Face/Off",
        "WALL·E",
        "Mr. & Mrs. Smith (2005)",
    ],
)
def test_titles_look_like_searches(text):
    """Titles in any script do, with the signs that stand in titles."""
    assert looks_like_search(text)


@pytest.mark.parametrize(
    "text",
    [
        *("x", "", "?!", "🎬🎬", "___"),
        *("see https://example.org", "www.example.org", "T.ME/joinchat/x", "example.com is it"),
        *("thanks @somebody", "#film", "try /start", "a\nb"),
        *("one two three four five six seven eight nine ten eleven", "x" * 101),
    ],
)
def test_talk_does_not(text):
    """Scenario 59: links, other people, commands, long or empty text are for somebody else."""
    assert not looks_like_search(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("@filter_bot moon", "moon"),
        ("moon @FILTER_BOT", "moon"),
        ("hey @filter_bot, moon voyage", "hey  , moon voyage"),
        ("@filter_bot: moon", "moon"),
        ("@filter_bot\nmoon", "moon"),
        ("луна@filter_bot", "луна"),
        ("@filter_bot", ""),
    ],
)
def test_the_name_is_cut_out(text, words):
    """The bot's name counts anywhere as a word of its own, in any case, and is no part of the search."""
    assert mentions(text, NAME)
    assert without_mention(text, NAME) == words


@pytest.mark.parametrize(
    "text", ["filter_bot moon", "@filter_bot2 moon", "@filter_bott", "me@filter_bot", "@@filter_bot"]
)
def test_what_only_resembles_the_name_is_not_it(text):
    """Other bots' names, addresses and the bare word are no mention."""
    assert not mentions(text, NAME)


@given(st.text())
def test_any_text_is_judged(text):
    """Whatever is written, judging it neither fails nor finds the name of a bot that has none."""
    assert looks_like_search(text) in {True, False}
    assert not mentions(text, "")
    assert without_mention(text, "") == text.strip()
    assert not mentions(without_mention(f"{text} @{NAME}", NAME), NAME) or mentions(text, NAME)
