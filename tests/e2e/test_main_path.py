"""The main job over the wire: a post is indexed, found, paged through and delivered within the quota."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from repositories.media_document import CAPTION
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor, Seen
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


def file_labels(page: Seen) -> list[str]:
    """Labels of the buttons that fetch a file."""
    return [button.text for row in page.buttons for button in row if (button.data or b"").startswith(b"f:")]


async def search(reader: Actor, words: str) -> Seen:
    """Type words and wait for the page."""
    reader.say(words)
    return await reader.wait_message(containing=words)


async def test_a_posted_file_is_found_and_fetched(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A reader who types words of a posted name gets a button, and behind it the file with its caption."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.1080p.mkv"], caption="A symphony of horror")

    page = await search(ann, "nosferatu")
    await ann.press(page, "Nosferatu")
    delivered = await ann.wait_message(lambda seen: seen.document is not None)

    assert delivered.document is not None
    assert delivered.document.name == "Nosferatu.1922.1080p.mkv"
    assert delivered.text == "A symphony of horror"


async def test_words_of_a_caption_are_found_too(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A word that stands only in the caption leads to the file."""
    await post_files(bot, bob, cast, ["scan_0001.pdf"], caption="Poems by Kavafis")

    page = await search(ann, "kavafis")

    assert any("scan_0001" in label for label in file_labels(page))


async def test_pages_turn_both_ways_and_show_every_file_once(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Walking from the first page to the last and back shows each of 25 files exactly once each way."""
    await post_files(bot, bob, cast, [f"Les Vampires Part {n:02}.mkv" for n in range(1, 26)])
    page = await search(ann, "vampires")
    assert "1–10 of 25" in page.text
    first_page, seen_files = file_labels(page), file_labels(page)

    for expected in ("11–20 of 25", "21–25 of 25"):
        await ann.press(page, "›")
        page = await ann.wait_edit(of=page, containing=expected)
        seen_files += file_labels(page)
    assert len(seen_files) == len(set(seen_files)) == 25

    await ann.press(page, "«")
    page = await ann.wait_edit(of=page, containing="1–10 of 25")
    assert file_labels(page) == first_page
    await ann.press(page, "»")
    page = await ann.wait_edit(of=page, containing="21–25 of 25")
    await ann.press(page, "‹")
    await ann.wait_edit(of=page, containing="11–20 of 25")


async def test_the_page_counter_says_where_one_is(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """The button between the arrows answers with the position and changes nothing."""
    await post_files(bot, bob, cast, [f"Fantomas {n}.mkv" for n in range(12)])
    page = await search(ann, "fantomas")

    answer = await ann.expect_nothing_until(ann.press(page, "1 / 2"))

    assert answer.text == "Page 1 of 2"


async def test_nothing_found_says_so(bot: Container, ann: Actor) -> None:
    """A search without a match is answered with the words that were searched, not with silence."""
    page = await search(ann, "zzyzx qwerty")

    assert page.text.startswith("Nothing found for zzyzx qwerty")
    assert page.buttons == ()


async def test_send_all_sends_the_page_up_to_the_quota(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 4: with 3 slots left, a page of 5 brings 3 files and one sentence about the other 2."""
    async with setup.running(NON_PREMIUM_DAILY_LIMIT="3") as bot:
        await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(5)])
        page = await search(ann, "judex")

        answer = await ann.press(page, "Send all")
        assert answer.text == "Sending 5 files"
        report = await ann.wait_edit(containing="Sent 3 of 5")

        assert "2 files are beyond" in report.text
        assert len(ann.files()) == 3
        assert report.buttons == ()


