"""The test person: what it sees, waits for and presses."""

from __future__ import annotations

import asyncio

import pytest
from pyrogram import raw

from sandbox.actor import Actor
from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.callbacks import PressAnswer
from sandbox.world.inline_results import InlineAnswer, InlineResult, SwitchButton
from sandbox.world.posting import Draft

T = raw.types
MENU = T.ReplyInlineMarkup(
    rows=[
        T.KeyboardButtonRow(
            buttons=[T.KeyboardButtonCallback(text="Next page", data=b"n"), T.KeyboardButtonUrl(text="Web", url="t.me")]
        )
    ]
)


@pytest.fixture
async def actor(world, bot, ann):
    """Ann, who has started the bot."""
    person = Actor(world, ann.id, bot.id)
    person.say("/start")
    yield person
    person.close()


def reply(world, bot, actor, text, **draft):
    return world.posting.send_private(bot.id, actor.user_id, Draft(text, **draft)).message


async def test_a_wait_returns_what_fits_and_goes_on_behind_it(world, bot, actor):
    """Waits hand each arrival out once, in order, whether it came before or comes later."""
    for text in ("one", "two"):
        reply(world, bot, actor, text)
    assert (await actor.wait_message(containing="two")).text == "two"
    waiting = asyncio.ensure_future(actor.wait_message())
    await asyncio.sleep(0)
    reply(world, bot, actor, "three")
    assert (await waiting).text == "three"
    reply(world, bot, actor, "four")
    with pytest.raises(TimeoutError, match="four"):
        await actor.wait_message(containing="one", timeout=0.01)


async def test_what_is_seen_is_a_snapshot(world, bot, actor):
    """A seen message keeps the text and buttons of its moment; an edit is a new sight with a count."""
    bold = T.MessageEntityBold(offset=0, length=4)
    sent = reply(world, bot, actor, "page 1", markup=MENU, entities=[bold])
    seen = await actor.wait_message()
    world.posting.edit(sent, Draft("page 2"), editor_id=bot.id)
    edited = await actor.wait_edit(of=seen)
    assert (seen.text, seen.buttons[0][0], seen.edit_count) == ("page 1", ("Next page", b"n", None), 0)
    assert (edited.id, edited.text, edited.buttons, edited.edit_count) == (seen.id, "page 2", (), 1)
    assert seen.entities == (bold,)


async def test_a_press_waits_for_the_bots_answer(world, sink, bot, actor):
    """A press by text, or with forged data, resolves with text, alert and address."""
    reply(world, bot, actor, "page 1", markup=MENU)
    seen = await actor.wait_message()
    for arguments, data in (({"text": "Next"}, b"n"), ({"data": "forged"}, b"forged")):
        pressing = asyncio.ensure_future(actor.press(seen, **arguments))
        await asyncio.sleep(0)
        query = sink.pushed[-1][1].updates[0]
        assert query.data == data
        world.callbacks.answer(bot.id, query.query_id, PressAnswer("ok", alert=True))
        assert await pressing == PressAnswer("ok", alert=True)
    with pytest.raises(LookupError, match="not a callback"):
        await actor.press(seen, "Web")
    with pytest.raises(LookupError, match="no button"):
        await actor.press(seen, "Missing")


async def test_anybody_in_a_group_may_press(world, sink, bot, bob, actor):
    """The bot is told who pressed, also on a message that answered somebody else."""
    group = world.add_group("Friends", creator=bob.id, members=[bot.id, actor.user_id])
    world.posting.send_channel(bot.id, group, Draft("for Bob", markup=MENU))
    seen = await actor.wait_message(containing="for Bob")
    assert seen.chat_id == group.full_id
    pressing = asyncio.ensure_future(actor.press(seen, "Next page"))
    await asyncio.sleep(0)
    query = sink.pushed[-1][1].updates[0]
    assert (query.user_id, query.peer.channel_id) == (actor.user_id, group.id)
    world.callbacks.answer(bot.id, query.query_id, PressAnswer())
    await pressing


