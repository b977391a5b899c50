"""Who counts as being in a channel, and how soon a change of that counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from core.container import Stores
from core.domain.subscription import Membership
from sandbox.datacenter.faults import Fault
from sandbox.world.chats import Role
from tests.e2e.library import post_files
from tests.e2e.subscription.gate import again, asked, knows, refused, refused_search, until
from tests.e2e.test_main_path import search
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.owner import Owner
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from sandbox.world.chats import Channel
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_burst_asks_telegram_once(
    gated: Container, ann: Actor, bob: Actor, cleo: Actor, cast: Cast, news: Channel, dc: DataCenter
) -> None:
    """Scenario 101: twenty presses, and fifty questions at once while the first is on its way, are one question."""
    await post_files(gated, bob, cast, [f"Fantomas.{number}.mkv" for number in range(12)])
    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")
    page = await search(ann, "fantomas")
    memberships, mark = gated.subscribing.memberships, dc.recorder.mark()
    memberships._known.drop((news.full_id, cast.ann.id))

    await asyncio.gather(*(ann.press(page, "1 / 2") for _ in range(20)))
    assert asked(dc, mark, cast.ann.id) == 1

    held = dc.faults.add(Fault("channels.GetParticipant", action="hold", times=None))
    mark = dc.recorder.mark()
    questions = asyncio.gather(*(memberships.of(cleo.user_id, [news.full_id]) for _ in range(50)))
    await held.held()
    held.release()
    assert await questions == [{news.full_id: Membership.ABSENT}] * 50
    assert asked(dc, mark, cleo.user_id) == 1


async def test_leaving_and_joining_count_within_a_second_and_cost_no_question(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel, dc: DataCenter
) -> None:
    """Scenario 101: what is remembered is put right by the update, both ways, and in Redis."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")
    gated.subscribing.memberships._known.drop((news.full_id, cast.ann.id))
    await search(ann, "nosferatu")  # asks, and leaves the answer in Redis
    mark = dc.recorder.mark()

    with Stopwatch() as passed:
        ann.leave(news.id)
        await knows(gated, news.full_id, cast.ann.id, "a")
    assert passed.seconds < 1
    await refused_search(ann, "nosferatu")
    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")
    await search(ann, "nosferatu")
    ann.leave(news.id)
    await knows(gated, news.full_id, cast.ann.id, "a")

    assert asked(dc, mark, cast.ann.id) == 0
    gated.subscribing.memberships._known.drop((news.full_id, cast.ann.id))  # as in another process
    await refused_search(ann, "nosferatu")


async def test_an_answer_from_before_a_change_is_not_remembered(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel, dc: DataCenter
) -> None:
    """Scenario 101: somebody who leaves while Telegram is still answering that they are in is out."""
    memberships, place = gated.subscribing.memberships, (news.full_id, cast.ann.id)
    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")
    memberships._known.drop(place)
    late = dc.faults.add(Fault("channels.GetParticipant", action="hold"))
    asking = asyncio.ensure_future(memberships.of(cast.ann.id, [news.full_id]))
    await late.held()

    await memberships.changed(*place, is_member=False)  # the update overtakes the answer
    late.release()
    assert await asking == {news.full_id: Membership.MEMBER}

    assert await memberships.of(cast.ann.id, [news.full_id]) == {news.full_id: Membership.ABSENT}


async def test_try_again_asks_anew_when_no_update_came(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: who says that they have joined is believed by Telegram's answer, not by what is remembered."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    refusal = await refused_search(ann, "nosferatu")
    news.members[cast.ann.id] = replace(news.members[cast.bot.id], role=Role.MEMBER, rights=None)  # unannounced
    gated.subscribing.memberships._just_asked.drop((news.full_id, cast.ann.id))
    await refused_search(ann, "nosferatu")

    await again(ann, refusal)

    await ann.wait_message(containing="nosferatu")


async def test_who_may_only_read_is_in_and_who_is_banned_is_not(
    setup: BotSetup, ann: Actor, cleo: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """Scenario 99: a muted member of a required group is served, a banned one is asked to join."""
    club = world.add_group("Club", creator=cast.bob.id, username="film_club_2", admins=[cast.bot.id])
    for actor in (ann, cleo):
        actor.join(club.id)
    world.membership.mute(club, cast.ann.id, actor_id=cast.bob.id)
    world.membership.kick(club, cleo.user_id, actor_id=cast.bob.id)
    async with setup.running(FORCE_SUBSCRIBE_CHATS=str(club.full_id)) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])

        await search(ann, "nosferatu")
        await refused_search(cleo, "nosferatu")

        world.membership.mute(club, cast.ann.id, actor_id=cast.bob.id)  # told of it live as well
        await knows(bot, club.full_id, cast.ann.id, "m")


