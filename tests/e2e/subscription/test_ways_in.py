"""The way into a private chat while several ask at once, and while the database is away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.container import Stores
from repositories.runtime_settings import RuntimeSettingsRepository
from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import ask
from tests.e2e.subscription.gate import asked, refused, refused_search
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.seen import Seen
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@pytest.fixture
def secret(world: World, cast: Cast) -> Channel:
    """A channel into which only a link leads."""
    return world.add_channel("Secret", creator=cast.bob.id, admins=[cast.bot.id])


def ways_in(seen: Seen) -> list[str]:
    return [str(button.url) for row in seen.buttons for button in row if button.url]


async def test_of_many_who_ask_at_once_one_has_the_link_made(
    setup: BotSetup, ann: Actor, cleo: Actor, secret: Channel, dc: DataCenter
) -> None:
    """Scenario 98: the list came from the environment, so no link is known; all are shown the only one."""
    mark = dc.recorder.mark()
    held = dc.faults.add(Fault("messages.ExportChatInvite", action="hold"))
    async with setup.running(FORCE_SUBSCRIBE_CHATS=str(secret.full_id)) as bot:
        ann.say("nosferatu")
        cleo.say("nosferatu")
        await held.held()
        await until(lambda: all(asked(dc, mark, person.user_id) for person in (ann, cleo)))
        await bot.clock.sleep(0.2)  # both have gone on to the way in by then
        held.release()

        assert ways_in(await refused(ann)) == ways_in(await refused(cleo))

    assert len(secret.invites) == 1


async def test_an_outage_of_the_database_costs_no_links_and_hides_none(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, secret: Channel
) -> None:
    """Scenario 98: what was known before is shown on, however long it lasts; nothing is made that cannot be kept."""
    own = Stores(stores.mongo_client, stores.redis_client)
    async with setup.running(stores=own, FORCE_SUBSCRIBE_CHATS=str(secret.full_id)) as bot:
        await refused_search(ann, "nosferatu")
        before = ways_in(await refused_search(ann, "nosferatu"))
        bot.subscribing.watch._chats._known.drop(secret.full_id)
        stores.database_down = True

        during = ways_in(await refused_search(ann, "nosferatu"))

    assert before == during
    assert len(secret.invites) == 1


async def test_a_list_that_another_process_changed_meanwhile_keeps_that_change(
    bot: Container, bob: Actor, cast: Cast, world: World, secret: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes, or the list and the settings, are changed at once: neither forgets what the other wrote."""
    public = world.add_channel("News", creator=cast.bob.id, username="news_box", admins=[cast.bot.id])
    other = RuntimeSettingsRepository(bot.pool, bot.clock)
    look = bot.runtime.refresh
    written: list[int] = []

    async def overtaken() -> None:
        await look()
        if not written:
            written.append(secret.full_id)
            await other.put("force_subscribe_chats", str(secret.full_id), cast.bob.id)

    monkeypatch.setattr(bot.runtime, "refresh", overtaken)

    assert "has to be in News" in await ask(bob, "/fsub_add @news_box")

    stored = await other.find("force_subscribe_chats")
    assert str(stored.value) == f"{secret.full_id}, {public.full_id}"
