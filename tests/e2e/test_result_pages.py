"""Result pages over the wire: narrowing, versions, walks to the end, suggestions, and pages that are too old."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from tests.e2e.golden import GOLDEN, LIBRARY
from tests.e2e.library import indexed, names_read, post_files
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.seen import Seen
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


async def ask(reader: Actor, words: str) -> Seen:
    """Type words and wait for whatever the bot shows for them."""
    reader.say(words)
    return await reader.wait_message()


async def walk(reader: Actor, page: Seen) -> list[Seen]:
    """Every page from this one to the end, by the arrow."""
    pages = [page]
    while any(button.text == "›" for row in pages[-1].buttons for button in row):
        await reader.press(pages[-1], "›")
        pages.append(await reader.wait_edit(of=page))
    return pages


async def test_searches_as_people_type_them_find_what_they_mean(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenarios 45, 46, 49, 50: typos, beginnings, any order, spellings and scripts put the meant file first."""
    await post_files(bot, bob, cast, LIBRARY)
    await names_read(bot, len(LIBRARY))

    missed = {}
    for words, name in GOLDEN.items():
        labels = file_labels(await ask(ann, words))
        if not labels or name not in labels[0]:
            missed[words] = labels[:3]

    assert missed == {}


async def test_a_search_is_narrowed_and_widened_again(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Buttons with counts narrow a search by kind and by quality; pressed again they widen it; pages follow."""
    names = [f"Metropolis part {number:02}.1080p.mkv" for number in range(12)]
    names += [f"Metropolis part {number:02}.720p.mkv" for number in range(12, 15)]
    await post_files(bot, bob, cast, names)
    for number in range(2):
        bob.post_file(cast.channel.id, f"Metropolis score {number}.mp3", kind="audio")
    await indexed(bot, 17)
    await names_read(bot, 17)
    page = await ask(ann, "metropolis")
    assert "1–10 of 17" in page.text

    await ann.press(page, "1080p · 12")
    page = await ann.wait_edit(of=page, containing="1–10 of 12")
    assert "Only 1080p" in page.text
    await ann.press(page, "›")
    page = await ann.wait_edit(of=page, containing="11–12 of 12")
    assert all("1080p" in label for label in file_labels(page))
    await ann.press(page, "🎵 · 2")
    page = await ann.wait_edit(of=page, containing="None of the files")
    await ann.press(page, "✅ 1080p · 12")
    page = await ann.wait_edit(of=page, containing="1–2 of 2")
    assert all("score" in label for label in file_labels(page))
    await ann.press(page, "✅ 🎵 · 2")
    await ann.wait_edit(of=page, containing="1–10 of 17")


async def test_a_narrowed_search_is_sent_narrowed(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """`Send all` of a narrowed page sends its files; without a quota `Send all N` sends all of that kind."""
    async with setup.running(NON_PREMIUM_DAILY_LIMIT="0", RESULT_PAGE_SIZE="3") as bot:
        await post_files(bot, bob, cast, [f"Metropolis {number}.mkv" for number in range(4)])
        for number in range(5):
            bob.post_file(cast.channel.id, f"Metropolis score {number}.mp3", kind="audio")
        await indexed(bot, 9)
        page = await ask(ann, "metropolis")
        assert page.button("Send all 9")

        await ann.press(page, "🎵 · 5")
        page = await ann.wait_edit(of=page, containing="1–3 of 5")
        await ann.press(page, "Send all")
        await ann.wait_edit(containing="Sent 3 of 3")
        await ann.press(page, "Send all 5")
        await ann.wait_edit(containing="Sent 5 of 5")

        assert all("score" in file.name for file in ann.files())
        assert len(ann.files()) == 8


async def test_a_reader_with_a_quota_gets_a_page_at_most(setup: BotSetup, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 32: the button for everything, forged by a reader with a quota, sends the first page."""
    async with setup.running(RESULT_PAGE_SIZE="3") as bot:
        await post_files(bot, bob, cast, [f"Metropolis {number}.mkv" for number in range(9)])
        page = await ask(ann, "metropolis")
        session = (page.button("Send all").data or b"").decode().split(":")[1]

        assert (await ann.press(page, data=f"sa:{session}:0")).text == "Sending 3 files"
        await ann.wait_edit(containing="Sent 3 of 3")


async def test_versions_of_a_title_are_one_choice(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Several qualities of one film stand together, each pressed by a button of its own that names the quality."""
    await post_files(bot, bob, cast, [f"Metropolis.1927.{quality}.mkv" for quality in ("480p", "1080p", "720p")])
    await names_read(bot, 3)
    page = await ask(ann, "metropolis")

    assert [len(row) for row in page.buttons[:2]] == [1, 2]
    short = page.buttons[1][0].text
    await ann.press(page, short)
    delivered = await ann.wait_message(lambda seen: seen.document is not None)
    assert short.split(" · ")[0] in delivered.document.name


async def test_the_arrow_leads_behind_the_window_to_the_very_end(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 55: a walk of all matches, far behind the ranked ones, shows every file once and ends."""
    async with setup.running(SEARCH_WINDOW_SIZE="20", COUNT_LIMIT="100", RATE_CALLBACK_BURST="1000") as bot:
        names = [f"Vampires {number:03}.mkv" for number in range(115)]
        await post_files(bot, bob, cast, names)
        page = await ask(ann, "vampires")
        assert "1–10 of over " in page.text
        assert any(button.text.endswith("+") for button in page.buttons[-1])

        pages = await walk(ann, page)

        shown = [label for seen in pages for label in file_labels(seen)]
        assert len(shown) == len(set(shown)) == 115
        await ann.press(pages[-1], "«")
        assert file_labels(await ann.wait_edit(of=page, containing="1–10 of")) == file_labels(page)


async def test_an_offered_spelling_is_searched_for(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Where words never meet, spellings that do are offered, and a press shows what they find, in a group too."""
    await post_files(bot, bob, cast, ["Dark Moon 1925.mkv", "Dark Water 1926.mkv", "The Moan 1927.mkv"])
    page = await ask(ann, "dark moan")
    assert page.text.startswith("Nothing found for dark moan.\nDid you mean")
    assert [button.text for row in page.buttons for button in row] == ["🔎 dark moon"]

    await ann.press(page, "dark moon")
    assert "Dark Moon" in file_labels(await ann.wait_edit(of=page, containing="dark moon"))[0]

    ann.mention(cast.group.id, "dark moan")
    page = await ann.wait_message(containing="Did you mean")
    assert "belongs to somebody else" in ((await bob.press(page, "dark moon")).text or "")
    await ann.press(page, "dark moon")
    opened = await ann.wait_edit(of=page, containing="dark moon")
    assert opened.buttons[-1][0].text == "🔎 Open your own"


async def test_a_clear_slip_is_searched_for_at_once(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Where one spelling is clearly meant its files are shown, with what was typed and what was searched for."""
    names = [f"Dark Moon {number}.mkv" for number in range(12)]
    await post_files(bot, bob, cast, [*names, "Dark Water.mkv", "The Moan.mkv"])
    page = await ask(ann, "dark moan")

    assert page.text.startswith("Showing results for dark moon\nNothing was found for dark moan.\n1–10 of 12")
    await ann.press(page, "›")
    assert (await ann.wait_edit(of=page, containing="11–12 of 12")).text.startswith("Showing results for dark moon")


async def forget_sessions(url: str) -> None:
    """What an hour does to the pages in Redis."""
    async with Redis.from_url(url) as client:
        async for key in client.scan_iter("ffb:session:*"):
            await client.delete(key)


@pytest.mark.parametrize("label", ["›", "Judex 3", "Send all", "🎵"])
async def test_an_expired_page_searches_again_at_one_press(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, redis_url: str, label: str
) -> None:
    """Scenario 34: after the hour and a restart every old button says so and leaves one that repeats the search."""
    async with setup.running() as bot:
        bob.post_file(cast.channel.id, "Judex score.mp3", kind="audio")
        await post_files(bot, bob, cast, [f"Judex {number}.mkv" for number in range(12)])
        await indexed(bot, 13)
        page = await search(ann, "judex")
    await forget_sessions(redis_url)
    async with setup.running():
        button = next(button for row in page.buttons for button in row if label in button.text)

        answer = await ann.expect_nothing_until(ann.press(page, data=button.data))
        assert answer.alert
        assert answer.text == "This result page has expired. The button below searches again."
        expired = await ann.wait_edit(of=page, containing="judex")
        assert [button.text for row in expired.buttons for button in row] == ["🔄 Search again"]
        await ann.press(expired, "Search again")

        again = await ann.wait_edit(of=page, containing="1–10 of 13")
        await ann.press(again, "›")
        await ann.wait_edit(of=page, containing="11–13 of 13")


async def test_an_expired_page_of_somebody_else_stays_theirs(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, redis_url: str
) -> None:
    """Scenario 31: an old page in a group is neither repeated nor changed by others, who may open their own."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [f"Judex {number}.mkv" for number in range(12)])
        ann.mention(cast.group.id, "judex")
        page = await ann.wait_message(containing="1–10 of 12")
    await forget_sessions(redis_url)
    async with setup.running():
        answer = await bob.press(page, "›")
        assert "belongs to somebody else" in (answer.text or "")
        assert (await bob.press(page, "Open your own")).url is not None

        await ann.press(page, "›")
        expired = await ann.wait_edit(of=page, containing="expired")
        assert "belongs to somebody else" in ((await bob.press(expired, "Search again")).text or "")
        await ann.press(expired, "Search again")
        again = await ann.wait_edit(of=page, containing="1–10 of 12")
        assert again.buttons[-1][0].text == "🔎 Open your own"


async def test_a_page_that_nothing_is_known_of_says_so(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, redis_url: str
) -> None:
    """Scenario 34: where even the words are forgotten, the alert asks to search again and the page stays."""
    async with setup.running() as bot:
        await post_files(bot, bob, cast, [f"Judex {number}.mkv" for number in range(12)])
        page = await search(ann, "judex")
    async with Redis.from_url(redis_url) as client:
        await client.flushdb()
    async with setup.running():
        answer = await ann.expect_nothing_until(ann.press(page, "›"))

        assert answer.text == "This result page has expired. Please search again."
        assert page.message.body.edit_count == 0


HOSTILE = {
    "markup": "A & B <b>cut</b> *_[x](tg://user?id=1) cut.mkv",
    "255 bytes": "cut " + "語" * 82 + ".mkv",
    "right to left": "\u202egpj.cut \u05d0\u05d1\u05d2.mkv",
    "emoji": "cut " + "👨‍👩‍👧‍👦🎬" * 9 + ".mkv",
    "dots": "Cut.A.B_C-D.mkv",
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_names_are_shown_fetched_and_kept(
    bot: Container, ann: Actor, bob: Actor, cast: Cast, name: str
) -> None:
    """Scenarios 52, 73: such a name is found, shown in one line, and delivered exactly as it was."""
    await post_files(bot, bob, cast, [name])
    page = await ask(ann, "cut")
    (label,) = file_labels(page)
    assert "\n" not in label
    assert "\u202e" not in label

    await ann.press(page, label)
    delivered = await ann.wait_message(lambda seen: seen.document is not None)

    assert delivered.document.name == name
