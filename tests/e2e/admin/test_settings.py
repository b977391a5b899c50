"""Changing runtime settings in the chat, over the wire."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from config.declaration import declared_settings
from config.runtime import RuntimeSettings
from config.settings import BootstrapSettings, load_settings
from core.container import Stores, open_container
from core.domain.permission import Role
from core.domain.setting import SettingKind
from tests.e2e.admin.talk import ask, ask_seen
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search
from tests.fixtures.waiting import Stopwatch, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.seen import Seen
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@asynccontextmanager
async def beside(setup: BotSetup, folder: Path) -> AsyncIterator[Container]:
    """The same bot once more, with a login and a memory of its own, on the same stores; it handles no updates."""
    environ = setup.environ | {"SESSION": str(folder / "second.session")}
    async with open_container(load_settings(environ, env_file=None), environ=environ) as container:
        await container.start(lambda _: None, receives=False)
        yield container


async def turn(actor: Actor, seen: Seen, label: str) -> Seen:
    """Press a button; the message as it is afterwards."""
    await actor.press(seen, label)
    return await actor.wait_edit(of=seen)


async def audit(bot: Container) -> list[tuple[int, str, str, object, object]]:
    """Who changed which setting from what to what, oldest first."""
    entries = await bot.pool.find("audit_log", {}, sort=[("at", 1), ("_id", 1)])
    return [
        (each["admin"], each["action"], each["details"]["setting"], each["details"]["before"], each["details"]["after"])
        for each in entries
    ]


async def test_a_setting_is_found_changed_and_set_back(bot: Container, bob: Actor, cast: Cast) -> None:
    """Scenarios 130, 131: what cannot be used is refused with what can be; what can is in force at once, and kept."""
    sections = await ask_seen(bob, "/bsetting")
    section = await turn(bob, sections, "Search")
    assert section.button("result_page_size: 10")
    setting = await turn(bob, section, "result_page_size")
    assert "Files on one page" in setting.text
    assert "from 1 to 20" in setting.text
    assert "Nobody has changed it" in setting.text
    assert len(setting.buttons) == 2
    asked = await turn(bob, setting, "Change")
    assert "/cancel" in asked.text
    for nonsense in ("abc", "500", "0", "5.5", "٥x", "true"):
        assert "whole number from 1 to 20" in await ask(bob, nonsense)
    assert bot.runtime.current.result_page_size == 10

    changed = await ask_seen(bob, " 5 ")

    assert "10 → 5" in changed.text
    assert f"Set by Bob ({cast.bob.id})" in changed.text
    assert bot.runtime.current.result_page_size == 5
    back = await turn(bob, changed, "Set back")
    assert "Now: 10 files" in back.text
    assert f"Set back by Bob ({cast.bob.id})" in back.text
    assert bot.runtime.current.result_page_size == 10
    name = "result_page_size"
    assert await audit(bot) == [
        (cast.bob.id, "setting_changed", name, 10, 5),
        (cast.bob.id, "setting_reset", name, 5, 10),
    ]


async def test_a_reset_outlives_a_restart_and_the_environment(setup: BotSetup, bob: Actor) -> None:
    """What a variable set at the first start is told of, and does not come back once the default rules."""
    async with setup.running(COUNT_LIMIT="500") as bot:
        shown = await ask_seen(bob, "/bsetting count_limit")
        assert "environment variable" in shown.text
        await turn(bob, shown, "Set back")
        await ask(bob, "/bsetting result_page_size 7")
        assert bot.runtime.current.count_limit == 1001
    async with setup.running(COUNT_LIMIT="500", RESULT_PAGE_SIZE="9") as bot:
        assert (bot.runtime.current.count_limit, bot.runtime.current.result_page_size) == (1001, 7)


async def test_of_two_admins_the_second_is_told(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """What an admin sees is what an admin changes: whoever is late changes nothing, by button and in words."""
    await bot.users.set_role(cast.ann.id, Role.ADMIN)
    pages = [await ask_seen(actor, "/bsetting protect_content") for actor in (ann, bob)]
    shown = await turn(ann, pages[0], "Turn on")
    assert "Now: on" in shown.text
    refused = await bob.press(pages[1], "Turn on")
    assert "was changed meanwhile" in (refused.text or "")

    await turn(bob, await ask_seen(bob, "/bsetting count_limit"), "Change")
    await ask(ann, "/bsetting count_limit 300")
    assert "was changed meanwhile" in await ask(bob, "400")
    assert bot.runtime.current.count_limit == 300
    assert "400" in await ask(bob, "400")  # nothing is asked any more: it is searched for
    assert [entry[0] for entry in await audit(bot)] == [cast.ann.id] * 2


async def test_racing_admins_change_a_setting_once(bot: Container, setup: BotSetup, cast: Cast, tmp_path: Path) -> None:
    """Of many who saw the same value in two processes, exactly one changes it."""
    async with beside(setup, tmp_path) as other:
        editors = [each.serving.editing.settings for each in (bot, other)]
        seen = (await editors[0].look("count_limit")).seen
        races = [editors[n % 2].change(cast.bob.id, "count_limit", 200 + n, seen) for n in range(8)]
        outcomes = await asyncio.gather(*races, return_exceptions=True)

    won = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert len(won) == 1
    assert (await editors[0].look("count_limit")).value == won[0].after
    assert len(await audit(bot)) == 1


async def test_a_change_is_obeyed_by_another_process_within_two_seconds(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, tmp_path: Path
) -> None:
    """Scenario 131: a page has as many files as an admin said to either process, two seconds ago at most."""
    async with setup.process(), beside(setup, tmp_path) as other:
        await post_files(other, bob, cast, [f"Judex {n}.mkv" for n in range(6)])
        await ask(bob, "/bsetting result_page_size 3")
        with Stopwatch() as passed:
            await until(lambda: other.runtime.current.result_page_size == 3)
        assert passed.seconds < 2
        page = await other.searching.search.search(cast.ann.id, "judex")
        assert len(page.files) == 3

        await other.serving.editing.settings.change(cast.bob.id, "result_page_size", "2")
        with Stopwatch() as passed:
            asked_s = 0.0
            while _files(await search(ann, "judex")) != 2:
                assert asked_s < 2
                await other.clock.sleep(0.1)
                asked_s = passed.seconds


def _files(page: Seen) -> int:
    return sum("Judex" in button.text for row in page.buttons for button in row)


async def test_switches_and_choices_are_buttons(bot: Container, bob: Actor) -> None:
    """What has a few values needs no words; a forged value is refused."""
    shown = await turn(bob, await ask_seen(bob, "/bsetting group_search_mode"), "“all”")
    assert "Now: all" in shown.text
    assert bot.runtime.current.group_search_mode == "all"
    shown = await turn(bob, await ask_seen(bob, "/bsetting search_captions"), "Turn off")
    assert not bot.runtime.current.search_captions

    data = (shown.button("Turn on").data or b"").decode()
    for forged in (data.replace(":on", ":7"), data.replace("search_captions", "bot_token"), "sg:x", "sgp:x:1", "sgs:"):
        answer = await bob.press(shown, data=forged)
        assert answer.text, forged
    assert not bot.runtime.current.search_captions


async def test_every_setting_can_be_opened_and_changed(bot: Container, bob: Actor) -> None:
    """Every button of every page fits into 64 bytes and leads somewhere; no page is too long to be sent."""
    found = set()
    menu = await ask_seen(bob, "/bsetting")
    for section in [button.text for row in menu.buttons for button in row]:
        shown = await turn(bob, menu, section)
        while True:
            found |= {button.text.partition(":")[0] for row in shown.buttons for button in row if ":" in button.text}
            if not any("Next" in button.text for row in shown.buttons for button in row):
                break
            shown = await turn(bob, shown, "Next")
        menu = await turn(bob, shown, "Back")
    assert found == RuntimeSettings.names()

    for declared in declared_settings().values():
        shown = await ask_seen(bob, f"/bsetting {declared.name}")
        assert declared.help in shown.text
        by_button = declared.kind in {SettingKind.SWITCH, SettingKind.CHOICE}
        assert any(("Change" in row[0].text) != by_button for row in shown.buttons)
        assert (await turn(bob, shown, "Back")).button(f"{declared.name}:")


async def test_a_question_survives_a_restart_and_can_be_left(setup: BotSetup, bob: Actor, ann: Actor) -> None:
    """The next message is the value, over a restart too, but not after /cancel or another command; nobody else's is."""
    async with setup.running():
        assert "nothing that I wait for" in await ask(bob, "/cancel")
        await turn(bob, await ask_seen(bob, "/bsetting count_limit"), "Change")
        assert "12345" in await ask(ann, "12345")
    async with setup.running() as bot:
        assert "1001 → 200" in await ask(bob, "200")
        await turn(bob, await ask_seen(bob, "/bsetting count_limit"), "Change")
        assert "Cancelled" in await ask(bob, "/cancel")
        assert "300" in await ask(bob, "300")
        asked = await turn(bob, await ask_seen(bob, "/bsetting count_limit"), "Change")
        shown = await turn(bob, asked, "Back")
        assert "400" in await ask(bob, "400")
        await turn(bob, shown, "Change")
        await ask(bob, "/id")
        assert "500" in await ask(bob, "500")
        assert bot.runtime.current.count_limit == 200


