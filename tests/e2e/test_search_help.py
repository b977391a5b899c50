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
