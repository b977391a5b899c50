"""Inline mode in trouble: hostile text, bans, limits, outages, and files that Telegram no longer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.container import Stores
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.test_inline import give_premium, line
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

LEAKS = ("Traceback", "Exception", "Error(", "mongodb://", "None", "{", "$")
HOSTILE = {
    "one letter": "x",
    "punctuation only": "?!…",
    "emoji only": "🎬🎬🎬",
    "regex": ".*.*.*.*zz",
    "nested regex": "(a+)+$",
    "open bracket": "[",
    "backslash": "\\",
    "operator": '{"$gt": ""}',
    "where": "$where: sleep(1000)",
    "markup": "<b>bold</b> & <i>more",
    "mention": "[link](tg://user?id=1)",
    "zero width": "\u200b\u200d\u2060",
    "direction override": "\u202etxt.exe abc",
    "512 characters": "x" * 512,
    "many words": "word " * 100,
    "only a separator": "|",
    "only a kind": "| video",
    "bad filter": "judex year:soon",
}


def made(dc: DataCenter, mark: int, method: str) -> int:
    """How many calls of a method were made since a mark."""
    return sum(call.name == method for call in dc.recorder.since(mark))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_gets_a_line(bot: Container, ann: Actor, bob: Actor, cast: Cast, text: str) -> None:
    """Scenarios 43, 44, 51, 52, 60: text that finds nothing gets one friendly line, without anything inside."""
    await post_files(bot, bob, cast, ["Judex.mkv"])

    page = await ann.inline(text)

    assert page.results == ()
    assert 10 < len(line(page)) <= 66
    assert not any(leak in line(page) for leak in LEAKS)


async def test_markup_in_a_name_is_text(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 52: a hostile name is shown as it is and makes no entity in the message that is sent."""
    name = "A & B <b>cut</b> *_[x](tg://user?id=1).mkv"
    await post_files(bot, bob, cast, [name])

    (result,) = (await ann.inline("cut")).results

    assert result.title == name
    assert result.text.startswith(name)
    assert [type(entity).__name__ for entity in result.entities] == ["MessageEntityBold"]


async def test_names_of_every_kind_are_listed(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 73: 255 bytes, right-to-left, emoji and marks are cut by what people see, never refused by Telegram."""
    names = [
        "Judex " + "x" * 245 + ".mkv",
        "Judex " + "ж" * 120 + ".mkv",
        "Judex \u202egnp.exe",
        "Judex " + "👨‍👩‍👧‍👦" * 9 + ".mkv",
        "Judex ألف ليلة وليلة.pdf",
    ]
    await post_files(bot, bob, cast, names)
    await give_premium(bot, bob)

    for person in (ann, bob):
        page = await person.inline("judex")
        assert len(page.results) == len(names)
        assert all(len(title) <= 64 and "\u202e" not in title for title in page.titles)


async def test_a_banned_person_is_refused(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A ban holds in inline mode: no result, and the line says so."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    await bot.users.set_ban(cast.ann.id, "spam")

    page = await ann.inline("judex")

    assert page.results == ()
    assert line(page) == "You cannot use this bot."
    assert page.cache_time_s == 0


async def test_a_limit_is_told_at_every_query(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 58: who types too fast reads how long to wait, never that there is nothing; no app is left waiting."""
    async with setup.running(RATE_INLINE_BURST="1", RATE_INLINE_PERIOD_S="600") as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])
        assert (await ann.inline("judex")).titles == ["Judex.mkv"]

        refused = [await ann.inline(text) for text in ("jude", "jud")]

        assert all("Please wait" in line(page) and page.cache_time_s == 0 for page in refused)
        assert (await bob.inline("judex")).titles == ["Judex.mkv"]


