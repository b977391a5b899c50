"""What admins see of the cache, and have it forget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.container import Stores
from tests.e2e.admin.talk import ask, audited
from tests.e2e.library import post_files
from tests.e2e.test_main_path import search

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.stores import InMemoryStores
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def test_a_cleanup_forgets_copies_and_nothing_that_a_person_still_needs(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """After `/cache_cleanup` result pages turn and strangers' keys stand; endless keys are given a day."""
    redis = bot.base.cache._client
    await post_files(bot, bob, cast, [f"Judex {n:02}.mkv" for n in range(12)])
    page = await search(ann, "judex")
    await redis.set("ffb:user:1", b"x")
    await redis.set("of-somebody-else", b"x")
    await redis.rpush("ffb:window:old", b"a list where none should be")
    before = set(await redis.keys("ffb:session:*")) | set(await redis.keys("ffb:search-version:*"))
    assert len(before) == 2

    analysis = await ask(bob, "/cache_analyze")
    assert "session: one key, " in analysis
    assert "would never end" in analysis
    assert "refused" not in await ask(bob, "/cache_cleanup window")
    assert await redis.exists("ffb:window:old") == 0
    assert await redis.ttl("ffb:user:1") > 86_000
    answer = await ask(bob, "/cache_cleanup")
    assert "forgotten" in answer
    assert await redis.keys("ffb:user:1") == []

    kept = set(await redis.keys("*"))
    assert before <= kept
    assert b"of-somebody-else" in kept
    await ann.press(page, "›")
    await ann.wait_edit(containing="judex")
    assert [action for _, action in await audited(bot)] == ["cache_cleaned"] * 2


async def test_what_is_not_a_copy_is_refused_and_named(bot: Container, bob: Actor) -> None:
    """Sessions, limits, locks and unknown kinds are not forgotten; the answer says what may be."""
    for kind in ("session", "rate", "interruption", "update", "no-such-kind", "user group", "*"):
        answer = await ask(bob, f"/cache_cleanup {kind}")
        assert answer.startswith("What I may forget is: user, group, ")
    stats = await ask(bob, "/cache_stats")
    assert "of memory" in stats
    assert "was there" in stats
    assert await audited(bot) == []


async def test_a_large_cache_is_looked_at_in_part(bot: Container, bob: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has more keys than one look holds is told that there are more, and the cleanup can be sent again."""
    redis = bot.base.cache._client
    await redis.mset({f"ffb:member:{n}": b"1" for n in range(4_000)})
    monkeypatch.setattr("core.cache.key_walk._MOST_LOOKS", 1)

    assert "There is more than I look at" in await ask(bob, "/cache_analyze")
    assert "send the command again" in await ask(bob, "/cache_cleanup member")
    assert 2_000 < await redis.dbsize() < 4_000


async def test_without_redis_and_on_a_server_that_tells_little(
    setup: BotSetup, bob: Actor, stores: InMemoryStores, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A server without INFO is shown by what it tells; without any the admin is told that it does not answer."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)):
        assert "does not tell" in await ask(bob, "/cache_stats")
        assert "copies are forgotten" in await ask(bob, "/cache_cleanup")
        stores.redis_down = True
        for command in ("/cache_stats", "/cache_analyze", "/cache_cleanup"):
            assert "not working on my side" in await ask(bob, command)
