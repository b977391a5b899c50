"""Titles that go on, over the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.e2e.library import post_files
from tests.e2e.test_main_path import file_labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.container import Container
    from sandbox.actor import Actor, Seen
    from tests.e2e.conftest import Cast

NAMES = ["Moon Voyage 1902.mkv", "Moon Voyager 1931.mkv", "The Voyage 1916.mkv", "Moonrise 1913.mp3"]


async def learned(bot: Container, owner: Actor, cast: Cast, names: Sequence[str]) -> None:
    """Post files and return when the bot knows their words."""
    await post_files(bot, owner, cast, names)
    last = names[-1].partition(" ")[0].lower()
    async with asyncio.timeout(10):
        while not (bot.dictionary.is_loaded and bot.dictionary.dictionary.files(last)):
            await bot.clock.sleep(0.01)


def offered(message: Seen) -> list[str]:
    """Labels of the buttons that search for something."""
    return [button.text for row in message.buttons for button in row if (button.data or b"").startswith(b"sf:")]


async def suggest(reader: Actor, begun: str) -> Seen:
    """Ask how a text may go on."""
    reader.say(f"/suggest {begun}")
    return await reader.wait_message(lambda seen: bool(offered(seen)))


async def test_a_beginning_leads_to_a_page(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """What is offered is searched for when it is pressed, and the page takes the place of the buttons."""
    await learned(bot, bob, cast, NAMES)
    asked = await suggest(ann, "mono voy")
    assert offered(asked) == ["moon voyage", "moon voyager"]

    await ann.press(asked, "moon voyager")
    page = await ann.wait_edit(containing="moon voyager")

    assert page.id == asked.id
    assert ["Moon Voyager 1931" in label for label in file_labels(page)] == [True]

    await ann.press(page, file_labels(page)[0])
    assert (await ann.wait_message(lambda seen: seen.document is not None)).document


async def test_filters_stay_in_force(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A press searches by the filters that stood behind the beginning."""
    await learned(bot, bob, cast, NAMES)
    asked = await suggest(ann, "voy year:1916")
    assert offered(asked) == ["voyage year:1916", "voyager year:1916"]

    await ann.press(asked, "voyage year:1916")
    page = await ann.wait_edit(containing="voyage")

    assert ["The Voyage" in label for label in file_labels(page)] == [True]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("/suggest", "/suggest moon voy"),
        ("/suggest qqqq", "I know no title word that begins so"),
        ("/suggest x", "at least two letters"),
        ("/suggest .*.*.*", "no words"),
        ("/suggest moo year:12", "Write year:"),
        ("/suggest " + "[" * 4000, "no words"),
    ],
)
async def test_a_beginning_without_endings_is_explained(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, text: str, sentence: str
) -> None:
    """Scenario 44: nothing, nonsense and bad filters get a sentence, never an empty list."""
    await learned(bot, bob, cast, NAMES[-1:])
    ann.say(text)

    assert sentence in (await ann.wait_message()).text


async def test_what_was_offered_to_one_person_is_not_anothers(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenarios 31 to 33: a button of somebody else, a forged number and a forged list are refused with an alert."""
    await learned(bot, bob, cast, NAMES)
    bob.say("/start")
    own = await bob.wait_message(containing="Hello")
    asked = await suggest(ann, "moo")
    data = asked.buttons[0][0].data or b""

    answer = await bob.expect_nothing_until(bob.press(own, data=data))
    assert answer.alert
    assert answer.text == "This button belongs to somebody else. Search for yourself to get your own."
    for forged in (data[:-1] + b"9", data[:-1] + b"0", b"sf:0123456789abcdef:1", b"sf:user*:1", b"sf"):
        answer = await ann.expect_nothing_until(ann.press(asked, data=forged))
        assert answer.alert
