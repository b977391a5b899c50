"""Links into the private chat: a file or a search for whoever opens them, on their own quota."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.cache import keys
from core.container import Stores
from core.database.circuit_breaker import CircuitBreakerState
from core.domain.deep_link import FileLink, SearchLink
from tests.e2e.library import post_files
from tests.e2e.test_main_path import file_labels
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.stores import InMemoryStores
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

BAD_LINK = "This link is not valid."


async def file_link(bot: Container) -> str:
    """The address that leads to the newest file."""
    (newest, *_) = await bot.pool.find("media_files", {}, sort=[("_id", -1)], limit=1)
    return url(bot, await bot.searching.links.issue(FileLink(newest["_id"])))


def url(bot: Container, payload: str) -> str:
    """The address with a payload, as the bot gives it."""
    return f"https://t.me/{bot.telegram.username}?start={payload}"


async def charged(bot: Container, user_id: int) -> int:
    """Files on a person's quota today."""
    user = await bot.users.get_user(user_id)
    assert user is not None
    return (await bot.searching.quota.status(user)).charged


async def test_a_link_delivers_its_file_to_everybody_on_their_own_quota(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Two people open the same link; each gets the file with its caption, and each is charged one file."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"], caption="A symphony of horror")
    address = await file_link(bot)

    for person in (ann, bob):
        await person.open_link(address)
        delivered = await person.wait_message(lambda seen: seen.document is not None)
        assert delivered.text == "A symphony of horror"
        assert await charged(bot, person.user_id) == 1


async def test_a_link_opened_twice_at_once_delivers_once(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """An impatient second tap is told that the file is on its way."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
    address = await file_link(bot)

    await asyncio.gather(ann.open_link(address), ann.open_link(address))
    answers = [await ann.wait_message(), await ann.wait_message()]

    assert sorted(answer.text for answer in answers) == ["Nosferatu.1922.mkv", "This file is on its way already."]
    assert await charged(bot, cast.ann.id) == 1


async def test_a_link_keeps_to_the_quota(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, tmp_path: Path) -> None:
    """Who has fetched everything for today is told so, and gets nothing more by a link."""
    async with setup.running(NON_PREMIUM_DAILY_LIMIT="1") as bot:
        await post_files(bot, bob, cast, ["One.mkv"])
        one = await file_link(bot)
        await post_files(bot, bob, cast, ["Two.mkv"])
        two = await file_link(bot)

        await ann.open_link(one)
        await ann.wait_message(lambda seen: seen.document is not None)
        await ann.open_link(two)

        assert (await ann.wait_message(containing="for today")).document is None


async def test_a_link_to_a_file_that_is_gone_says_so(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A file that was removed after its link was issued costs nothing and is named as gone."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
    address = await file_link(bot)
    await bot.pool.delete_many("media_files", {})

    await ann.open_link(address)

    assert "no longer available" in (await ann.wait_message()).text
    assert await charged(bot, cast.ann.id) == 0


async def test_a_search_link_searches_for_whoever_opens_it(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Everybody gets a page of their own, whose buttons work for them."""
    await post_files(bot, bob, cast, [f"Les Vampires {n:02}.mkv" for n in range(12)])
    address = url(bot, await bot.searching.links.issue(SearchLink("vampires")))

    for person in (ann, bob):
        await person.open_link(address)
        page = await person.wait_message(containing="of 12")
        await person.press(page, file_labels(page)[0])
        await person.wait_message(lambda seen: seen.document is not None)


async def test_a_link_that_has_expired_is_refused(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A link that nobody keeps any more gets the sentence that any wrong link gets, from another process too."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
    payload = await bot.searching.links.issue(FileLink(1))
    bot.searching.links._kept._recent.drop(payload)
    await bot.searching.links._kept._cache.delete(keys.link(payload))

    await ann.open_link(url(bot, payload))

    assert BAD_LINK in (await ann.wait_message()).text


async def test_wrong_links_run_into_a_limit(setup: BotSetup, ann: Actor) -> None:
    """Guessing tokens is limited as opening links is: after the burst the wait is told once, then there is silence."""
    async with setup.running(RATE_DEEP_LINK_BURST="3", RATE_DEEP_LINK_PERIOD_S="600") as bot:
        for n in range(3):
            await ann.open_link(url(bot, f"t{n:022}"))
            assert BAD_LINK in (await ann.wait_message()).text

        await ann.open_link(url(bot, "t" + "3" * 22))
        assert "too fast" in (await ann.wait_message()).text
        await ann.open_link(url(bot, "t" + "4" * 22))
        ann.say("/help")
        assert "How to search" in (await ann.wait_message()).text


async def test_start_without_a_link_still_greets(bot: Container, ann: Actor) -> None:
    """`/start` alone greets, and the invitation of inline mode explains."""
    ann.say("/start")
    assert "Hello" in (await ann.wait_message()).text
    ann.start("help")
    assert "How to search" in (await ann.wait_message()).text


async def test_a_link_works_while_redis_is_gone(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this process issued it opens by itself; of any other link it says that it cannot tell now."""
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        stores.redis_down = True

        await ann.open_link(await file_link(bot))
        await ann.wait_message(lambda seen: seen.document is not None)
        await ann.open_link(url(bot, "t" + "A" * 22))

        assert "try again in a moment" in (await ann.wait_message()).text


async def test_a_link_while_the_database_is_gone_is_not_refused(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 56: an outage is named as one; the same link works afterwards."""
    async with setup.running(
        stores=Stores(stores.mongo_client, stores.redis_client), DATABASE_RECOVERY_TIMEOUT="1"
    ) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        address = await file_link(bot)
        stores.database_down = True
        await ann.open_link(address)
        assert "try again in a moment" in (await ann.wait_message()).text

        stores.database_down = False
        await until(lambda: bot.pool.breaker.state is CircuitBreakerState.CLOSED)
        await ann.open_link(address)

        await ann.wait_message(lambda seen: seen.document is not None)
