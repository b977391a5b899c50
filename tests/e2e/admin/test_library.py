"""Single files: deleted, taken down, dropped, and told by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.media_id import encode_media_id
from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import ask, ask_seen, audited, in_step, names, unique_id, until
from tests.e2e.library import post_files
from tests.e2e.test_group_search import heard
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.owner import Owner
    from sandbox.seen import Seen
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def fetched(actor: Actor, words: str) -> Seen:
    """Search for a file, and have it delivered."""
    page = await search(actor, words)
    await actor.press(page, file_labels(page)[0])
    return await actor.wait_message(lambda seen: seen.document is not None)


async def test_a_file_is_deleted_by_reply_and_by_either_id(bot: Container, bob: Actor, cast: Cast) -> None:
    """Answering a delivered file, its unique id and its library id all lead to it; a new post brings it back."""
    first, second, third = await post_files(bot, bob, cast, ["Faust.mkv", "Nosferatu.mkv", "Vampyr.mkv"])
    delivered = await fetched(bob, "faust")

    assert "Faust.mkv is deleted" in await ask(bob, "/delete", reply_to=delivered.message)
    assert "Nosferatu.mkv is deleted" in await ask(bob, f"/delete {unique_id(second)}")
    [last] = await bot.pool.find("media_files", {})
    assert "Vampyr.mkv is deleted" in await ask(bob, f"/delete {encode_media_id(last['_id'])}")

    assert await names(bot) == []
    assert [action for _, action in await audited(bot)] == ["file_deleted"] * 3
    bot.indexing.index_list.mark_all()  # what was posted then is looked at once more, and stays out
    await bot.indexing.service.store([])
    bob.post_file(cast.channel.id, "Later.mkv")
    bot_post = bob._world.post(cast.channel.id, file=first.body.file.id)
    await until(bot, ["Faust.mkv", "Later.mkv"])
    [media] = await bot.pool.find("media_files", {"n": "Faust.mkv"})
    assert [source["mi"] for source in media["src"]] == [bot_post.id]
    assert third.id not in {source["mi"] for source in media["src"]}


async def test_walking_old_posts_again_does_not_bring_back_what_was_deleted(
    bot: Container, bob: Actor, cast: Cast
) -> None:
    """A back-fill or an audit that reads the very post again leaves the file out."""
    posts = await post_files(bot, bob, cast, ["Faust.mkv", "Vampyr.mkv"])
    assert "Faust.mkv is deleted" in await ask(bob, f"/delete {unique_id(posts[0])}")

    found = await bot.telegram.fetch_posts(cast.channel.full_id, [post.id for post in posts])
    assert len(found) == 2
    await bot.indexing.service._bulk_save_files(found)

    await until(bot, ["Vampyr.mkv"])  # the look for missed posts may be taking out just now what it stored


async def test_what_is_wrong_with_a_deletion_is_said_with_its_remedy(bot: Container, bob: Actor, cast: Cast) -> None:
    """A missing, a malformed and an unknown id, and an answered message that has no file."""
    await post_files(bot, bob, cast, ["Faust.mkv"])
    for command, sentence in {
        "/delete": "Answer a file with /delete",
        "/delete one two": "Answer a file with /delete",
        "/delete !": "no id of a file",
        "/delete AAAAAAAAB": "no such file",
        "/delete AgADunknownunknown": "no such file",
        "/takedown": "/takedown reason",
        "/takedown AgADunknownunknown": "/takedown reason",
        "/takedown ! because": "no id of a file",
        "/takedown undo": "/takedown undo",
        "/takedown undo AgADunknownunknown": "was taken down",
    }.items():
        assert sentence in await ask(bob, command), command

    talk = bob.say("/help")
    await bob.wait_message()
    assert "has no file" in await ask(bob, "/delete", reply_to=talk)
    assert await names(bot) == ["Faust.mkv"]
    assert await audited(bot) == []


async def test_what_is_taken_down_stays_out_wherever_it_is_posted(
    bot: Container, bob: Actor, cast: Cast, world: World
) -> None:
    """Removed, barred in batches among other files, in every channel, until it is allowed again; the log says why."""
    other = world.add_channel("Music", creator=cast.bob.id, username="music_box", admins=[cast.bot.id])
    await ask(bob, "/add_channel music_box")
    posts = await post_files(bot, bob, cast, ["Faust.mkv", "Vampyr.mkv"])
    bad, file = unique_id(posts[0]), posts[0].body.file
    assert file is not None

    assert "Faust.mkv is taken down" in await ask(bob, f"/takedown {bad} asked for by its maker")

    for number in range(5):
        bob.post_file(other.id, f"Song {number}.mp3")
        world.post(other.id, file=file.id)
        world.post(cast.channel.id, file=file.id)
    songs = [f"Song {number}.mp3" for number in range(5)]
    await until(bot, [*songs, "Vampyr.mkv"])
    [entry] = await bot.pool.find("audit_log", {"action": "file_taken_down"})
    assert entry["admin"] == cast.bob.id
    assert entry["details"]["reason"] == "asked for by its maker"

    assert "may be indexed again" in await ask(bob, f"/takedown undo {bad}")
    world.post(other.id, file=file.id)
    await until(bot, ["Faust.mkv", *songs, "Vampyr.mkv"])


async def test_a_taken_down_file_leaves_every_database(
    setup: BotSetup, bob: Actor, cast: Cast, mongo_uri: str, mongo_database: str
) -> None:
    """A file that two databases hold is gone from both, given up or not."""
    second = {"DATABASE_URIS": mongo_uri, "DATABASE_NAMES": f"{mongo_database}_2"}
    async with setup.running(**second) as bot:
        try:
            posts = [bob.post_file(cast.channel.id, name) for name in ("Faust.mkv", "Vampyr.mkv")]
            await until(bot, ["Faust.mkv", "Vampyr.mkv"])
            pools = bot.databases.databases
            held = [await pool.find("media_files", {"n": "Faust.mkv"}) for pool in pools]
            [media] = held[0] or held[1]
            other = pools[1] if held[0] else pools[0]
            await other.insert_one("media_files", {**media, "_id": media["_id"] + 1, "x": 1})
            assert await names(bot) == ["Faust.mkv", "Faust.mkv", "Vampyr.mkv"]

            await ask(bob, f"/takedown {unique_id(posts[0])} two of them")

            assert await names(bot) == ["Vampyr.mkv"]
        finally:
            await bot.databases.database(2)._client.drop_database(f"{mongo_database}_2")


async def test_what_was_on_its_way_when_it_was_taken_down_goes_again(bot: Container, bob: Actor, cast: Cast) -> None:
    """A post that was read before and stored after the take-down is removed by who stores it."""
    [post] = await post_files(bot, bob, cast, ["Faust.mkv"])
    found = await bot.telegram.fetch_posts(cast.channel.full_id, [post.id])
    await in_step(bot, cast.channel.full_id)
    save = bot.indexing.service._batches.save_batch

    async def slow_save(*arguments: object) -> object:
        await ask(bob, f"/takedown {unique_id(post)} meanwhile")
        return await save(*arguments)

    bot.indexing.service._batches.save_batch = slow_save
    await bot.indexing.service._bulk_save_files(found)

    assert await names(bot) == []


async def test_what_was_on_its_way_again_when_it_was_deleted_stays_out(bot: Container, bob: Actor, cast: Cast) -> None:
    """A post that was read a second time before the deletion and stored after it is removed by who stores it."""
    posts = await post_files(bot, bob, cast, ["Faust.mkv", "Vampyr.mkv"])
    found = await bot.telegram.fetch_posts(cast.channel.full_id, [post.id for post in posts])
    await in_step(bot, cast.channel.full_id)
    save = bot.indexing.service._batches.save_batch

    async def slow_save(*arguments: object) -> object:
        assert "Faust.mkv is deleted" in await ask(bob, f"/delete {unique_id(posts[0])}")
        return await save(*arguments)

    bot.indexing.service._batches.save_batch = slow_save
    await bot.indexing.service._bulk_save_files(found)

    assert await names(bot) == ["Vampyr.mkv"]


async def test_a_file_in_the_drop_box_is_deleted(
    setup: BotSetup, bob: Actor, cast: Cast, world: World, owner: Owner
) -> None:
    """What is posted in DELETE_CHANNEL leaves the library, and the answer there says so; it is never indexed itself."""
    box = world.add_channel("Drop box", creator=cast.bob.id, username="drop_box_1", admins=[cast.bot.id])
    async with setup.running(DELETE_CHANNEL="@drop_box_1") as bot:
        posts = await post_files(bot, bob, cast, ["Faust.mkv", "Vampyr.mkv"])
        while bot.admin.drop_box.channel_id is None:
            await bot.clock.sleep(0.01)
        owner.forward(box.full_id, cast.channel.full_id, [posts[0].id])
        assert "Faust.mkv is deleted" in (await heard(bob, "Faust", chat_id=box.full_id)).text
        bob.post_file(box.id, "Stranger.mkv")
        assert "not in the library" in (await heard(bob, "Stranger", chat_id=box.full_id)).text

        await until(bot, ["Vampyr.mkv"])


async def test_ids_are_told_to_everybody(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """One's own id, a group's, and those of an answered file; the library's own id to admins alone."""
    [post] = await post_files(bot, bob, cast, ["Faust.mkv"])
    assert await ask(ann, "/id") == f"Your id: {cast.ann.id}"
    ann.say_in(cast.group.id, "/id")
    assert str(cast.group.full_id) in (await heard(ann)).text
    bob.say_in(cast.group.id, "/id", send_as=cast.group.id)
    assert (await heard(ann)).text == f"Id of this chat: {cast.group.full_id}"

    for actor, knows_library in ((ann, False), (bob, True)):
        delivered = await fetched(actor, "faust")
        told = await ask(actor, "/id", reply_to=delivered.message)
        assert f"Id of the file: {unique_id(post)}" in told
        assert ("Id in the library" in told) is knows_library


async def test_an_outage_of_telegram_is_told_as_one(bot: Container, dc: DataCenter, bob: Actor) -> None:
    """A look-up that Telegram does not answer is no missing file."""
    own = bob.say("/help")
    await bob.wait_message()
    dc.faults.add(Fault("messages.GetMessages", error=(420, "FLOOD_WAIT_3600"), times=1))
    assert "try again" in (await ask_seen(bob, "/delete", reply_to=own)).text
