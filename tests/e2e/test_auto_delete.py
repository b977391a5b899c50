"""Files, pages and menus go again after a while, whatever happens to the bot meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pymongo
import pytest
import redis

from core.cache import keys
from core.clock import Clock
from core.domain.auto_delete import DeletionKind, DueDeletion
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pymongo.collection import Collection

    from core.container import Container
    from sandbox.actor import Actor, Seen
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

pytestmark = [pytest.mark.servers, pytest.mark.wire]

SOON = {"AUTO_DELETE_S": "1"}
LATE = {"AUTO_DELETE_S": "3600"}
AGAIN = "Get it again"


def is_file(seen: Seen) -> bool:
    """Whether a message brings a file."""
    return seen.document is not None


async def gone(reader: Actor, *messages: Seen, timeout_s: float = 10) -> None:
    """Return when all of the messages were deleted from the reader's chat."""
    async with asyncio.timeout(timeout_s):
        while not {message.id for message in messages} <= set(reader.deleted_ids):
            await Clock().sleep(0.01)


async def make_due(bot: Container, entries: int) -> None:
    """Let everything that is scheduled be due now, as soon as there are so many entries."""
    await until_stored(bot, entries)
    await bot.pool.update_many(
        "scheduled_deletions", {"due": {"$exists": True}}, {"$set": {"due": bot.clock.utc_now()}}
    )


async def stored(bot: Container, **query: object) -> int:
    """Number of entries."""
    return await bot.pool.count("scheduled_deletions", query)


async def until_stored(bot: Container, entries: int) -> None:
    """Return when there are so many entries: they are written after the message is sent, and after it is deleted."""
    async with asyncio.timeout(10):
        while await stored(bot) != entries:
            await bot.clock.sleep(0.01)


async def until_noticed(bot: Container) -> None:
    """Return when an entry knows the message that told of it: it is written down after that is sent."""
    async with asyncio.timeout(10):
        while not await stored(bot, notice={"$exists": True}):
            await bot.clock.sleep(0.01)


async def fetch(reader: Actor, words: str, name: str) -> tuple[Seen, Seen]:
    """Search for a file and fetch it: the page, and the file."""
    page = await search(reader, words)
    await reader.press(page, name)
    return page, await reader.wait_message(is_file)


async def test_a_delivered_file_goes_and_its_notice_stays(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 90: a file goes at its time; the notice says when, and then that it is gone."""
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.mkv"])
        _, file = await fetch(ann, "nosferatu", "Nosferatu")
        notice = await ann.wait_message(containing="This file is deleted in 1 hour")
        await until_noticed(bot)
        entry = await bot.pool.find_one("scheduled_deletions", {"notice": {"$exists": True}})
        assert entry is not None
        assert timedelta() <= entry["due"] - entry["since"] - timedelta(hours=1) < timedelta(minutes=1)
        await make_due(bot, 2)
        await gone(ann, file)
        told = await ann.wait_edit(of=notice, containing="The file was deleted")

        assert told.button(AGAIN)
        assert notice.id not in ann.deleted_ids


async def test_a_page_goes_together_with_the_words_that_asked_for_it(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, dc: DataCenter
) -> None:
    """In a private chat page and words go in one call; the greeting stays."""
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.mkv"])
        ann.say("/help")
        help_text = await ann.wait_message()
        words = ann.say("nosferatu")
        page = await ann.wait_message(containing="nosferatu")

        await make_due(bot, 1)
        await gone(ann, page)
        request = await dc.recorder.wait_call("messages.DeleteMessages")

        assert words.id in ann.deleted_ids
        assert len(request.id) == 2
        assert help_text.id not in ann.deleted_ids


async def test_a_page_that_is_turned_stays(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Every turn puts a page off, and its words with it."""
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, [f"Vampires {number:02}.mkv" for number in range(12)])
        page = await search(ann, "vampires")
        await until_stored(bot, 1)
        first = await bot.pool.find_one("scheduled_deletions", {})
        await ann.press(page, "›")
        await ann.wait_edit(of=page)
        async with asyncio.timeout(5):
            while (then := await bot.pool.find_one("scheduled_deletions", {})) == first:
                await bot.clock.sleep(0.01)

        assert first is not None
        assert then is not None
        assert then["due"] > first["due"]
        assert then["ids"] == first["ids"]
        assert len(then["ids"]) == 2
        assert await stored(bot) == 1


