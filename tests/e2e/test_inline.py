"""Inline mode: searching from any chat, files or links by the reader's quota, and what is said when there are none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.container import Stores
from sandbox.datacenter.faults import Fault
from tests.e2e.library import indexed, post_files

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor, InlinePage
    from sandbox.datacenter.server import DataCenter
    from sandbox.stores import InMemoryStores
    from sandbox.world import World
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

LIBRARY = [
    "Nosferatu.1922.1080p.BluRay.x264.mkv",
    "The.Kid.1921.720p.mkv",
    "A Trip to the Moon (1902).mp4",
    "Le Voyage dans la Lune 1902.mkv",
    "Броненосец Потёмкин 1925.mkv",
    "Лев Толстой - Война и мир. Том 1.fb2",
    "ألف ليلة وليلة - الجزء 1.pdf",
    "羅生門.epub",
    "राजा हरिश्चन्द्र 1913.mkv",
    "Sherlock.Holmes.S01E02.The.Case.mkv",
    "Die Nibelungen - Siegfrieds Tod 1924.avi",
    "Ludwig van Beethoven - Für Elise.flac",
    "Amélie & Zoë_home-movie.mp4",
]
GOLDEN = {
    "nosferatu": "Nosferatu.1922.1080p.BluRay.x264.mkv",
    "nosf": "Nosferatu.1922.1080p.BluRay.x264.mkv",
    "1922 nosferatu": "Nosferatu.1922.1080p.BluRay.x264.mkv",
    "the kid": "The.Kid.1921.720p.mkv",
    "moon trip": "A Trip to the Moon (1902).mp4",
    "voyage lune": "Le Voyage dans la Lune 1902.mkv",
    "потемкин": "Броненосец Потёмкин 1925.mkv",
    "война и мир": "Лев Толстой - Война и мир. Том 1.fb2",
    "voina i mir": "Лев Толстой - Война и мир. Том 1.fb2",
    "ليلة": "ألف ليلة وليلة - الجزء 1.pdf",
    "羅生門": "羅生門.epub",
    "राजा": "राजा हरिश्चन्द्र 1913.mkv",
    "sherlock s1 e2": "Sherlock.Holmes.S01E02.The.Case.mkv",
    "nibelungen siegfrieds": "Die Nibelungen - Siegfrieds Tod 1924.avi",
    "fur elise": "Ludwig van Beethoven - Für Elise.flac",
    "AMELIE zoe": "Amélie & Zoë_home-movie.mp4",
    "ｎｏｓｆｅｒａｔｕ １９２２": "Nosferatu.1922.1080p.BluRay.x264.mkv",
}
LEAKS = ("Traceback", "Exception", "Error(", "mongodb://", "None", "{", "$")


def bare(title: str) -> str:
    """A title without the marks that keep right-to-left text to itself."""
    return title.strip("\u2068\u2069")


def line(page: InlinePage) -> str:
    """The line above the results."""
    assert page.switch_pm is not None
    return page.switch_pm.text


def made(dc: DataCenter, mark: int, method: str) -> int:
    """How many calls of a method were made since a mark."""
    return sum(call.name == method for call in dc.recorder.since(mark))


async def give_premium(bot: Container, person: Actor) -> None:
    """Make a person a reader without a daily limit."""
    await bot.users.set_premium(person.user_id, bot.clock.utc_now() + timedelta(days=1))


async def test_words_in_any_script_find_the_file(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Golden searches: words, prefixes, other orders, scripts and missing accents lead to the right file first."""
    await post_files(bot, bob, cast, LIBRARY)

    found = {words: [bare(title) for title in (await ann.inline(words)).titles] for words in GOLDEN}

    assert {words: titles[0] if titles else None for words, titles in found.items()} == GOLDEN


