"""Links into the private chat."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from config.runtime import RuntimeSettings
from core.cache import codec, keys
from core.domain.deep_link import FileLink, SearchLink
from core.errors import BadInputError, CacheUnavailableError
from core.services.deep_link import DeepLinkService

TARGETS = [FileLink(1), FileLink(2**53 - 1), SearchLink("moon"), SearchLink("Бригада <b>&"), SearchLink("x" * 4096)]


@pytest.fixture
def runtime():
    return SimpleNamespace(current=RuntimeSettings())


@pytest.fixture
def links(memory_cache, runtime, clock):
    return DeepLinkService(memory_cache, runtime, clock)


@pytest.mark.parametrize("target", TARGETS, ids=repr)
async def test_a_link_leads_where_it_was_issued_for(links, memory_cache, runtime, clock, target):
    """In the process that issued it, in one that has only Redis, and as often as it is opened."""
    payload = await links.issue(target)

    for service in (links, links, DeepLinkService(memory_cache, runtime, clock)):
        assert await service.open(payload) == target


async def test_a_payload_fits_a_link_and_says_nothing(links):
    """Letters, digits, `_` and `-`, at most 64; two links to one file have nothing in common but their kind."""
    one, other = await links.issue_many([FileLink(7), FileLink(7)])

    assert re.fullmatch(r"t[A-Za-z0-9_-]{22}", one)
    assert one != other


async def test_many_links_cost_one_round_trip(links, memory_cache, monkeypatch):
    """Ten results of an inline answer are not ten questions to Redis; no result is none."""
    stored = []

    async def set_many(entries):
        stored.append(len(entries))

    monkeypatch.setattr(memory_cache, "set_many", set_many)
    payloads = await links.issue_many([FileLink(n) for n in range(1, 11)])

    assert await links.issue_many([]) == []
    assert stored == [10]
    assert [await links.open(payload) for payload in payloads] == [FileLink(n) for n in range(1, 11)]


async def test_a_link_ends_with_its_lifetime(links, memory_cache, clock):
    """After an hour it is refused like any other link that is not valid."""
    payload = await links.issue(FileLink(7))
    clock.advance(hours=1)
    await memory_cache.delete(keys.link(payload))  # what Redis does by itself after the same hour

    with pytest.raises(BadInputError, match="error-bad-link"):
        await links.open(payload)


@pytest.mark.parametrize(
    "payload", ["", "t", "help", "t" + "A" * 22, "t" + "A" * 23, "x" + "A" * 22, "t" + "*" * 22, "é"]
)
async def test_anything_else_is_refused(links, payload):
    """What was never issued."""
    with pytest.raises(BadInputError, match="error-bad-link"):
        await links.open(payload)


@pytest.mark.parametrize(
    "payload", ["", "t", "t" + "A" * 21, "t" + "A" * 23, "x" + "A" * 22, "t" + "*" * 22, "t" + "é" * 22]
)
async def test_redis_is_never_asked_for_what_no_link_looks_like(links, memory_cache, payload):
    """A payload names a key only in the form that is issued, whatever is stored under another name."""
    await memory_cache.set(keys.link(payload), codec.encode(["file", 7]))

    with pytest.raises(BadInputError, match="error-bad-link"):
        await links.open(payload)


@pytest.mark.parametrize("stored", [["file", "7"], ["file", True], ["file"], ["batch", 7], {"file": 7}, None, 7])
async def test_a_stored_value_of_another_form_is_refused(links, memory_cache, stored):
    """A value that another version left, or somebody else wrote, opens nothing."""
    payload = "t" + "A" * 22
    await memory_cache.set(keys.link(payload), codec.encode(stored))

    with pytest.raises(BadInputError, match="error-bad-link"):
        await links.open(payload)


async def test_links_of_this_process_outlive_redis(links, stores):
    """While Redis is gone, links are issued and opened in the same process; nobody is told that theirs is wrong."""
    before = await links.issue(FileLink(1))
    stores.redis_down = True
    meanwhile = await links.issue(FileLink(2))

    assert await links.open(before) == FileLink(1)
    assert await links.open(meanwhile) == FileLink(2)
    with pytest.raises(CacheUnavailableError):
        await links.open("t" + "A" * 22)
