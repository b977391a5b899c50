"""Whoever has to join a channel first goes on with exactly what they wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.deep_link import FileLink
from sandbox.datacenter.faults import Fault
from tests.e2e.library import post_files
from tests.e2e.subscription.gate import again, delivered, knows, refused, refused_search
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world.chats import Channel
    from tests.e2e.conftest import Cast

FILMS = [f"Les.Vampires.{number:02}.mkv" for number in range(1, 13)]


async def test_a_search_goes_on_after_joining_and_is_given_once(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: the page comes at the first "Try again" behind the join; the second says that it came already."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    refusal = await refused_search(ann, "nosferatu")
    assert "News" in refusal.text
    assert refusal.button("Join News").url == "https://t.me/news_box"

    too_early = await ann.expect_nothing_until(again(ann, refusal))
    assert too_early.alert
    assert "not in News yet" in str(too_early.text)

    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")
    await again(ann, refusal)
    page = await ann.wait_message(containing="nosferatu")
    assert file_labels(page)

    second = await ann.expect_nothing_until(again(ann, refusal))
    assert second.alert
    assert "already" in str(second.text)


async def test_a_link_goes_on_after_joining(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: the file that a link leads to is delivered, once, and its slot is charged once."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    [media] = await gated.pool.find("media_files", {})
    payload = await gated.searching.links.issue(FileLink(media["_id"]))
    ann.start(payload)
    refusal = await refused(ann)

    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")
    await again(ann, refusal)

    assert (await delivered(ann)).document is not None
    await ann.expect_nothing_until(again(ann, refusal))
    user = await gated.users.get_user(cast.ann.id)
    assert user is not None
    assert (await gated.searching.quota.status(user)).charged == 1


async def test_presses_go_on_where_they_were_made(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28: a page that is turned, a file, and all files of a page, each pressed while the reader had left."""
    await post_files(gated, bob, cast, FILMS)
    ann.join(news.id)
    page = await search(ann, "vampires")

    ann.leave(news.id)
    await knows(gated, news.full_id, cast.ann.id, "a")
    assert "my message" in str((await ann.press(page, "›")).text)
    refusal = await refused(ann)
    ann.join(news.id)
    await again(ann, refusal)
    turned = await ann.wait_edit(of=page, containing="11–12 of 12")

    ann.leave(news.id)
    await knows(gated, news.full_id, cast.ann.id, "a")
    await ann.press(turned, file_labels(turned)[0])
    refusal = await refused(ann)
    ann.join(news.id)
    await again(ann, refusal)
    assert (await delivered(ann)).document is not None

    ann.leave(news.id)
    await knows(gated, news.full_id, cast.ann.id, "a")
    await ann.press(turned, "Send all")
    refusal = await refused(ann)
    ann.join(news.id)
    await again(ann, refusal)
    assert [(await delivered(ann)).text for _ in range(2)]


async def test_nothing_is_used_up_by_a_delivery_that_fails(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel, dc: DataCenter
) -> None:
    """Scenario 28: a token is consumed only after the delivery."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    ann.join(news.id)
    page = await search(ann, "nosferatu")
    ann.leave(news.id)
    await knows(gated, news.full_id, cast.ann.id, "a")
    await ann.press(page, file_labels(page)[0])
    refusal = await refused(ann)
    ann.join(news.id)
    fault = dc.faults.add(Fault("messages.SendMedia", (420, "FLOOD_WAIT_600"), times=None))

    failed = await again(ann, refusal)
    assert "already" not in str(failed.text)
    assert not ann.files()
    dc.faults.lift(fault)

    await again(ann, refusal)
    assert (await delivered(ann)).document is not None


async def test_what_was_interrupted_belongs_to_its_person(
    gated: Container, ann: Actor, cleo: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """A token that somebody else sends, by button or by link, gives them nothing; a forged one neither."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])
    refusal = await refused_search(ann, "nosferatu")
    own = await refused_search(cleo, "faust")
    data = refusal.button("Try again").data
    assert data is not None
    cleo.join(news.id)

    assert "somebody else" in str((await cleo.press(own, data=data)).text)
    assert "too old" in str((await cleo.press(own, data=b"ta:sAAAAAAAAAAAAAAAAAAAAAA")).text)
    assert "too old" in str((await cleo.press(own, data=b"ta:AAA")).text)
    cleo.start(data.partition(b":")[2].decode())
    assert "somebody else" in (await cleo.wait_message()).text


async def test_inline_opens_the_private_chat_and_searches_there(
    gated: Container, ann: Actor, bob: Actor, cast: Cast, news: Channel
) -> None:
    """Scenario 28, inline: the line above names the channel; the private chat asks to join, and then finds."""
    await post_files(gated, bob, cast, ["Nosferatu.1922.mkv"])

    shown = await ann.inline("nosferatu | document")
    assert shown.titles == []
    assert shown.cache_time_s == 0
    assert shown.switch_pm is not None
    assert "Join News" in shown.switch_pm.text
    ann.start(shown.switch_pm.start_param)
    refusal = await refused(ann)
    ann.join(news.id)
    await knows(gated, news.full_id, cast.ann.id, "m")
    assert (await ann.inline("nosferatu")).titles == ["Nosferatu.1922.mkv"]

    await again(ann, refusal)

    assert file_labels(await ann.wait_message(containing="nosferatu"))
