"""Links into the private chat."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from config.runtime import RuntimeSettings
from core.cache import codec, keys
from core.domain.deep_link import FileLink, SearchLink
from core.errors import BadInputError, CacheUnavailableError, LinkFailuresError
from core.observability.metrics import Metrics
from core.services.deep_link import DeepLinkService
from core.services.link_failures import LinkFailures

ANN, BOB = 7, 8
TARGETS = [FileLink(1), FileLink(2**53 - 1), SearchLink("moon"), SearchLink("Бригада <b>&"), SearchLink("x" * 4096)]


@pytest.fixture
def runtime():
    return SimpleNamespace(current=RuntimeSettings())


@pytest.fixture
def another_process(memory_cache, runtime, clock):
    """Makes services of other processes on the same Redis."""
    return lambda: DeepLinkService(memory_cache, runtime, clock, LinkFailures(memory_cache, runtime, Metrics(), clock))


@pytest.fixture
async def redis(stores):
    """What stands in the Redis in memory."""
    client = stores.redis_client()
    yield client
    await client.aclose()


@pytest.fixture
def links(another_process):
    return another_process()


async def answer(links, payload, person=ANN):
    """What a person is told who opens a link: the key of a refusal, or what it leads to."""
    try:
        return await links.open(payload, person)
    except (BadInputError, LinkFailuresError) as refusal:
        return refusal.text_key


@pytest.mark.parametrize("target", TARGETS, ids=repr)
async def test_a_link_leads_where_it_was_issued_for(links, another_process, target):
    """In the process that issued it, in one that has only Redis, and as often as it is opened."""
    payload = await links.issue(target)

    for service in (links, links, another_process()):
        assert await service.open(payload, ANN) == target


async def test_a_payload_fits_a_link_and_says_nothing(links):
    """Letters, digits, `_` and `-`, at most 64; two links have nothing in common but their kind."""
    one, other = await links.issue_many([FileLink(7), FileLink(8)])

    assert re.fullmatch(r"t[A-Za-z0-9_-]{22}", one)
    assert one != other


async def test_tokens_cannot_be_computed(links, another_process):
    """Scenario 20: a token follows from no number; every process draws its own."""
    assert await links.issue(FileLink(7)) != await another_process().issue(FileLink(7))


async def test_a_file_shown_a_thousand_times_is_one_value(links, redis):
    """What Redis keeps grows with the files that are shown, not with how often they are."""
    for _ in range(100):
        await links.issue_many([FileLink(n) for n in range(1, 11)])

    assert len(await redis.keys("*:link:*")) == 10


async def test_many_links_cost_one_round_trip(links, memory_cache, monkeypatch):
    """Ten results of an inline answer are not ten questions to Redis; no result is none."""
    stored = []

    async def set_many(entries):
        stored.append(len(entries))

    monkeypatch.setattr(memory_cache, "set_many", set_many)
    payloads = await links.issue_many([FileLink(n) for n in range(1, 11)])

    assert await links.issue_many([]) == []
    assert stored == [10]
    assert [await links.open(payload, ANN) for payload in payloads] == [FileLink(n) for n in range(1, 11)]


async def test_a_link_to_a_file_lasts_a_day_and_one_to_a_search_an_hour(links, redis, clock):
    """A posted result works when somebody scrolls back in the evening; the time begins anew when it is posted again."""
    file, search = await links.issue_many([FileLink(7), SearchLink("moon")])
    life_s = [round(await redis.pttl(keys.link(payload).name) / 1000) for payload in (file, search)]

    clock.advance(hours=23)
    again = await links.issue(FileLink(7))
    clock.advance(hours=23)

    assert life_s == [86_400, 3600]
    assert again == file
    assert await links.open(file, ANN) == FileLink(7)


async def test_a_link_ends_with_its_lifetime(links, memory_cache, runtime, clock):
    """After its time it is refused like any other link that is not valid."""
    runtime.current = RuntimeSettings(deep_link_lifetime_s=3600)
    payload = await links.issue(FileLink(7))
    clock.advance(hours=1)
    await memory_cache.delete(keys.link(payload))  # what Redis does by itself after the same hour

    assert await answer(links, payload) == "error-bad-link"


@pytest.mark.parametrize(
    "payload", ["", "t", "help", "t" + "A" * 22, "t" + "A" * 23, "x" + "A" * 22, "t" + "*" * 22, "é"]
)
async def test_anything_else_is_refused(links, payload):
    """What was never issued."""
    assert await answer(links, payload) == "error-bad-link"


@pytest.mark.parametrize(
    "payload", ["", "t", "t" + "A" * 21, "t" + "A" * 23, "x" + "A" * 22, "t" + "*" * 22, "t" + "é" * 22]
)
async def test_redis_is_never_asked_for_what_no_link_looks_like(links, memory_cache, payload):
    """A payload names a key only in the form that is issued, whatever is stored under another name."""
    await memory_cache.set(keys.link(payload), codec.encode(["file", 7]))

    assert await answer(links, payload) == "error-bad-link"


@pytest.mark.parametrize("stored", [["file", "7"], ["file", True], ["file"], ["batch", 7], {"file": 7}, None, 7])
async def test_a_stored_value_of_another_form_is_refused(links, memory_cache, stored):
    """A value that another version left, or somebody else wrote, opens nothing."""
    payload = "t" + "A" * 22
    await memory_cache.set(keys.link(payload), codec.encode(stored))

    assert await answer(links, payload) == "error-bad-link"


async def test_links_of_this_process_outlive_redis(links, stores):
    """While Redis is gone, links are issued and opened in the same process; nobody is told that theirs is wrong."""
    before = await links.issue(FileLink(1))
    stores.redis_down = True
    meanwhile = await links.issue(FileLink(2))

    assert await links.open(before, ANN) == FileLink(1)
    assert await links.open(meanwhile, ANN) == FileLink(2)
    with pytest.raises(CacheUnavailableError):
        await links.open("t" + "A" * 22, ANN)


FOREIGN = [family.prefix for family in keys.KEY_FAMILIES if family is not keys.LINK]


@pytest.mark.parametrize(
    "payload", ["0123456789abcdef", "t" + "A" * 22, "sendall_moon", "checksub#dl#user:7", "user:7"]
)
async def test_values_of_other_kinds_are_never_read(links, memory_cache, monkeypatch, payload):
    """Scenario 21: whatever is asked for, a link is looked up among links, and what stands elsewhere stays unread."""
    for prefix in FOREIGN:
        await memory_cache.set(keys.Key(f"ffb:{prefix}:{payload}", 60), codec.encode(["file", 7]))
    asked = []
    get_strict = memory_cache.get_strict

    async def spy(key):
        asked.append(key.name)
        return await get_strict(key)

    monkeypatch.setattr(memory_cache, "get_strict", spy)

    assert await answer(links, payload) == "error-bad-link"
    assert all(name.startswith("ffb:link:t") for name in asked)


@pytest.mark.parametrize("redis_down", [False, True])
async def test_after_ten_wrong_links_a_person_waits(links, stores, clock, redis_down):
    """Scenario 20: then right links are refused too, or the refusal would say that a guess was right."""
    right = await links.issue(FileLink(7))
    stores.redis_down = redis_down
    malformed = [f"wrong{n}" for n in range(10)]

    assert [await answer(links, wrong) for wrong in malformed] == ["error-bad-link"] * 10
    assert await answer(links, "wrong") == await answer(links, right) == "error-link-failures"
    assert await answer(links, right, BOB) == FileLink(7)


async def test_the_wait_is_told_once_and_ends(links, stores, clock):
    """One mistake is forgiven every minute; who goes on guessing meanwhile is not answered each time."""
    right = await links.issue(FileLink(7))
    stores.redis_down = True  # the clock of the Redis in memory is not the test's
    for _ in range(10):
        await answer(links, "wrong")
    with pytest.raises(LinkFailuresError) as first:
        await links.open("wrong", ANN)
    with pytest.raises(LinkFailuresError) as second:
        await links.open("wrong", ANN)

    assert (first.value.first_in_window, second.value.first_in_window) == (True, False)
    assert first.value.retry_after_s == 60
    clock.advance(seconds=60)
    assert await answer(links, right) == FileLink(7)
    assert [await answer(links, "wrong") for _ in range(2)] == ["error-bad-link", "error-link-failures"]


async def test_right_links_cost_nothing(links):
    """Who opens links that work is not limited here, however many."""
    payload = await links.issue(FileLink(7))

    assert {await answer(links, payload) for _ in range(50)} == {FileLink(7)}
    assert [await answer(links, "wrong") for _ in range(11)] == ["error-bad-link"] * 10 + ["error-link-failures"]


async def test_an_outage_is_no_mistake(links, stores):
    """A link that cannot be looked up now is not counted against whoever opened it."""
    stores.redis_down = True
    for _ in range(20):
        with pytest.raises(CacheUnavailableError):
            await links.open("t" + "A" * 22, ANN)
    assert await answer(links, "wrong") == "error-bad-link"