async def test_a_used_up_quota_is_refused_with_a_sentence(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """The press after the last slot gets an alert and no file."""
    async with setup.running(NON_PREMIUM_DAILY_LIMIT="1") as bot:
        await post_files(bot, bob, cast, ["Metropolis.mkv", "Metropolis.Trailer.mkv"])
        page = await search(ann, "metropolis")
        first, second = file_labels(page)
        await ann.press(page, first)
        await ann.wait_message(lambda seen: seen.document is not None)

        answer = await ann.expect_nothing_until(ann.press(page, second))

        assert answer.alert
        assert answer.text is not None
        assert answer.text.startswith("You have fetched all your files for today")


async def test_two_presses_at_once_deliver_one_and_charge_one(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """A double press is one wish: the second one is told that the file is on its way."""
    await post_files(bot, bob, cast, ["Haxan.1922.mkv"])
    page = await search(ann, "haxan")
    button = page.button("Haxan")

    answers = await asyncio.gather(*(ann.press(page, data=button.data) for _ in range(2)))
    await ann.wait_message(lambda seen: seen.document is not None)

    user = await bot.users.get_user(cast.ann.id)
    assert user is not None
    assert (await bot.searching.quota.status(user)).charged == 1
    assert len(ann.files()) == 1
    assert sum(answer.text == "This file is on its way already." for answer in answers) == 1


async def test_two_files_pressed_at_once_with_one_slot_left_bring_one(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 1: of two different files pressed at the same instant, the last slot serves exactly one."""
    async with setup.running(NON_PREMIUM_DAILY_LIMIT="1") as bot:
        await post_files(bot, bob, cast, ["Faust.Part.One.mkv", "Faust.Part.Two.mkv"])
        page = await search(ann, "faust")

        answers = await asyncio.gather(*(ann.press(page, label) for label in file_labels(page)))
        await ann.wait_message(lambda seen: seen.document is not None)

        assert sum((answer.text or "").startswith("You have fetched all your files") for answer in answers) == 1
        assert len(ann.files()) == 1
        user = await bot.users.get_user(cast.ann.id)
        assert user is not None
        assert (await bot.searching.quota.status(user)).charged == 1


async def test_stop_ends_a_send_all_before_its_next_file(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Stop, pressed while a file is on its way, lets that one arrive and no further one; the rest is not charged."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [f"Tih Minh {n}.mkv" for n in range(8)])
        page = await search(ann, "tih minh")
        send = dc.faults.add(Fault("messages.SendMedia", action="hold"))
        await ann.press(page, "Send all")
        progress = await ann.wait_message(containing="Sending files")
        await send.held()
        await ann.press(progress, "Stop")
        send.release()

        report = await ann.wait_edit(of=progress, containing="Stopped after 1 of 8")

        user = await bot.users.get_user(cast.ann.id)
        assert user is not None
        assert (await bot.searching.quota.status(user)).charged == 1
        assert len(ann.files()) == 1
        assert report.buttons == ()


async def test_an_expired_reference_is_healed_unseen(
    bot: Container, world: World, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 80: the reader gets the file although its reference expired, and the next reader needs no healing."""
    await post_files(bot, bob, cast, ["Caligari.1920.mkv", "Caligari.Score.mp3"])
    page = await search(ann, "caligari")
    world.expire_file_references()

    await ann.press(page, "Caligari.1920")
    await ann.wait_message(lambda seen: seen.document is not None)

    mark = dc.recorder.mark()
    bob.say("/start")
    await bob.wait_message(containing="Hello")
    other = await search(bob, "caligari 1920")
    await bob.press(other, "Caligari.1920")
    await bob.wait_message(lambda seen: seen.document is not None)
    assert "channels.GetMessages" not in [call.name for call in dc.recorder.since(mark)]


async def test_a_file_gone_from_its_source_leaves_the_results(
    bot: Container, world: World, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 81: a file whose post was deleted is refused with a sentence, costs no slot and is found no more."""
    (post,) = await post_files(bot, bob, cast, ["Golem.1920.mkv"])
    page = await search(ann, "golem")
    bob.delete(post)
    world.expire_file_references()

    answer = await ann.press(page, "Golem")

    assert answer.text == "This file is no longer available at its source."
    user = await bot.users.get_user(cast.ann.id)
    assert user is not None
    assert (await bot.searching.quota.status(user)).charged == 0
    assert (await search(ann, "golem")).text.startswith("Nothing found")


async def test_an_edited_caption_is_found_by_its_new_words(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 69: after a caption was corrected, its new words lead to the file and its old ones do not."""
    (post,) = await post_files(bot, bob, cast, ["0001.mkv"], caption="Wrongtitle")
    bob.edit_caption(post, "Righttitle")
    async with asyncio.timeout(10):
        while not await bot.pool.count("media_files", {CAPTION: "Righttitle"}):
            await bot.clock.sleep(0.01)
        while bot.indexing.queue.depth:
            await bot.clock.sleep(0.01)

    assert file_labels(await search(ann, "righttitle"))
    assert (await search(ann, "wrongtitle")).buttons == ()
