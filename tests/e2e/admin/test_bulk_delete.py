"""/deleteall: counted, confirmed, done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.container import Stores
from core.services import bulk_delete, confirmations
from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import ask, ask_seen, audited, names, until
from tests.e2e.library import indexed, post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

FAUSTS = [f"Faust.{number}.mkv" for number in range(7)]


async def test_what_has_the_words_is_deleted_after_the_answer(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In blocks, captions included, nothing that is merely spelled alike; the next search does not find it."""
    monkeypatch.setattr(bulk_delete, "_BLOCK", 3)
    await post_files(bot, bob, cast, [*FAUSTS, "Fausto.mkv", "Vampyr.mkv"])
    bob.post_file(cast.channel.id, "scan.pdf", caption="A faust of a kind")
    await indexed(bot, 10)
    assert "1–" in (await search(ann, "faust")).text

    asked = await ask_seen(bob, "/deleteall FAUST")
    assert "all 8 files" in asked.text
    assert len(await names(bot)) == 10
    await bob.press(asked, "Delete")
    done = await bob.wait_edit(of=asked, containing="deleted")

    assert done.text == "8 files are deleted."
    assert done.buttons == ()
    assert await names(bot) == ["Fausto.mkv", "Vampyr.mkv"]
    assert "Faust." not in str((await search(ann, "faust")).buttons)
    [entry] = await bot.pool.find("audit_log", {})
    assert (entry["admin"], entry["action"]) == (cast.bob.id, "files_deleted")
    assert entry["details"] == {"query": "FAUST", "files": 8, "is_complete": True}


async def test_the_end_is_shown_last(bot: Container, dc: DataCenter, bob: Actor, cast: Cast) -> None:
    """A first word about the deletion that Telegram is slow to take does not land on the last one."""
    await post_files(bot, bob, cast, FAUSTS)
    asked = await ask_seen(bob, "/deleteall faust")
    dc.faults.add(Fault("messages.EditMessage", action="delay", delay=0.5))

    await bob.press(asked, "Delete")
    await bob.wait_edit(of=asked, containing="Deleting")
    assert (await bob.wait_edit(of=asked)).text == "7 files are deleted."


async def test_a_word_that_nothing_has_deletes_nothing_like_it(bot: Container, bob: Actor, cast: Cast) -> None:
    """A search would complete and correct such words; a deletion must not."""
    await post_files(bot, bob, cast, FAUSTS)
    for words in ("faus", "fuast", "faust vampyr"):
        assert "Nothing in the library" in await ask(bob, f"/deleteall {words}")
    assert "/deleteall" in await ask(bob, "/deleteall")
    assert "short" in await ask(bob, "/deleteall x")

    assert await names(bot) == FAUSTS


async def test_captions_do_not_count_where_searches_pass_them_over(setup: BotSetup, bob: Actor, cast: Cast) -> None:
    """What is deleted is what a search would show."""
    async with setup.running(SEARCH_CAPTIONS="false") as bot:
        await post_files(bot, bob, cast, ["Faust.mkv"])
        await post_files(bot, bob, cast, ["scan.pdf"], caption="A faust of a kind")

        asked = await ask_seen(bob, "/deleteall faust")
        await bob.press(asked, "Delete")
        assert (await bob.wait_edit(of=asked, containing="deleted")).text == "One file is deleted."

        assert await names(bot) == ["scan.pdf"]


async def test_keeping_the_files_keeps_them(bot: Container, bob: Actor, cast: Cast) -> None:
    """After a no, the yes is worth nothing."""
    await post_files(bot, bob, cast, FAUSTS)
    asked = await ask_seen(bob, "/deleteall faust")
    await bob.press(asked, "Keep")
    await bob.wait_edit(of=asked, containing="Nothing was deleted")

    answer = await bob.press(asked, data=asked.button("Delete").data)

    assert "settled" in (answer.text or "")
    assert await names(bot) == FAUSTS
    assert await audited(bot) == []


async def test_the_question_is_for_one_admin_once(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Two admins answer at the same time, one of them twice: the one who was asked deletes, once."""
    async with setup.running(ADMINS=f"{cast.bob.id} {cast.ann.id}") as bot:
        await post_files(bot, bob, cast, [*FAUSTS, "Vampyr.mkv"])
        asked = await ask_seen(bob, "/deleteall faust")
        data = asked.button("Delete").data
        hers = await ask_seen(ann, "/deleteall vampyr")

        by_ann = await ann.press(hers, data=data)
        answers = await asyncio.gather(bob.press(asked, data=data), bob.press(asked, data=data))

        assert "Another admin" in (by_ann.text or "")
        assert sorted("settled" in (answer.text or "") for answer in answers) == [False, True]
        await until(bot, ["Vampyr.mkv"])
        await bob.wait_edit(of=asked, containing="7 files")
        assert await audited(bot) == [(cast.bob.id, "files_deleted")]


async def test_a_reader_cannot_answer_the_question(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A forged press of somebody who is no admin is refused."""
    await post_files(bot, bob, cast, FAUSTS)
    asked = await ask_seen(bob, "/deleteall faust")
    page = await search(ann, "faust")

    for label in ("Delete", "Keep"):
        assert "for the admins" in ((await ann.press(page, data=asked.button(label).data)).text or "")
    await bob.press(asked, "Delete")
    await until(bot, [])


async def test_an_old_question_is_answered_in_vain(
    bot: Container, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute it has to be asked again."""
    await post_files(bot, bob, cast, FAUSTS)
    monkeypatch.setattr(confirmations, "CONFIRM_S", 0)
    asked = await ask_seen(bob, "/deleteall faust")

    assert "too old" in ((await bob.press(asked, "Delete")).text or "")
    assert await names(bot) == FAUSTS


async def test_a_deletion_that_an_outage_ends_says_so(
    setup: BotSetup, stores: InMemoryStores, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was deleted is counted; the rest stays and can be asked for again."""
    monkeypatch.setattr(bulk_delete, "_BLOCK", 3)
    monkeypatch.setattr(bulk_delete, "_TRIES", 0)
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await post_files(bot, bob, cast, FAUSTS)
        asked = await ask_seen(bob, "/deleteall faust")
        remove = bot.admin.bulk._removal.remove_from

        async def remove_once(number: int, ids: list[int]) -> int:
            removed = await remove(number, ids)
            stores.database_down = True
            return removed

        monkeypatch.setattr(bot.admin.bulk._removal.__class__, "remove_from", lambda _, *given: remove_once(*given))
        await bob.press(asked, "Delete")

        assert (await bob.wait_edit(of=asked, containing="stopped answering")).text.startswith("3 files")
        stores.database_down = False
        bot.pool.breaker.reset()
        assert len(await names(bot)) == 4


async def test_what_is_posted_after_the_question_stays(bot: Container, bob: Actor, cast: Cast) -> None:
    """While posts arrive, only what was there when the admin was asked is deleted."""
    await post_files(bot, bob, cast, FAUSTS)
    asked = await ask_seen(bob, "/deleteall faust")
    await post_files(bot, bob, cast, ["Faust.new.mkv"])

    await bob.press(asked, "Delete")
    bob.post_file(cast.channel.id, "Faust.newer.mkv")

    await until(bot, ["Faust.new.mkv", "Faust.newer.mkv"])
