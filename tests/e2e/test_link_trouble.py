"""Links that lead nowhere: forged, guessed, of another kind or of somebody else; and links that outlive their bot."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest

from core.container import Stores
from tests.e2e.library import post_files
from tests.e2e.test_deep_links import BAD_LINK, charged, file_link

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

WAIT = "Too many links"


async def refused(person: Actor, payload: str) -> str:
    """What a person is told who starts the bot with a payload that no app would make, and nothing else comes."""
    person.say(f"/start {payload}")
    return (await person.wait_message(lambda seen: seen.document is None)).text


def legacy(text: str) -> str:
    """A payload as other bots make them."""
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


async def test_forged_links_get_one_answer_and_nothing_else(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenarios 18, 19 and 21: whatever is wrong with a link, the sentence is the same, and no file is sent."""
    forged = (
        "sendall_nosferatu",
        "checksub#dl#anything",
        legacy(f"DSTORE-1_10000000_{cast.channel.full_id}_batch"),
        legacy("file_BQADBAADBgADJ5cGUkfS1"),
        "t" + "A" * 22,
        "t" + "A" * 23,
        "x" * 300,
        "user:1 session:2",
        "../../etc",
        "ссылка",
        "help2",
    )
    async with setup.running(LINK_FAILURES_BURST="100") as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        before = dc.recorder.mark()

        answers = {await refused(ann, payload) for payload in forged}

        assert len(answers) == 1
        assert answers.pop().startswith(BAD_LINK)
        assert "messages.SendMedia" not in {call.name for call in dc.recorder.since(before)}
        assert await charged(bot, cast.ann.id) == 0


async def test_what_another_person_has_open_is_no_link(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 22: neither the session of somebody's page nor what its buttons carry opens anything."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv", "Nosferatu.1979.mkv"])
    bob.say("nosferatu")
    page = await bob.wait_message(lambda seen: bool(seen.buttons))
    carried = {part for row in page.buttons for button in row for part in (button.data or b"").decode().split(":")}
    session_ids = {part for part in carried if len(part) == 16}
    assert session_ids

    for payload in session_ids | {f"sendall_{session_id}" for session_id in session_ids}:
        assert (await refused(ann, payload)).startswith(BAD_LINK)


@pytest.mark.parametrize("redis_down", [False, True])
async def test_who_guesses_waits_and_nobody_else(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast, *, redis_down: bool
) -> None:
    """Scenario 20: after three wrong links even the right one is not opened, and other people notice nothing."""
    memory = Stores(stores.mongo_client, stores.redis_client)
    async with setup.running(stores=memory, LINK_FAILURES_BURST="3") as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        right = await file_link(bot)
        stores.redis_down = redis_down
        for guess in ("one", "two", "three"):
            assert (await refused(ann, guess)).startswith(BAD_LINK)

        await ann.open_link(right)
        assert WAIT in (await ann.wait_message()).text
        await ann.open_link(right)  # told once; this one is passed over in silence
        await bob.open_link(right)
        await bob.wait_message(lambda seen: seen.document is not None)
        ann.say("/help")

        assert "How to search" in (await ann.wait_message()).text
        assert await charged(bot, cast.ann.id) == 0


async def test_a_posted_result_works_after_a_restart(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """A result of inline mode stays in the group; whoever taps it later gets the file from the next process as well."""
    memory = Stores(stores.mongo_client, stores.redis_client)
    async with setup.running(stores=memory) as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])
        (result,) = (await ann.inline("nosferatu", chat=cast.group.full_id)).results
        await ann.choose(result, cast.group.full_id)

    async with setup.running(stores=memory) as bot:
        await bob.open_link(result.button("Get the file").url or "")
        await bob.wait_message(lambda seen: seen.document is not None)

        assert await charged(bot, cast.bob.id) == 1
        assert await charged(bot, cast.ann.id) == 0