async def test_an_outage_is_no_empty_result(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 56: without the database the line says so; nothing is cached, and nothing counts as not found."""
    async with setup.running(
        stores=Stores(stores.mongo_client, stores.redis_client), DATABASE_RECOVERY_TIMEOUT="1"
    ) as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])
        assert (await ann.inline("judex")).titles == ["Judex.mkv"]
        stores.database_down = True

        page = await ann.inline("judex mkv")

        assert page.results == ()
        assert page.cache_time_s == 0
        assert "Something is not working" in line(page)
        assert bot.metrics.searches.labels("nothing")._value.get() == 0


async def test_a_missing_part_of_the_library_is_named(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """While one of two databases does not answer, results and their absence are marked, and neither is cached."""
    async with setup.running(DATABASE_URIS="mongodb://127.0.0.1:9/?directConnection=true") as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])

        found, nothing = await ann.inline("judex"), await ann.inline("zzyzx")

        assert found.titles == ["Judex.mkv"]
        assert line(found) == "A part of the library does not answer: files may be missing"
        assert nothing.results == ()
        assert line(nothing) == "Nothing found, but a part of the library does not answer"
        assert found.cache_time_s == nothing.cache_time_s == 0


async def test_inline_works_while_redis_is_gone(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Results come, and their links open, from the memory of the process."""
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])
        stores.redis_down = True

        (result,) = (await ann.inline("judex")).results
        await ann.open_link(result.button("Get the file").url or "")

        assert (await ann.wait_message(lambda seen: seen.document is not None)).document is not None


async def test_expired_references_are_healed_before_the_answer(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """The reader sees files all the same; one call fetches the references of the page, and the records are healed."""
    await post_files(bot, bob, cast, [f"Judex {n:02}.mkv" for n in range(8)])
    await give_premium(bot, ann)
    world.expire_file_references()
    mark = dc.recorder.mark()

    page = await ann.inline("judex")

    assert [result.sends_file for result in page.results] == [True] * 8
    assert made(dc, mark, "channels.GetMessages") == 1
    mark = dc.recorder.mark()
    assert len((await ann.inline("judex mkv")).results) == 8
    assert made(dc, mark, "messages.SetInlineBotResults") == 1


async def test_what_cannot_be_healed_becomes_a_link(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """A file whose post is gone cannot be listed as a file; the others are, and nobody is refused for it."""
    posts = await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(3)])
    await give_premium(bot, ann)
    world.expire_file_references()
    await bot.pool.update_many("media_files", {"n": "Judex 1.mkv"}, {"$set": {"src": []}})

    page = await ann.inline("judex")

    assert {result.title: result.sends_file for result in page.results} == {
        "Judex 0.mkv": True,
        "Judex 1.mkv": False,
        "Judex 2.mkv": True,
    }
    assert page.cache_time_s == 0
    assert posts


@pytest.mark.parametrize("refusal", [(400, "CHANNEL_PRIVATE"), (420, "FLOOD_WAIT_3600")], ids=["gone", "later"])
async def test_a_source_that_cannot_be_asked_is_no_failure(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, world: World, refusal: tuple[int, str]
) -> None:
    """When the channel is closed to the bot, or Telegram wants an hour's pause, the page has links instead."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    await give_premium(bot, ann)
    world.expire_file_references()
    dc.faults.add(Fault("channels.GetMessages", error=refusal))

    assert [result.kind for result in (await ann.inline("judex")).results] == ["article"]


@pytest.mark.parametrize("name", ["FILE_REFERENCE_EXPIRED", "DOCUMENT_INVALID"])
async def test_references_that_telegram_never_accepts_become_links(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, name: str
) -> None:
    """When even fresh references are refused, the page still has its results."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    await give_premium(bot, ann)
    dc.faults.add(Fault("messages.SetInlineBotResults", error=(400, name), times=2))

    assert [result.kind for result in (await ann.inline("judex")).results] == ["article"]


async def test_a_late_answer_is_no_failure(bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A query that Telegram has given up meanwhile is over; the bot logs an ordinary update and goes on."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    dc.faults.add(Fault("messages.SetInlineBotResults", error=(400, "QUERY_ID_INVALID")))
    late = bot.metrics.updates.labels("inline", "ok")._value
    before = late.get()

    with pytest.raises(TimeoutError):
        await ann.inline("judex", timeout=0.5)

    await until(lambda: late.get() == before + 1)
    assert (await ann.inline("judex mkv")).titles == ["Judex.mkv"]