async def test_pages_follow_one_another(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Walking by the offsets shows each of 25 files once, ten at a time, and then says that it was the last page."""
    names = [f"Les Vampires Part {n:02}.mkv" for n in range(25)]
    await post_files(bot, bob, cast, names)

    pages = [await ann.inline("vampires")]
    while pages[-1].next_offset:
        pages.append(await ann.inline("vampires", offset=pages[-1].next_offset))

    assert [len(page.results) for page in pages] == [10, 10, 5]
    assert sorted(title for page in pages for title in page.titles) == names
    assert all(page.is_personal and page.cache_time_s == 30 for page in pages)


@pytest.mark.parametrize("offset", ["-10", "ten", "1e1", "٣", "9999999999", " 10", "10\u202e"])
async def test_an_offset_that_is_no_number_begins_at_the_start(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, offset: str
) -> None:
    """Scenario 32: what a modified client sends as an offset is the first page, or nothing."""
    await post_files(bot, bob, cast, [f"Judex {n:02}.mkv" for n in range(12)])

    page = await ann.inline("judex", offset=offset)

    assert len(page.results) == 10
    assert page.next_offset == "10"


async def test_an_offset_behind_the_end_is_an_empty_page(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Nothing is left, and nothing is claimed about what there was."""
    await post_files(bot, bob, cast, ["Judex.mkv"])

    page = await ann.inline("judex", offset="100")

    assert (page.results, page.next_offset, page.switch_pm) == ((), None, None)


async def test_a_reader_with_a_quota_gets_links(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """The chosen result is a text; its button opens the private chat, where opener by opener is charged."""
    await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"], caption="A symphony of horror")
    page = await ann.inline("nosferatu", chat=cast.group.full_id)
    (result,) = page.results
    assert (result.kind, result.title, result.sends_file) == ("article", "Nosferatu.1922.mkv", False)
    assert "📄 Document" in result.description

    message = await ann.choose(result, cast.group.full_id)
    assert message.body.text.startswith("Nosferatu.1922.mkv")
    (user,) = [await bot.users.get_user(cast.ann.id)]
    assert user is not None
    assert (await bot.quota.status(user)).charged == 0

    await bob.open_link(result.button("Get the file").url or "")
    delivered = await bob.wait_message(lambda seen: seen.document is not None)

    assert delivered.text == "A symphony of horror"
    opener = await bot.users.get_user(cast.bob.id)
    assert opener is not None
    assert (await bot.quota.status(opener)).charged == 1
    assert (await bot.quota.status(user)).charged == 0


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("video", "video"), ("audio", "audio"), ("document", "file"), ("photo", "photo"), ("animation", "gif")],
)
async def test_a_reader_without_a_quota_gets_the_file_itself(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, kind: str, shown: str
) -> None:
    """Each kind is listed as what it is, and choosing it sends the file with its caption."""
    bob.post_file(
        cast.channel.id, "" if kind == "photo" else "Judex.bin", 1000, caption="Judex & <b>all</b>", kind=kind
    )
    await indexed(bot, 1)
    await give_premium(bot, ann)

    (result,) = (await ann.inline("judex")).results
    assert (result.kind, result.sends_file) == (shown, True)
    message = await ann.choose(result, cast.group.full_id)

    assert message.body.file is not None
    assert message.body.text == "Judex & <b>all</b>"
    assert message.body.entities == []