async def test_who_waits_to_be_let_in_counts(
    setup: BotSetup, ann: Actor, bob: Actor, owner: Owner, cast: Cast, world: World
) -> None:
    """Scenario 100: a request made while the bot was down counts, one made now too; not with the setting off."""
    secret = world.add_channel("Secret", creator=cast.bob.id, admins=[cast.bot.id])
    link = owner.invite_link(secret.id, needs_approval=True)
    changes = {"FORCE_SUBSCRIBE_CHATS": str(secret.full_id)}
    async with setup.running(**changes) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        refusal = await refused_search(ann, "nosferatu")
    assert refusal.button("Join Secret").url in {invite.link for invite in secret.invites.values()}
    assert ann.follow_link(link) is False

    async with setup.running(**changes) as bot:
        await until(bot, lambda: _is_stored(bot, secret, cast))
        await again(ann, refusal)
        await ann.wait_message(containing="nosferatu")

        await bot.runtime.change("force_subscribe_join_requests", False, cast.bob.id)
        await refused_search(ann, "nosferatu")
        await bot.runtime.change("force_subscribe_join_requests", True, cast.bob.id)
        await search(ann, "nosferatu")

        owner.decide_request(secret.id, cast.ann.id, approved=True)
        await knows(bot, secret.full_id, cast.ann.id, "m")
        await until(bot, lambda: _none_is_stored(bot))
        ann.leave(secret.id)
        await knows(bot, secret.full_id, cast.ann.id, "a")
        await refused_search(ann, "nosferatu")


async def test_an_old_request_counts_no_more(
    setup: BotSetup, ann: Actor, bob: Actor, owner: Owner, cast: Cast, world: World
) -> None:
    """Scenario 100: Telegram does not tell of a request that was declined, so it ends by its age."""
    secret = world.add_channel("Secret", creator=cast.bob.id, admins=[cast.bot.id])
    async with setup.running(FORCE_SUBSCRIBE_CHATS=str(secret.full_id), FORCE_SUBSCRIBE_REQUEST_H="1") as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        ann.follow_link(owner.invite_link(secret.id, needs_approval=True))
        await until(bot, lambda: _is_stored(bot, secret, cast))
        await search(ann, "nosferatu")
        owner.decide_request(secret.id, cast.ann.id, approved=False)
        old = {"$set": {"at": bot.clock.utc_now() - timedelta(minutes=61)}}
        await bot.pool.update_many("join_requests", {}, old, idempotent=True)
        await bot.subscribing.memberships._correct((secret.full_id, cast.ann.id), None)

        await refused_search(ann, "nosferatu")


async def test_without_redis_it_stays_exact(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast, news: Channel, dc: DataCenter
) -> None:
    """Scenarios 101, 111: a join and a departure while Redis is gone count at once, without a question for each."""
    own = Stores(stores.mongo_client, stores.redis_client)
    async with setup.running(stores=own, FORCE_SUBSCRIBE_CHATS=str(news.full_id)) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        ann.join(news.id)
        await search(ann, "nosferatu")
        stores.redis_down = True

        mark = dc.recorder.mark()
        for _ in range(3):
            await search(ann, "nosferatu")
        assert asked(dc, mark, cast.ann.id) <= 1
        ann.leave(news.id)
        await knows(bot, news.full_id, cast.ann.id, "a")
        refusal = await refused_search(ann, "nosferatu")
        stores.redis_down = False
        ann.join(news.id)
        await again(ann, refusal)
        await ann.wait_message(containing="nosferatu")


async def test_people_who_need_not_join(
    gated: Container, ann: Actor, bob: Actor, cleo: Actor, cast: Cast, news: Channel
) -> None:
    """Admins and whoever has a role, greeting and help, and people with premium where a setting says so."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    owner_is_in = news.is_member(cast.bob.id)
    assert owner_is_in
    bob.leave(news.id)
    await search(bob, "nosferatu")
    for words, answer in {"/start": "Ann", "/help": "How to search", "/search_help": "type:"}.items():
        ann.say(words)
        await ann.wait_message(containing=answer)
    ann.start("help")
    await ann.wait_message(containing="How to search")

    await gated.users.set_premium(cast.ann.id, gated.clock.utc_now() + timedelta(days=1))
    await refused_search(ann, "nosferatu")
    await gated.runtime.change("force_subscribe_premium_exempt", True, cast.bob.id)
    await search(ann, "nosferatu")
    cleo.say("nosferatu")
    await refused(cleo)


async def test_what_is_refused_counts_against_the_limit(setup: BotSetup, ann: Actor, cast: Cast, news: Channel) -> None:
    """Who has not joined and goes on asking is told to wait, not answered for ever."""
    async with setup.running(FORCE_SUBSCRIBE_CHATS=str(news.full_id), RATE_SEARCH_BURST="2"):
        for _ in range(2):
            await refused_search(ann, "nosferatu")

        ann.say("nosferatu")

        assert "second" in (await ann.wait_message(lambda seen: seen.sender_id == cast.bot.id)).text


async def test_orders_of_admins_never_pass_the_gate_later(
    gated: Container, ann: Actor, cast: Cast, news: Channel
) -> None:
    """A reader's /fsub_remove is refused for want of the role, subscribed or not: no token carries it past that."""
    ann.say(f"/fsub_remove {news.full_id}")

    refusal = await ann.wait_message(lambda seen: seen.sender_id == cast.bot.id)

    assert "for the admins" in refusal.text
    assert refusal.buttons == ()


async def _none_is_stored(bot: Container) -> bool:
    return await bot.pool.count("join_requests", {}) == 0


async def _is_stored(bot: Container, chat: Channel, cast: Cast) -> bool:
    return await bot.pool.count("join_requests", {"_id": f"{chat.full_id}:{cast.ann.id}"}) == 1
