"""How searches are explained, filtered and begun, over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.library import post_files
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.conftest import Cast


async def test_the_help_explains_words_and_filters(bot: Container, ann: Actor) -> None:
    """/search_help is one message whose examples are marked, so that a tap copies them."""
    ann.say("/search_help")
    answer = await ann.wait_message()

    assert answer.text.startswith("Words")
    assert "moon minsize:700MB maxsize:1.5GB" in answer.text
    assert sum(type(entity).__name__ == "MessageEntityCode" for entity in answer.entities) >= 10


async def test_the_commands_are_in_the_menu(bot: Container, dc: DataCenter) -> None:
    """Telegram's apps offer both commands with a description."""
    request = await dc.recorder.wait_call("bots.SetBotCommands")

    commands = {command.command: command.description for command in request.commands}
    assert commands["search_help"] == "Filters and spellings of searches"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("moon type:foo", "I do not know that type. Write type: and video, audio"),
        ("moon year:1899", "Write year: and a year from 1900 to 2100"),
        ("moon lang:klingon", "Write lang: and two letters or its name"),
        ("moon maxsize:big", "Write maxsize: and bytes, or a number with KB"),
        ("moon type:video type:audio", "You wrote type: twice"),
        ("minsize:2GB maxsize:1GB", "Swap the two"),
    ],
)
async def test_a_bad_filter_is_explained(bot: Container, ann: Actor, text: str, sentence: str) -> None:
    """Scenario 60: the sentence names the filter and the accepted form, and nothing is searched."""
    ann.say(text)

    assert sentence in (await ann.wait_message()).text


NAMES = [
    "The Kid 1921 1080p.mkv",
    "Kid Boots 1921 720p.mkv",
    "Kid Brother 2019 Russian 1080p.mkv",
    "Sherlock Holmes S01E11.mkv",
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kid year:1921", NAMES[:2]),
        ("kid quality:1080p year:1921", NAMES[:1]),
        ("kid lang:russian", NAMES[2:3]),
        ("holmes season:1 episode:11", NAMES[3:]),
        ("season:1", NAMES[3:]),
        ("year: 2019 quality:1920x1080", NAMES[2:3]),
        ("type:document minsize:1001 maxsize:1002", NAMES[1:3]),
    ],
)
async def test_filters_leave_out_everything_else(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, text: str, found: list[str]
) -> None:
    """Words and filters, or filters alone, find the files that are all of that."""
    await post_files(bot, bob, cast, NAMES)

    page = await search(ann, text)

    assert len(labels := file_labels(page)) == len(found)
    assert all(any(name in label for label in labels) for name in found)


async def test_a_title_with_a_colon_is_found(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """What looks like a filter and has no value of one are words of a title."""
    await post_files(bot, bob, cast, ["Blood Type O 1999.mkv", "Blood Simple 1984.mkv"])

    page = await search(ann, "Blood Type: O")

    assert ["Blood Type O" in label for label in file_labels(page)] == [True]


async def test_kinds_that_nothing_is_of_find_nothing(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A filter is never loosened to find something."""
    await post_files(bot, bob, cast, ["The Kid 1921 1080p.mkv"])

    assert "Nothing found" in (await search(ann, "kid type:photo,audio")).text