async def test_settings_that_contradict_each_other_are_refused(bot: Container, bob: Actor) -> None:
    """Scenario 130: a value that is fine alone and not beside another one is refused, and the other one named."""
    assert "premium_default_days is 30" in await ask(bob, "/bsetting premium_longest_days 29")
    assert "batch_size_medium is 30" in await ask(bob, "/bsetting batch_size_small 31")
    await ask(bob, "/bsetting premium_daily_limit 20")
    assert "premium_daily_limit is 20" in await ask(bob, "/bsetting non_premium_daily_limit 0")
    assert "databases" in await ask(bob, "/bsetting database_preferred 2")
    assert bot.runtime.current == RuntimeSettings(auto_delete_s=0, premium_daily_limit=20)


async def test_nobody_is_locked_out_by_a_limit(bot: Container, bob: Actor, ann: Actor) -> None:
    """Scenario 130: with one action a day for everybody, admins still set it right again."""
    for action in ("callback", "search"):
        await ask(bob, f"/bsetting rate_{action}_burst 1")
        await ask(bob, f"/bsetting rate_{action}_period_s 86400")
    await ask(bob, "/bsetting rate_global_burst 10")
    await ask(bob, "/bsetting rate_global_period_s 3600")
    for _ in range(2):
        refused = await ask(ann, "/help")
    assert "wait 24 hours" in refused
    for _ in range(12):
        shown = await ask_seen(bob, "/bsetting rate_callback_burst")
    await turn(bob, shown, "Change")
    assert "1 → 60" in await ask(bob, "60")


