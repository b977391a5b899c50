"""When nobody can say who is in a channel: the policy decides, admins learn it once, /health as long as it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import ask
from tests.e2e.bots import get_json
from tests.e2e.library import post_files
from tests.e2e.subscription.gate import again, asked, knows, refused, refused_search, until
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.owner import Owner
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

UNKNOWN_CHAT = -1009999999999


async def failed_parts(bot: Container) -> list[str]:
    """What `/health` says is wrong."""
    _, body = await get_json(f"{bot.operations.sidecar.url}/health")
    return list(body["degraded"])  # type: ignore[call-overload]


async def health_names_it(bot: Container, *, named: bool) -> None:
    """Return when `/health` says, or does not say any more, that subscriptions are not checked."""

    async def as_wanted() -> bool:
        return ("subscription" in bot.operations.health.health().failed) is named

    await until(bot, as_wanted)
    assert ("subscription" in await failed_parts(bot)) is named


async def test_lost_rights_refuse_everybody_and_are_told_once(
    gated: Container, ann: Actor, bob: Actor, cleo: Actor, owner: Owner, cast: Cast, news: Channel
) -> None:
    """Scenario 98: the bot is no admin any more; with its rights back everything works as before, at once."""
    bob.say("/start")
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")

    owner.set_bot_rights(news.id, admin=False)
    told = await bob.wait_message(containing="I cannot see who is in News")
    assert "Readers are refused" in told.text
    await health_names_it(gated, named=True)
    gated.subscribing.memberships._known.drop((news.full_id, cast.ann.id))
    await gated.base.cache.delete(f"ffb:member:{news.full_id}:{cast.ann.id}")
    refusal = await refused_search(ann, "nosferatu")
    assert "cannot see at the moment" in refusal.text
    cleo.say("nosferatu")
    await refused(cleo)
    assert "still cannot see" in str((await again(ann, refusal)).text)
    assert "❌ Readers have to be in News" in await ask(bob, "/verify")
    assert not [seen for seen in bob.received if "I cannot see who is in" in seen.text and seen is not told]

    owner.set_bot_rights(news.id, admin=True)
    await bob.wait_message(containing="I see again who is in News")
    await again(ann, refusal)
    await ann.wait_message(containing="nosferatu")
    await health_names_it(gated, named=False)
    await refused_search(cleo, "nosferatu")


@pytest.mark.parametrize("policy", ["deny", "allow"])
async def test_a_bad_id_does_what_the_policy_says(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, dc: DataCenter, policy: str
) -> None:
    """Scenario 98: whatever Telegram's error says, everybody is refused, or everybody served; asked once in a while."""
    bob.say("/start")
    changes = {"FORCE_SUBSCRIBE_CHATS": str(UNKNOWN_CHAT), "FORCE_SUBSCRIBE_POLICY": policy}
    async with setup.running(**changes) as bot:
        await bob.wait_message(containing="I cannot see who is in")
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        mark = dc.recorder.mark()

        for _ in range(5):
            if policy == "deny":
                assert str(UNKNOWN_CHAT) in (await refused_search(ann, "nosferatu")).text
            else:
                await search(ann, "nosferatu")

        assert asked(dc, mark, cast.ann.id) <= 3  # once in three seconds
        await health_names_it(bot, named=True)


@pytest.mark.parametrize("error", ["CHANNEL_PRIVATE", "CHAT_ADMIN_REQUIRED", "CHANNEL_INVALID", "SOMETHING_NEW"])
async def test_every_refusal_of_telegram_is_one_case(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel, dc: DataCenter, error: str
) -> None:
    """Scenario 98: which error it is makes no difference."""
    dc.faults.add(Fault("channels.GetParticipant", (400, error), times=None))

    assert "cannot see at the moment" in (await refused_search(ann, "nosferatu")).text
    await gated.runtime.change("force_subscribe_policy", "allow", cast.bob.id)
    ann.say("nosferatu")
    await ann.wait_message(containing="Nothing")


async def test_a_chat_that_telegram_puts_off_is_not_asked_about(
    gated: Container, ann: Actor, cleo: Actor, bob: Actor, cast: Cast, news: Channel, dc: DataCenter
) -> None:
    """Scenario 101: during a flood wait nobody is asked for, and no admin is bothered with it."""
    dc.faults.add(Fault("channels.GetParticipant", (420, "FLOOD_WAIT_30"), times=None))
    await refused_search(ann, "nosferatu")
    mark = dc.recorder.mark()

    await refused_search(ann, "nosferatu")
    await refused_search(cleo, "nosferatu")

    assert asked(dc, mark, cast.ann.id) + asked(dc, mark, cleo.user_id) == 0
    assert "subscription" not in await failed_parts(gated)


async def test_a_slow_telegram_is_waited_for_a_moment_only(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel, dc: DataCenter
) -> None:
    """Scenario 98: the policy decides when no answer comes; the late one is there for the next press."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    memberships = gated.subscribing.memberships
    usual_s, memberships._patience_s = memberships._patience_s, 0.2
    slow = dc.faults.add(Fault("channels.GetParticipant", action="hold", times=None))

    refusal = await refused_search(ann, "nosferatu")
    assert "cannot see at the moment" in refusal.text
    assert not [seen for seen in bob.received if "I cannot see who is in" in seen.text]
    ann.join(news.id)
    slow.release()
    dc.faults.lift(slow)
    memberships._patience_s = usual_s
    await again(ann, refusal)

    await ann.wait_message(containing="nosferatu")


async def test_nothing_is_asked_while_nothing_is_required(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, dc: DataCenter, world: World
) -> None:
    """The list is empty to begin with: nobody is asked for, and `/health` is well."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
    mark = dc.recorder.mark()

    await search(ann, "nosferatu")

    assert asked(dc, mark, cast.ann.id) == 0
    assert "subscription" not in await failed_parts(bot)
