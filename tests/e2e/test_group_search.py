"""Searching in groups: what the bot listens to, whose pages they are, and storms."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from core.container import Stores
from sandbox.datacenter.faults import Fault
from tests.e2e.golden import GOLDEN, LIBRARY
from tests.e2e.library import names_read, post_files
from tests.e2e.test_main_path import file_labels

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.seen import Seen
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

NAMES = [f"Nosferatu.{year}.1080p.mkv" for year in range(1922, 1936)]


async def heard(actor: Actor, containing: str = "", *, chat_id: int | None = None) -> Seen:
    """What the bot says next, to whomever, where the actor can see it."""
    return await actor.wait_message(
        lambda seen: seen.sender_id == actor.bot_id and (chat_id is None or seen.chat_id == chat_id),
        containing=containing,
    )


def answers(actor: Actor) -> int:
    """How much the bot has said where the actor sees it."""
    return sum(seen.sender_id == actor.bot_id for seen in actor.received)


async def silence(actor: Actor, group_id: int) -> None:
    """Return when the bot has answered what is said after everything before; nothing else may have come."""
    before = answers(actor)
    actor.say_in(group_id, "/help")
    answer = await heard(actor)
    assert answer.text.startswith("How to search"), answer.text
    assert answers(actor) == before + 1


@asynccontextmanager
async def unanswered(setup: BotSetup, actor: Actor, group_id: int, **changes: str) -> AsyncIterator[Container]:
    """A bot that says nothing of what is said after the last answer of the block, even when it has all its time.

    It is stopped at the end, which waits for everything that it is about to say.
    """
    async with setup.running(**changes) as bot:
        yield bot
        before = answers(actor)
        actor.say_in(group_id, "/help")
        await heard(actor, "How to search")
    assert answers(actor) == before + 1


async def ask(actor: Actor, group_id: int, words: str) -> Seen:
    """Search in a group by the bot's name, and wait for the page."""
    actor.mention(group_id, words)
    return await heard(actor, words)