async def test_nobody_is_locked_out_by_a_chat(bot: Container, bob: Actor, ann: Actor, world: World, cast: Cast) -> None:
    """Scenarios 78, 130: a chat that the bot cannot see into is refused; behind one that it sees, admins go on."""
    closed = world.add_channel("Closed", creator=cast.ann.id)
    seen = world.add_channel("Seen", creator=cast.ann.id, admins=[cast.bot.id])
    for bad, words in (
        ("Seen", "ids such as"),
        (str(closed.full_id), "not"),
        ("-1009999999999", "not"),
        (f"{seen.full_id}, {closed.full_id}", "not"),
    ):
        assert words in await ask(bob, f"/bsetting force_subscribe_chats {bad}")
        assert bot.runtime.current.force_subscribe_chats == ""
    await ask(bob, f"/bsetting force_subscribe_chats {seen.full_id}")
    assert bot.runtime.current.force_subscribe_chats == str(seen.full_id)
    assert "Nobody has changed it" in await ask(bob, "/bsetting count_limit")


async def test_secrets_are_out_of_reach(setup: BotSetup, bob: Actor) -> None:
    """Scenario 129: no secret can be looked at, set, or stored within another setting; nor can anybody's rights."""
    secrets = {
        "HTTP_TOKEN": "a-very-long-secret-token",
        "API_HASH": "0123456789abcdef" * 2,
        "DATABASE_URIS": "mongodb://me:Pa55word@127.0.0.1:1/?serverSelectionTimeoutMS=50",
        "DATABASE_NAMES": "other",
    }
    assert not RuntimeSettings.names() & BootstrapSettings.model_fields.keys()
    async with setup.running(**secrets) as bot:
        for name in BootstrapSettings.model_fields:
            assert "no setting" in await ask(bob, f"/bsetting {name}")
            assert "no setting" in await ask(bob, f"/bsetting {name} 1")
        for secret in (*bot.settings.secrets, "Pa55word"):
            assert "secret of mine" in await ask(bob, f"/bsetting caption_template by {secret}")
        stored = str(await bot.pool.find("bot_settings", {})) + str(await bot.pool.find("audit_log", {}))
        texts = "".join(seen.text for seen in bob.received if seen.sender_id == bob.bot_id)
        assert not [secret for secret in (*bot.settings.secrets, "Pa55word") if secret in stored + texts]


