"""Lists of texts that people are offered to search for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from config.runtime import RuntimeSettings
from core.cache import keys
from core.errors import BadInputError, ExpiredError, NotYoursError
from core.search.dictionary import Dictionary
from core.services.search_query import KnownWords
from core.services.suggestions import SuggestionLists, SuggestionService

TEXTS = ("moon voyage", "луна <b>", "x" * 200)


@pytest.fixture
def runtime():
    return SimpleNamespace(current=RuntimeSettings())


@pytest.fixture
def lists(memory_cache, runtime, clock):
    return SuggestionLists(memory_cache, runtime, clock)


async def test_a_list_gives_back_its_texts_by_number(lists, memory_cache, runtime, clock):
    """Every text comes back unchanged, in another process as well."""
    list_id = await lists.save(42, TEXTS)

    for keeper in (lists, SuggestionLists(memory_cache, runtime, clock)):
        assert [await keeper.open(list_id, 42, number) for number in (1, 2, 3)] == list(TEXTS)


async def test_a_list_belongs_to_whom_it_was_offered(lists, memory_cache, runtime, clock):
    """Scenario 31: another person's press is refused, from memory and from Redis."""
    list_id = await lists.save(42, TEXTS)

    for keeper in (lists, SuggestionLists(memory_cache, runtime, clock)):
        with pytest.raises(NotYoursError):
            await keeper.open(list_id, 43, 1)


@pytest.mark.parametrize("number", [0, -1, 4, 2**62])
async def test_a_forged_number_is_refused(lists, number):
    """Scenario 32: a text that was never offered cannot be pressed."""
    list_id = await lists.save(42, TEXTS)

    with pytest.raises(BadInputError, match="error-bad-button"):
        await lists.open(list_id, 42, number)


async def test_a_list_is_kept_as_long_as_a_result_page(lists, memory_cache, runtime, clock):
    """After the lifetime of a session the press says that it has expired."""
    runtime.current = RuntimeSettings(search_session_lifetime_s=60)
    list_id = await lists.save(42, TEXTS)
    clock.advance(seconds=59)
    assert await lists.open(list_id, 42, 1) == "moon voyage"

    clock.advance(seconds=1)
    await memory_cache.delete(keys.suggestions(list_id))  # what Redis does by itself after the same minute
    with pytest.raises(ExpiredError):
        await lists.open(list_id, 42, 1)


async def test_a_list_is_opened_while_redis_is_gone(lists, stores, memory_cache, runtime, clock):
    """The process that offered it remembers; any other one says that it has expired."""
    stores.redis_down = True
    list_id = await lists.save(42, TEXTS)

    assert await lists.open(list_id, 42, 1) == "moon voyage"
    with pytest.raises(ExpiredError):
        await SuggestionLists(memory_cache, runtime, clock).open(list_id, 42, 1)


@pytest.mark.parametrize("forged", ["", "0", "g" * 16, "0" * 17, "../../etc/passwd", "0" * 16, "А" * 16])
async def test_a_forged_id_has_expired(lists, memory_cache, forged):
    """Scenario 33: no text from a button becomes a key, even where something is stored under it."""
    stored = await memory_cache.get(keys.suggestions(await lists.save(42, TEXTS)))
    if forged != "0" * 16:
        await memory_cache.set(keys.suggestions(forged), stored)

    with pytest.raises(ExpiredError):
        await lists.open(forged, 42, 1)


@pytest.mark.parametrize(
    "junk", [b"", b"\xff\xfe", b"1:{}", b"1:[1]", b"99:[42]", b'1:["a",[]]', b"1:[42,[7]]", b"1:[42,7]"]
)
async def test_junk_in_redis_is_an_expired_list(lists, memory_cache, junk):
    """Scenario 117: a value of another version or half a value is no list, and no error."""
    await memory_cache.set(keys.suggestions("ab" * 8), junk)

    with pytest.raises(ExpiredError):
        await lists.open("ab" * 8, 42, 1)


@pytest.fixture
def dictionary():
    known = Dictionary()
    known.add(
        {f"moon{letter}": files for files, letter in enumerate("abcdefghij", start=1)} | {"voyage": 3, "voyager": 1}
    )
    return known


async def test_endings_are_offered_and_kept(lists, runtime, dictionary):
    """The texts that are shown are those a press finds, best first, eight at most."""
    suggestions = await SuggestionService(KnownWords(dictionary), lists, runtime).suggest(42, "Voyage  MOO")

    assert suggestions.texts[:2] == ("Voyage moonj", "Voyage mooni")
    assert len(suggestions.texts) == 8
    assert await lists.open(suggestions.list_id, 42, 8) == suggestions.texts[7]


async def test_filters_stay_behind_each_text(lists, runtime, dictionary):
    """What was asked for by name is asked for by every suggestion, in canonical form."""
    service = SuggestionService(KnownWords(dictionary), lists, runtime)
    suggestions = await service.suggest(42, "type: film voy year:1902")

    assert suggestions.texts == ("voyage type:video year:1902", "voyager type:video year:1902")


@pytest.mark.parametrize(
    ("begun", "is_loaded", "key"),
    [
        ("voy", False, "suggest-not-ready"),
        ("qqq", True, "suggest-nothing"),
        ("type:video", True, "suggest-nothing"),
        ("voy type:foo", True, "filter-bad-type"),
        ("v", True, "search-too-short"),
        ("...", True, "search-no-words"),
        ("\u200b\u202e", True, "search-too-short"),
    ],
)
async def test_what_cannot_be_completed_gets_a_sentence(lists, runtime, dictionary, begun, is_loaded, key):
    """Whatever was typed, there is a friendly reason and no empty list of buttons."""
    words = KnownWords(dictionary, is_loaded=is_loaded)
    with pytest.raises(BadInputError, match=key):
        await SuggestionService(words, lists, runtime).suggest(42, begun)
