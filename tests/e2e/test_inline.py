"""Inline mode: searching from any chat, files or links by the reader's quota, and what is said when there are none."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e.library import indexed, post_files

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor, InlinePage
    from sandbox.datacenter.server import DataCenter
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


def bare(title: str) -> str:
    """A title without the marks that keep right-to-left text to itself."""
    return title.strip("\u2068\u2069")


def line(page: InlinePage) -> str:
    """The line above the results."""
    assert page.switch_pm is not None
    return page.switch_pm.text


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
    assert (await bot.searching.quota.status(user)).charged == 0

    await bob.open_link(result.button("Get the file").url or "")
    delivered = await bob.wait_message(lambda seen: seen.document is not None)

    assert delivered.text == "A symphony of horror"
    opener = await bot.users.get_user(cast.bob.id)
    assert opener is not None
    assert (await bot.searching.quota.status(opener)).charged == 1
    assert (await bot.searching.quota.status(user)).charged == 0


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
    for number, kind in enumerate(("video", "audio", "document"), 1):  # no name says what it is
        bob.post_file(cast.channel.id, f"Judex take {number}.bin", 1000, kind=kind)
    await indexed(bot, 3)

    assert len((await ann.inline("judex")).results) == 3
    assert (await ann.inline("judex | video")).titles == ["Judex take 1.bin"]
    assert (await ann.inline("judex|AUDIO ")).titles == ["Judex take 2.bin"]
    assert (await ann.inline("judex type:document")).titles == ["Judex take 3.bin"]
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
    await post_files(bot, bob, cast, [f"Nosferatu {n}.mkv" for n in range(12)])

    first, later = await ann.inline("nosfreatu"), await ann.inline("nosfreatu", offset="5")

    assert len(first.results) == 10
    assert line(first) == "Results for “nosferatu”"
    assert (len(later.results), later.switch_pm) == (7, None)
    assert first.switch_pm is not None
    ann.start(first.switch_pm.start_param)
    assert "1–10 of 12" in (await ann.wait_message()).text