async def test_searches_as_people_type_them_find_what_they_mean(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenarios 45, 46, 49, 50: in a group the meant file comes first as it does in a private chat."""
    async with setup.running(RATE_GROUP_BURST="100") as bot:
        await post_files(bot, bob, cast, LIBRARY)
        await names_read(bot, len(LIBRARY))

        missed = {}
        for words, name in GOLDEN.items():
            labels = file_labels(await ask(ann, cast.group.id, words))
            if not labels or name not in labels[0]:
                missed[words] = labels[:3]

    assert missed == {}


async def test_words_next_to_the_name_are_answered_in_reply(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """In the mode of a new group the bot answers whoever names it, anywhere in the text, with a reply."""
    await post_files(bot, bob, cast, NAMES)
    for said in ("@filter_test_bot nosferatu", "nosferatu @Filter_Test_Bot", "nosferatu, @filter_test_bot: 1925"):
        asked = ann.say_in(cast.group.id, said)

        page = await heard(ann, "nosferatu")

        assert "filter_test_bot" not in page.text
        assert page.message.reply_to == asked.id
        assert file_labels(page)


async def test_talk_is_passed_over_unless_it_names_the_bot(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Titles said to other people, other bots' names and commands, and names that only begin alike bring nothing."""
    others = ("nosferatu @filter_test_bot2", "mail nosferatu@filter_test_bot", "/search@other nosferatu")
    async with unanswered(setup, ann, cast.group.id) as bot:
        await post_files(bot, bob, cast, NAMES)
        for talk in ("nosferatu", *others):
            ann.say_in(cast.group.id, talk)


async def test_a_reply_to_a_page_is_a_search(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Words that answer a message of the bot need no name."""
    await post_files(bot, bob, cast, [*NAMES, "Faust.1926.mkv"])
    page = await ask(ann, cast.group.id, "nosferatu")
    await silence(ann, cast.group.id)

    bob.say_in(cast.group.id, "faust", reply_to=page.message)

    assert any("Faust" in label for label in file_labels(await heard(bob, "faust")))


async def test_nothing_found_is_told_to_who_asked(bot: Container, ann: Actor, cast: Cast) -> None:
    """A question by name gets an answer even when there is none; the name alone gets a hint."""
    assert (await ask(ann, cast.group.id, "zzyzx qwerty")).text.startswith("Nothing found")
    ann.say_in(cast.group.id, "@filter_test_bot")
    assert "next to my name" in (await heard(ann)).text


@pytest.mark.parametrize("mode", ["all", "mention", "command"])
async def test_the_command_searches_in_every_mode(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, mode: str
) -> None:
    """`/search words` works in a group whatever its mode, and in private chat."""
    await post_files(bot, bob, cast, NAMES)
    bob.say_in(cast.group.id, f"/search_mode {mode}")
    assert mode in (await heard(ann, "from now on")).text

    ann.say_in(cast.group.id, "/search@filter_test_bot nosferatu 1925")
    assert file_labels(await heard(ann, "nosferatu"))
    ann.say("/search nosferatu")
    assert file_labels(await heard(ann, "nosferatu"))
    ann.say("/search")
    assert "after the command" in (await heard(ann)).text


async def test_a_group_that_wants_commands_hears_nothing_else(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """In the mode `command` even the bot's name is passed over."""
    async with unanswered(setup, ann, cast.group.id) as bot:
        await post_files(bot, bob, cast, NAMES)
        bob.say_in(cast.group.id, "/search_mode command")
        await heard(ann, "from now on")

        ann.mention(cast.group.id, "nosferatu")


OVERHEARD = (
    "n",
    "?!",
    "nosferatu https://example.org/x",
    "nosferatu @bob_owner",
    "nosferatu t.me/joinchat",
    "nosferatu and then one two three four five six seven eight",
    "nosferatu " + "x" * 100,
    "nosferatu\nand more",
    "/nosferatu",
    "nothing of that name",
)


async def test_every_short_text_is_a_search_where_admins_want_it(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 59: in the mode `all` a title is found; talk, links, commands, replies and files are passed over."""
    async with unanswered(setup, ann, cast.group.id) as bot:
        await post_files(bot, bob, cast, [*NAMES, "nosferatu https example org x @bob_owner t me joinchat.mkv"])
        bob.say_in(cast.group.id, "/search_mode all")
        await heard(ann, "from now on")
        ann.say_in(cast.group.id, "nosferatu")
        assert file_labels(await heard(ann, "nosferatu"))

        for talk in OVERHEARD:
            ann.say_in(cast.group.id, talk)
        ann.say_in(cast.group.id, "nosferatu", reply_to=bob.say_in(cast.group.id, "zzyzx"))
        ann.post_file(cast.group.id, "mine.mkv", caption="nosferatu")


async def test_only_admins_change_the_mode(
    bot: Container, world: World, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """The rights are asked of Telegram at every change: a member is refused, a new admin is not, a former one is."""
    ann.say_in(cast.group.id, "/search_mode all")
    assert (await heard(ann)).text == "Only admins of this group may change that."
    ann.say_in(cast.group.id, "/search_mode")
    assert "mention" in (await heard(ann)).text

    world.membership.promote(cast.group, cast.ann.id, actor_id=cast.bob.id)
    ann.say_in(cast.group.id, "/search_mode ALL")
    assert "all" in (await heard(ann, "from now on")).text
    world.membership.demote(cast.group, cast.ann.id, actor_id=cast.bob.id)
    ann.say_in(cast.group.id, "/search_mode command")
    assert "Only admins" in (await heard(ann)).text

    bob.say_in(cast.group.id, "/search_mode <b>everything")
    assert "I do not know <b>everything" in (await heard(ann)).text
    ann.say("/search_mode all")
    assert "belongs into a group" in (await heard(ann)).text


async def test_rights_that_telegram_does_not_tell_are_no_rights(
    bot: Container, dc: DataCenter, bob: Actor, cast: Cast
) -> None:
    """Where the bot may not look at members, nobody changes the mode, and the answer says what helps."""
    refused = Fault(
        "channels.GetParticipant",
        error=(400, "CHAT_ADMIN_REQUIRED"),
        match=lambda request: request.channel.channel_id == cast.group.id,  # the start looks at the channel
    )
    dc.faults.add(refused)
    bob.say_in(cast.group.id, "/search_mode all")

    assert "Make me an admin" in (await heard(bob)).text


async def test_who_writes_in_the_name_of_a_chat_is_answered_in_words(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 40: an anonymous admin rules the group and is told to search by name; a channel rules nothing."""
    group, channel = cast.group.full_id, cast.channel.full_id
    async with unanswered(setup, ann, cast.group.id) as bot:
        await post_files(bot, bob, cast, NAMES)
        bob.say_in(cast.group.id, "/search_mode all", send_as=group)
        await heard(ann, "from now on")

        bob.say_in(cast.group.id, "/search_mode command", send_as=channel)
        assert "Only admins" in (await heard(ann)).text
        for said in ("/search nosferatu", "@filter_test_bot nosferatu"):
            bob.say_in(cast.group.id, said, send_as=group)
            assert "I do not know who you are" in (await heard(ann, "name of a chat")).text
        bob.say_in(cast.group.id, "nosferatu", send_as=group)
        bob.say_in(cast.group.id, "nosferatu", send_as=channel)
        bob.say_in(cast.group.id, "/help", send_as=group)
        assert await bot.users.get_user(group) is None
    counted = {"route": "group_search", "outcome": "refused"}
    assert bot.metrics.registry.get_sample_value("file_filter_updates_total", counted) == 1


async def test_a_page_belongs_to_who_searched(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 31: in a group every button but one refuses others; that one opens their own search in private."""
    await post_files(bot, bob, cast, NAMES)
    page = await ask(ann, cast.group.id, "nosferatu")
    assert page.buttons[-1][0].text == "🔎 Open your own"

    for label in (file_labels(page)[0], "›", "Send all"):
        answer = await bob.expect_nothing_until(bob.press(page, label))
        assert answer.alert
        assert answer.url is None
        assert "belongs to somebody else" in (answer.text or "")

    own = await bob.press(page, "Open your own")
    assert own.url is not None
    await bob.open_link(own.url)
    opened = await heard(bob, "1–10 of 14", chat_id=cast.bot.id)
    await bob.press(opened, "›")
    await bob.wait_edit(of=opened, containing="11–14 of 14")

    await ann.press(page, "›")
    turned = await ann.wait_edit(of=page, containing="11–14 of 14")
    assert turned.buttons[-1][0].text == "🔎 Open your own"


async def test_a_file_pressed_in_a_group_arrives_in_private(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """The press opens the private chat through a link, and the file is sent and charged there; so is a whole page."""
    await post_files(bot, bob, cast, NAMES)
    page = await ask(ann, cast.group.id, "nosferatu 1925")

    answer = await ann.expect_nothing_until(ann.press(page, "1925"))
    assert answer.url is not None
    await ann.open_link(answer.url)
    delivered = await ann.wait_message(lambda seen: seen.document is not None)
    assert delivered.chat_id == cast.bot.id
    assert "1925" in delivered.document.name
    user = await bot.users.get_user(cast.ann.id)
    assert (await bot.searching.quota.status(user)).charged == 1

    everything = await ann.press(page, "Send all")
    await ann.open_link(everything.url)
    assert (await heard(ann, "nosferatu 1925")).chat_id == cast.bot.id


FORGED = (
    "f:{session}:AAAAAAAAA",
    "f:{session}:!!",
    "pg:{session}:0",
    "nw:{session}:1:zz",
    "nw:{session}:0:k3",
    "sn:{session}:1:k9",
    "own:x",
    "own:0123456789abcdef",
    "again:0123456789abcdef",
)


@pytest.mark.parametrize("data", FORGED)
async def test_forged_data_in_a_group_gets_an_alert(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, data: str
) -> None:
    """Scenario 32: what no button of ours carries is refused with an alert, in a group as in private."""
    await post_files(bot, bob, cast, NAMES)
    page = await ask(ann, cast.group.id, "nosferatu")
    session = (page.button("›").data or b"").decode().split(":")[1]

    answer = await ann.expect_nothing_until(ann.press(page, data=data.format(session=session)))

    assert answer.alert
    assert answer.url is None


async def test_a_storm_is_searched_up_to_the_budget_and_then_passed_over(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 59: over its budget a group of the mode `all` hears nothing; who asks by name is told once."""
    async with setup.running(RATE_GROUP_BURST="3", RATE_GROUP_PERIOD_S="3600", GROUP_SEARCH_MODE="all") as bot:
        await post_files(bot, bob, cast, NAMES)
        for year in range(1922, 1925):
            ann.say_in(cast.group.id, f"nosferatu {year}")
            await heard(ann, f"nosferatu {year}")

        for year in range(1925, 1935):
            ann.say_in(cast.group.id, f"nosferatu {year}")
        await silence(ann, cast.group.id)
        for _ in range(3):
            ann.mention(cast.group.id, "nosferatu")
        ann.say("nosferatu")

        assert file_labels(await heard(ann, "nosferatu"))


async def test_a_group_over_its_budget_is_told_once(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 58: of several refused questions by name the first is answered with the seconds to wait."""
    async with setup.running(RATE_GROUP_BURST="1", RATE_GROUP_PERIOD_S="3600") as bot:
        await post_files(bot, bob, cast, NAMES)
        await ask(ann, cast.group.id, "nosferatu")

        for _ in range(3):
            ann.mention(cast.group.id, "nosferatu")

        assert "wait" in (await heard(ann)).text
        await silence(ann, cast.group.id)


async def test_an_outage_is_told_a_group_once_a_minute(
    setup: BotSetup,
    stores: InMemoryStores,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Scenario 56: in the mode `all` a lost database is no silence and no flood; who asks by name always hears."""
    monkeypatch.chdir(tmp_path)
    running = setup.running(stores=Stores(stores.mongo_client, stores.redis_client), GROUP_SEARCH_MODE="all")
    async with running as bot:
        await post_files(bot, bob, cast, NAMES)
        ann.say_in(cast.group.id, "nosferatu")
        await heard(ann, "nosferatu")
        stores.database_down = True

        for year in range(1922, 1926):
            ann.say_in(cast.group.id, f"nosferatu {year}")
        counted = {"route": "group_search", "outcome": "unavailable"}
        async with asyncio.timeout(10):
            while bot.metrics.registry.get_sample_value("file_filter_updates_total", counted) != 4:
                await bot.clock.sleep(0.01)
        assert sum("not working" in seen.text for seen in ann.received) == 1
        ann.mention(cast.group.id, "nosferatu 1930")
        await heard(ann, "not working")
        await heard(ann, "not working")


async def test_a_question_that_was_deleted_is_answered_all_the_same(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Where another bot removed the question meanwhile, the page stands by itself, once."""
    await post_files(bot, bob, cast, NAMES)
    dc.faults.add(Fault("messages.SendMessage", error=(400, "REPLY_MESSAGE_ID_INVALID")))

    page = await ask(ann, cast.group.id, "nosferatu")

    assert page.message.reply_to is None
    await silence(ann, cast.group.id)
