"""What stands under delivered files, as admins write it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pyrogram import raw

from tests.e2e.library import post_files
from tests.e2e.test_auto_delete import is_file
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor, Seen
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

pytestmark = [pytest.mark.servers, pytest.mark.wire]

TEMPLATE = "<b>{filename}</b> ({year})\n{quality} · {size}\n\n<i>{caption}</i>"


async def delivered(reader: Actor, words: str, name: str) -> Seen:
    """The file as it reaches the reader."""
    await reader.press(await search(reader, words), name)
    return await reader.wait_message(is_file)


async def test_an_admin_writes_what_stands_under_files(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A template that is saved is shown at once, obeyed from then on, and taken back with a word."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv", "Vampires.mkv"], caption="A <b>symphony")
    bob.say(f"/caption {TEMPLATE}")
    saved = await bob.wait_message(containing="From now on")
    file = await delivered(ann, "nosferatu", "Nosferatu")
    bob.say("/caption")
    shown = await bob.wait_message(containing="{filename}")
    bob.say("/caption reset")
    await bob.wait_message(containing="its own caption")
    plain = await delivered(ann, "vampires", "Vampires")

    assert "The.Long.Way.Home.S01E04.1080p.mkv (2024)\n1080p · 1.4 GB" in saved.text
    assert file.text.startswith("Nosferatu.1922.mkv")
    assert file.text.endswith("B\n\nA <b>symphony")
    assert isinstance(file.entities[0], raw.types.MessageEntityBold)
    assert (file.entities[0].offset, file.entities[0].length) == (0, len("Nosferatu.1922.mkv"))
    assert TEMPLATE in shown.text
    assert plain.text == "A <b>symphony"


async def test_the_longest_template_is_shown_whole(bot: Container, bob: Actor) -> None:
    """A template as long as they may be fits into the message that shows it, and one beyond that is refused."""
    longest = ("<b>{filename}</b>\n" * 200)[:1998].rpartition("\n")[0]
    longest += "\n" + "{size}" * ((2000 - len(longest)) // 6)
    bob.say(f"/caption {longest}")
    await bob.wait_message(containing="From now on")
    bob.say("/caption")
    shown = await bob.wait_message(containing="{filename}")
    bob.say(f"/caption {'{size}' * 334}")
    refusal = await bob.wait_message()
    bob.say(f"/caption {{{'a' * 1900}}}")
    other = await bob.wait_message()

    assert longest in shown.text
    assert "longer than 2000" in refusal.text
    assert "…" in other.text


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("{title}", "no placeholder {title}"),
        ("{filename.name}", "{filename.name} is more than that"),
        ("<b>{filename}", "<b> is not closed"),
        ("<big>{filename}</big>", "does not know the tag <big>"),
    ],
)
async def test_a_mistake_in_a_template_is_named(bot: Container, bob: Actor, template: str, named: str) -> None:
    """Scenario 83: what cannot be used is refused with a sentence that names it, and nothing changes."""
    bob.say(f"/caption {template}")

    refusal = await bob.wait_message()

    assert named in refusal.text
    assert bot.runtime.current.caption_template == ""


async def test_a_broken_stored_template_costs_no_delivery(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 83: a template that another version stored and this one cannot use leaves files their own caption."""
    async with setup.running() as bot:
        await bot.pool.update_one(
            "bot_settings", {"_id": "caption_template"}, {"$set": {"value": "{titel} <b>"}}, upsert=True
        )
        await bot.runtime.refresh()
        await post_files(bot, bob, cast, ["Nosferatu.mkv"], caption="A symphony")

        file = await delivered(ann, "nosferatu", "Nosferatu")

        assert file.text == "A symphony"


async def test_a_reader_cannot_change_captions(bot: Container, ann: Actor) -> None:
    """Captions are for those who may change settings."""
    ann.say("/caption {filename}")
    await ann.wait_message()

    assert bot.runtime.current.caption_template == ""


async def test_a_long_caption_is_cut_with_its_markup_whole(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A caption that Telegram would refuse is cut where it is a value; what the admin wrote stays whole."""
    await post_files(bot, bob, cast, ["Nosferatu.mkv"], caption="🧛 " * 340)
    bob.say("/caption <b>{caption}</b>\n\n<i>{filename}</i> @films")
    await bob.wait_message(containing="From now on")

    file = await delivered(ann, "nosferatu", "Nosferatu")

    assert file.text.endswith("🧛…\n\nNosferatu.mkv @films")
    assert len(file.text.encode("utf-16-le")) // 2 <= 1024