async def test_a_menu_goes_too(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """What /suggest offers goes with the command that asked for it; what an admin is told stays."""
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.mkv"])
        bob.say("/list_channels")
        listing = await bob.wait_message()
        asked = ann.say("/suggest nosf")
        menu = await ann.wait_message()
        await make_due(bot, 1)
        await gone(ann, menu)

        assert asked.id in ann.deleted_ids
        assert listing.id not in bob.deleted_ids
        assert await stored(bot, chat=bob.user_id) == 0


async def test_what_asks_to_join_a_channel_stays(setup: BotSetup, ann: Actor, cast: Cast) -> None:
    """The chats that a reader has to be in are named as long as they are not."""
    async with setup.running(**SOON, FORCE_SUBSCRIBE_CHATS=str(cast.channel.full_id)) as bot:
        ann.say("nosferatu")
        prompt = await ann.wait_message(lambda seen: seen.buttons != ())

        assert "nosferatu" not in prompt.text
        assert await stored(bot) == 0


async def test_pages_in_groups_go_and_what_people_write_there_stays(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, dc: DataCenter
) -> None:
    """In a group the bot deletes its own page, by the channel's call."""
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.mkv"])
        words = ann.mention(cast.group.id, "nosferatu")
        page = await ann.wait_message(containing="nosferatu")
        await make_due(bot, 1)
        request = await dc.recorder.wait_call("channels.DeleteMessages")

        assert request.id == [page.id]
        assert cast.group.history.get(words.id) is not None


async def test_nothing_goes_when_deleting_is_off(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """0 means never, and then nobody is told of anything."""
    async with setup.running(AUTO_DELETE_S="0") as bot:
        await post_files(bot, bob, cast, ["Nosferatu.mkv"])
        await fetch(ann, "nosferatu", "Nosferatu")
        ann.say("/help")

        following = await ann.wait_message()

        assert "delete" not in following.text.split("\n")[0]
        assert await stored(bot) == 0


async def test_a_send_all_is_told_of_once_and_comes_again_as_one(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """All files of one delivery share an entry and a notice; nobody else may have them by its button."""
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, [f"Vampires {number}.mkv" for number in range(1, 4)])
        page = await search(ann, "vampires")
        await ann.press(page, "Send all")
        files = [await ann.wait_message(is_file) for _ in range(3)]
        notice = await ann.wait_message(containing="These 3 files are deleted in 1 hour")
        data = notice.button(AGAIN).data
        bob.say("/help")
        other = await bob.wait_message()
        refusal = await bob.press(other, data=data)
        await until_noticed(bot)
        await make_due(bot, 2)
        await gone(ann, *files)
        told = await ann.wait_edit(of=notice, containing="The 3 files were deleted")

        await ann.press(told, AGAIN)
        again = [await ann.wait_message(is_file) for _ in range(3)]

        assert refusal.alert
        assert [file.text for file in again] == [file.text for file in files]


@pytest.fixture
def entries(mongo_uri: str, mongo_database: str) -> Iterator[Collection[dict[str, Any]]]:
    """What is scheduled, for tests whose bot has a process of its own."""
    with pymongo.MongoClient[dict[str, Any]](mongo_uri) as client:
        yield client[mongo_database]["scheduled_deletions"]


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what a bot in another process does."""
    async with asyncio.timeout(20):
        while not holds():
            await Clock().sleep(0.01)


async def post_and_wait(entries: Collection[dict[str, Any]], bob: Actor, cast: Cast, names: list[str]) -> None:
    """Post files and return when a bot in another process has indexed them."""
    for number, name in enumerate(names):
        bob.post_file(cast.channel.id, name, 1000 + number)
    media = entries.database["media_files"]
    await until(lambda: media.count_documents({}) >= len(names))


async def test_what_fell_due_while_the_bot_was_dead_goes_after_its_start(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, entries: Collection[dict[str, Any]], redis_url: str
) -> None:
    """Scenario 90: killed between delivery and deletion; all goes after the start, and the notice brings it again."""
    async with setup.process(**LATE) as bot:
        await post_and_wait(entries, bob, cast, ["Nosferatu.mkv"])
        page, file = await fetch(ann, "nosferatu", "Nosferatu")
        notice = await ann.wait_message(containing="This file is deleted in 1 hour")
        await until(lambda: entries.find_one({"notice": notice.id}) is not None)
        await bot.kill()
        entries.update_many({}, {"$set": {"due": Clock().utc_now()}})
        assert ann.deleted_ids == []
        with redis.Redis.from_url(redis_url) as cache:
            for press in cache.keys(f"{keys.DEDUPE.key('file', ann.user_id).name}:*"):
                cache.delete(press)  # of a moment ago, which would make the next one its repetition

        await bot.start()
        await gone(ann, page, file)
        told = await ann.wait_edit(of=notice, containing="The file was deleted")
        await until(lambda: not entries.count_documents({"due": {"$exists": True}}))
        await ann.press(told, AGAIN)
        again = await ann.wait_message(is_file)

        assert again.document is file.document
        user = entries.database["users"].find_one({"_id": ann.user_id})
        assert user is not None
        assert user["quota"]["charged"] == 2


async def test_a_send_all_that_is_killed_leaves_at_most_the_file_on_its_way(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, dc: DataCenter, entries: Collection[dict[str, Any]]
) -> None:
    """Scenario 90: every file that arrived before a kill -9 goes, and its reader hears of it and may have it again."""
    sends = itertools.count(1)
    third = Fault("messages.SendMedia", action="hold", match=lambda _request: next(sends) == 3)
    dc.faults.add(third)
    async with setup.process(**LATE) as bot:
        await post_and_wait(entries, bob, cast, [f"Vampires {number}.mkv" for number in range(1, 6)])
        page = await search(ann, "vampires")
        await ann.press(page, "Send all")
        arrived = [await ann.wait_message(is_file) for _ in range(2)]
        await asyncio.wait_for(third.held(), 10)
        await bot.kill()
        entries.update_many({}, {"$set": {"due": Clock().utc_now()}})

        await bot.start()
        await gone(ann, *arrived)
        told = await ann.wait_message(containing="The 2 files were deleted")
        await ann.press(told, AGAIN)
        again = [await ann.wait_message(is_file) for _ in range(2)]

        third.release()

        assert {seen.text for seen in arrived} == {seen.text for seen in again}


async def test_an_outage_puts_deletions_off(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, dc: DataCenter
) -> None:
    """What Telegram does not delete now is deleted later, and once."""
    down = dc.faults.add(Fault("messages.DeleteMessages", error=(500, "INTERNAL"), times=4))
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.mkv"])
        page = await search(ann, "nosferatu")
        await make_due(bot, 1)
        await gone(ann, page, timeout_s=20)
        await until_stored(bot, 0)

        assert down.hits == 4
        assert ann.deleted_ids.count(page.id) == 1


async def test_what_telegram_refuses_to_delete_is_given_up(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, dc: DataCenter
) -> None:
    """A message that may not be deleted keeps no other from going, and is not asked for again."""
    async with setup.running(**LATE) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.mkv"])
        kept, page = await search(ann, "nosferatu"), await search(ann, "nosferatu")
        refused = Fault(
            "messages.DeleteMessages",
            error=(403, "MESSAGE_DELETE_FORBIDDEN"),
            times=None,
            match=lambda request: kept.id in request.id,
        )
        dc.faults.add(refused)
        await make_due(bot, 2)
        await gone(ann, page)
        await until_stored(bot, 0)

        assert kept.id not in ann.deleted_ids
        assert refused.hits == 2
        assert bot.metrics.deletions.labels("results", "refused")._value.get() == 2


async def test_that_files_are_gone_is_said_once(setup: BotSetup, ann: Actor, cast: Cast) -> None:
    """Scenario 90: a sweep that dies after it has told of a deletion is followed by one that does both again."""
    async with setup.running(**LATE) as bot:
        now = bot.clock.utc_now()
        files = DueDeletion("a_key", cast.ann.id, (), DeletionKind.FILES, now, now, 1, (1, 2), "en")
        notices = bot.delivering.auto_delete.notices
        assert notices is not None
        for _ in range(2):
            await notices.deleted(files)
        await ann.wait_message(containing="were deleted")

        assert sum("were deleted" in seen.text for seen in ann.received) == 1