async def test_settings_work_in_the_demo(setup: BotSetup, stores: InMemoryStores, bob: Actor) -> None:
    """The in-memory stores exchange values, keep questions and set back; what was spoilt by hand is replaced."""
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await turn(bob, await ask_seen(bob, "/bsetting count_limit"), "Change")
        changed = await ask_seen(bob, "200")
        assert "1001 → 200" in changed.text
        assert "Now: 1001" in (await turn(bob, changed, "Set back")).text
        spoilt = {"$set": {"value": ["abc"], "by": bob.user_id}}
        await bot.pool.update_one("bot_settings", {"_id": "count_limit"}, spoilt, upsert=True)
        shown = await ask_seen(bob, "/bsetting count_limit")
        assert "cannot be used" in shown.text
        await turn(bob, shown, "Set back")
        assert bot.runtime.current.count_limit == 1001


async def test_without_its_stores_a_setting_is_left_as_it_is(
    setup: BotSetup, stores: InMemoryStores, bob: Actor
) -> None:
    """Without Redis nothing is asked, and one command changes; without the database nothing changes at all."""
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        shown = await ask_seen(bob, "/bsetting count_limit")
        stores.redis_down = True
        assert "not working" in ((await bob.press(shown, "Change")).text or "")
        assert "1001 → 200" in await ask(bob, "/bsetting count_limit 200")
        stores.database_down = True
        assert "not working" in await ask(bob, "/bsetting count_limit 300")
        assert bot.runtime.current.count_limit == 200


async def test_no_command_stores_a_secret(setup: BotSetup, ann: Actor, bob: Actor) -> None:
    """Scenario 129: neither does a sentence for readers or a template of captions, nor a variable that seeds one."""
    secret = "a-very-long-secret-token"
    async with setup.running(HTTP_TOKEN=secret, CAPTION_TEMPLATE=f"by {secret}") as bot:
        assert "secret of mine" in await ask(bob, f"/maintenance on use {secret} meanwhile")
        assert "secret of mine" in await ask(bob, f"/caption {{filename}} {secret}")
        assert "worked on" not in await ask(ann, "/start")
        assert bot.runtime.current.caption_template == ""
        stored = str(await bot.pool.find("bot_settings", {})) + str(await bot.pool.find("audit_log", {}))

    assert secret not in stored