async def test_an_inline_query_is_typed_and_a_result_sent(world, sink, bot, bob, actor):
    """The page shows what the bot offered; a choice is written where the person wants it, under the bot's name."""
    bot.inline_placeholder = "Search"
    file = world.files[world.add_document("a.mkv", 5)]
    offers = (
        InlineResult("1", "article", "Nosferatu", "1.4 GB", text="link", markup=MENU),
        InlineResult("2", "file", "Metropolis", file=file, sends_file=True, text="caption"),
    )
    asking = asyncio.ensure_future(actor.inline("film", offset="10", chat=bob.id))
    await asyncio.sleep(0)
    query = sink.pushed[-1][1].updates[0]
    assert (query.query, query.offset, type(query.peer_type)) == ("film", "10", T.InlineQueryPeerTypePM)
    world.inline.desk.answer(bot.id, query.query_id, InlineAnswer(offers, "20", SwitchButton("More", "m")))
    page = await asking
    assert (page.titles, page.next_offset, page.switch_pm) == (
        ["Nosferatu", "Metropolis"],
        "20",
        SwitchButton("More", "m"),
    )
    assert [(result.kind, result.description) for result in page.results] == [("article", "1.4 GB"), ("file", "")]
    assert page.result("Nosfer").button("Web").url == "t.me"
    with pytest.raises(LookupError, match="Metropolis"):
        page.result("Faust")
    sent = await actor.choose(page.result("Metropolis"), bob.id)
    assert (sent.body.file, sent.body.text, sent.twin.owner_id) == (file, "caption", bob.id)
    group = world.add_group("Friends", creator=bob.id, members=[actor.user_id])
    assert (await actor.choose(page.results[0], group.full_id)).body.via_bot_id == bot.id


async def test_a_link_is_opened_as_apps_do(world, bot, ann, bob, actor):
    """The bot is started with the parameter; a link that no app would turn into that is a mistake of the test."""
    started = await actor.open_link("https://t.me/Filter_Test_Bot?start=abc-1")
    assert (started.body.text, started.peer_id) == ("/start abc-1", bot.id)
    assert [type(entity) for entity in started.body.entities] == [T.MessageEntityBotCommand]
    for url in ("https://t.me/filter_test_bot", "https://t.me/bob_owner?start=x", "https://t.me/nobody?start=x"):
        with pytest.raises(LookupError, match="starts no bot"):
            await actor.open_link(url)
    with pytest.raises(RpcFailure, match="START_PARAM_INVALID"):
        await actor.open_link("https://t.me/filter_test_bot?start=a=b")


async def test_a_mention_begins_with_the_name_of_the_bot(world, bot, bob, actor):
    """What is said in a group to the bot names it, as a mention that clients mark."""
    group = world.add_group("Friends", creator=bob.id, members=[bot.id, actor.user_id])
    said = actor.mention(group.full_id, "nosferatu")
    assert (said.body.text, type(said.body.entities[0])) == ("@filter_test_bot nosferatu", T.MessageEntityMention)


async def test_silence_is_asserted_by_events(world, bot, actor):
    """Nothing came until something else happened; a message in between fails the test by name."""

    async def elsewhere(text=None):
        if text:
            reply(world, bot, actor, text)
        return "happened"

    assert await actor.expect_nothing_until(elsewhere()) == "happened"
    with pytest.raises(AssertionError, match="surprise"):
        await actor.expect_nothing_until(elsewhere("surprise"))


async def test_files_and_deletions_are_seen(world, bot, bob, actor):
    """Documents received are listed in order, and a message deleted by the bot is noted."""
    file_id = world.add_document("a.mkv", 5, kind="video")
    sent = reply(world, bot, actor, "", file=world.files[file_id])
    assert [file.name for file in actor.files()] == ["a.mkv"]
    world.delete(sent)
    assert actor.deleted_ids == [sent.twin.id]
    owner = Actor(world, bob.id, bot.id)
    channel = world.add_channel("Files", creator=bob.id, members=[actor.user_id])
    post = owner.post_file(channel.id, "b.mkv", 7, caption="old")
    owner.edit_caption(post, "new")
    assert (await actor.wait_edit(containing="new")).document.size == 7
    owner.delete(post)
    assert channel.history.get(post.id) is None
    assert [file.name for file in actor.files()] == ["a.mkv", "b.mkv"]