async def test_nobody_gets_the_file_itself_while_files_are_protected(
    setup: BotSetup, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Telegram cannot protect what it sends by itself, so everybody gets links."""
    async with setup.running(PROTECT_CONTENT="true", NON_PREMIUM_DAILY_LIMIT="0") as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])

        (result,) = (await ann.inline("nosferatu")).results

        assert result.kind == "article"
        await ann.open_link(result.button("Get the file").url or "")
        sent = await dc.recorder.wait_call("messages.SendMedia")
        assert sent.noforwards


async def test_a_bot_without_limits_gives_files_to_everybody(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Where free readers have no daily limit, inline results are the files."""
    async with setup.running(NON_PREMIUM_DAILY_LIMIT="0") as bot:
        await post_files(bot, bob, cast, ["Nosferatu.1922.mkv"])

        assert [result.kind for result in (await ann.inline("nosferatu")).results] == ["file"]


async def test_a_suffix_narrows_to_a_kind(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """`judex | video` lists videos only; a suffix that names no kind is words like the others."""
    for kind in ("video", "audio", "document"):
        bob.post_file(cast.channel.id, f"Judex {kind} take.bin", 1000, kind=kind)
    await indexed(bot, 3)

    assert len((await ann.inline("judex")).results) == 3
    assert (await ann.inline("judex | video")).titles == ["Judex video take.bin"]
    assert (await ann.inline("judex|AUDIO ")).titles == ["Judex audio take.bin"]
    assert (await ann.inline("judex type:document")).titles == ["Judex document take.bin"]
    assert len((await ann.inline("judex | take")).results) == 3
    nothing = await ann.inline("judex | photo")
    assert nothing.results == ()
    assert line(nothing) == "Nothing found. Press here to see suggestions"


@pytest.mark.parametrize("text", ["", "   ", "\u3000"])
async def test_only_the_name_invites_to_type(bot: Container, dc: DataCenter, ann: Actor, text: str) -> None:
    """Without words nothing is searched; the line above opens the chat with the bot and explains."""
    page = await ann.inline(text)

    assert page.results == ()
    assert page.switch_pm is not None
    assert "Type a few words" in page.switch_pm.text
    ann.start(page.switch_pm.start_param)
    assert "How to search" in (await ann.wait_message()).text


async def test_nothing_found_leads_to_the_same_search_in_private(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """The line above an empty list opens the private chat, where there is room for suggestions."""
    await post_files(bot, bob, cast, LIBRARY)

    page = await ann.inline("zzyzx qqfrob")

    assert page.results == ()
    assert page.switch_pm is not None
    assert "Nothing found" in page.switch_pm.text
    ann.start(page.switch_pm.start_param)
    assert "zzyzx qqfrob" in (await ann.wait_message()).text


async def test_a_corrected_spelling_is_named(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """What was searched for instead of the typed words stands above the results, and opens that search in private."""
    await post_files(bot, bob, cast, [f"Nosferatu {n}.mkv" for n in range(8)])

    first, later = await ann.inline("nosfreatu"), await ann.inline("nosfreatu", offset="5")

    assert len(first.results) == 8
    assert line(first) == "Results for “nosferatu”"
    assert (len(later.results), later.switch_pm) == (3, None)
    assert first.switch_pm is not None
    ann.start(first.switch_pm.start_param)
    assert "1–8 of 8" in (await ann.wait_message()).text


HOSTILE = {
    "one letter": "x",
    "punctuation only": "?!…",
    "emoji only": "🎬🎬🎬",
    "regex": ".*.*.*.*zz",
    "nested regex": "(a+)+$",
    "open bracket": "[",
    "backslash": "\\",
    "operator": '{"$gt": ""}',
    "where": "$where: sleep(1000)",
    "markup": "<b>bold</b> & <i>more",
    "mention": "[link](tg://user?id=1)",
    "zero width": "\u200b\u200d\u2060",
    "direction override": "\u202etxt.exe abc",
    "512 characters": "x" * 512,
    "many words": "word " * 100,
    "only a separator": "|",
    "only a kind": "| video",
    "bad filter": "judex year:soon",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_gets_a_line(bot: Container, ann: Actor, bob: Actor, cast: Cast, text: str) -> None:
    """Scenarios 43, 44, 51, 52, 60: text that finds nothing gets one friendly line, without anything inside."""
    await post_files(bot, bob, cast, ["Judex.mkv"])

    page = await ann.inline(text)

    assert page.results == ()
    assert 10 < len(line(page)) <= 66
    assert not any(leak in line(page) for leak in LEAKS)


async def test_markup_in_a_name_is_text(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 52: a hostile name is shown as it is and makes no entity in the message that is sent."""
    name = "A & B <b>cut</b> *_[x](tg://user?id=1).mkv"
    await post_files(bot, bob, cast, [name])

    (result,) = (await ann.inline("cut")).results

    assert result.title == name
    assert result.text.startswith(name)
    assert [type(entity).__name__ for entity in result.entities] == ["MessageEntityBold"]


async def test_names_of_every_kind_are_listed(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 73: 255 bytes, right-to-left, emoji and marks are cut by what people see, never refused by Telegram."""
    names = [
        "Judex " + "x" * 245 + ".mkv",
        "Judex " + "ж" * 120 + ".mkv",
        "Judex \u202egnp.exe",
        "Judex " + "👨‍👩‍👧‍👦" * 9 + ".mkv",
        "Judex ألف ليلة وليلة.pdf",
    ]
    await post_files(bot, bob, cast, names)
    await give_premium(bot, bob)

    for person in (ann, bob):
        page = await person.inline("judex")
        assert len(page.results) == len(names)
        assert all(len(title) <= 64 and "\u202e" not in title for title in page.titles)


async def test_a_banned_person_is_refused(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A ban holds in inline mode: no result, and the line says so."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    await bot.users.set_ban(cast.ann.id, "spam")

    page = await ann.inline("judex")

    assert page.results == ()
    assert line(page) == "You cannot use this bot."
    assert page.cache_time_s == 0


async def test_a_limit_is_told_at_every_query(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 58: who types too fast reads how long to wait, never that there is nothing; no app is left waiting."""
    async with setup.running(RATE_INLINE_BURST="1", RATE_INLINE_PERIOD_S="600") as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])
        assert (await ann.inline("judex")).titles == ["Judex.mkv"]

        refused = [await ann.inline(text) for text in ("jude", "jud")]

        assert all("Please wait" in line(page) and page.cache_time_s == 0 for page in refused)
        assert (await bob.inline("judex")).titles == ["Judex.mkv"]


async def test_an_outage_is_no_empty_result(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 56: without the database the line says so; nothing is cached, and nothing counts as not found."""
    async with setup.running(
        stores=Stores(stores.mongo_client, stores.redis_client), DATABASE_RECOVERY_TIMEOUT="1"
    ) as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])
        assert (await ann.inline("judex")).titles == ["Judex.mkv"]
        stores.database_down = True

        page = await ann.inline("judex mkv")

        assert page.results == ()
        assert page.cache_time_s == 0
        assert "Something is not working" in line(page)
        assert bot.metrics.searches.labels("nothing")._value.get() == 0


async def test_a_missing_part_of_the_library_is_named(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """While one of two databases does not answer, results and their absence are marked, and neither is cached."""
    async with setup.running(DATABASE_URIS="mongodb://127.0.0.1:9/?directConnection=true") as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])

        found, nothing = await ann.inline("judex"), await ann.inline("zzyzx")

        assert found.titles == ["Judex.mkv"]
        assert line(found) == "A part of the library does not answer: files may be missing"
        assert nothing.results == ()
        assert line(nothing) == "Nothing found, but a part of the library does not answer"
        assert found.cache_time_s == nothing.cache_time_s == 0


async def test_inline_works_while_redis_is_gone(
    setup: BotSetup, stores: InMemoryStores, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Results come, and their links open, from the memory of the process."""
    async with setup.running(stores=Stores(stores.mongo_client, stores.redis_client)) as bot:
        await post_files(bot, bob, cast, ["Judex.mkv"])
        stores.redis_down = True

        (result,) = (await ann.inline("judex")).results
        await ann.open_link(result.button("Get the file").url or "")

        assert (await ann.wait_message(lambda seen: seen.document is not None)).document is not None


async def test_expired_references_are_healed_before_the_answer(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """The reader sees files all the same; one call fetches the references of the page, and the records are healed."""
    await post_files(bot, bob, cast, [f"Judex {n:02}.mkv" for n in range(8)])
    await give_premium(bot, ann)
    world.expire_file_references()
    mark = dc.recorder.mark()

    page = await ann.inline("judex")

    assert [result.sends_file for result in page.results] == [True] * 8
    assert made(dc, mark, "channels.GetMessages") == 1
    mark = dc.recorder.mark()
    assert len((await ann.inline("judex mkv")).results) == 8
    assert made(dc, mark, "messages.SetInlineBotResults") == 1


async def test_what_cannot_be_healed_becomes_a_link(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, world: World
) -> None:
    """A file whose post is gone cannot be listed as a file; the others are, and nobody is refused for it."""
    posts = await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(3)])
    await give_premium(bot, ann)
    world.expire_file_references()
    await bot.pool.update_many("media_files", {"n": "Judex 1.mkv"}, {"$set": {"src": []}})

    page = await ann.inline("judex")

    assert {result.title: result.sends_file for result in page.results} == {
        "Judex 0.mkv": True,
        "Judex 1.mkv": False,
        "Judex 2.mkv": True,
    }
    assert page.cache_time_s == 0
    assert posts


@pytest.mark.parametrize("refusal", [(400, "CHANNEL_PRIVATE"), (420, "FLOOD_WAIT_3600")], ids=["gone", "later"])
async def test_a_source_that_cannot_be_asked_is_no_failure(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, world: World, refusal: tuple[int, str]
) -> None:
    """When the channel is closed to the bot, or Telegram wants an hour's pause, the page has links instead."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    await give_premium(bot, ann)
    world.expire_file_references()
    dc.faults.add(Fault("channels.GetMessages", error=refusal))

    assert [result.kind for result in (await ann.inline("judex")).results] == ["article"]


@pytest.mark.parametrize("name", ["FILE_REFERENCE_EXPIRED", "DOCUMENT_INVALID"])
async def test_references_that_telegram_never_accepts_become_links(
    bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast, name: str
) -> None:
    """When even fresh references are refused, the page still has its results."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    await give_premium(bot, ann)
    dc.faults.add(Fault("messages.SetInlineBotResults", error=(400, name), times=2))

    assert [result.kind for result in (await ann.inline("judex")).results] == ["article"]


async def test_a_late_answer_is_no_failure(bot: Container, dc: DataCenter, ann: Actor, bob: Actor, cast: Cast) -> None:
    """A query that Telegram has given up meanwhile is over; the bot logs an ordinary update and goes on."""
    await post_files(bot, bob, cast, ["Judex.mkv"])
    dc.faults.add(Fault("messages.SetInlineBotResults", error=(400, "QUERY_ID_INVALID")))
    late = bot.metrics.updates.labels("inline", "ok")._value
    before = late.get()

    with pytest.raises(TimeoutError):
        await ann.inline("judex", timeout=0.5)

    assert late.get() == before + 1
    assert (await ann.inline("judex mkv")).titles == ["Judex.mkv"]
