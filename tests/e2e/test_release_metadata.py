"""What names say of releases, from the post to the record."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.domain.media import ReleaseMetadata
from repositories.media_document import CAPTION, COLLECTION, METADATA, NAME, to_media
from tests.e2e.library import post_files

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from tests.e2e.conftest import Cast


async def read_names(bot: Container, count: int) -> dict[str, ReleaseMetadata | None]:
    """What the records of that many files say, by name, once all of them were read."""
    async with asyncio.timeout(20):
        while await bot.pool.count(COLLECTION, {METADATA: {"$exists": True}}) < count:
            await bot.clock.sleep(0.05)
    return {document[NAME]: to_media(document).metadata for document in await bot.pool.find(COLLECTION, {})}


async def test_a_posted_name_is_read_and_what_it_says_is_stored(bot: Container, bob: Actor, cast: Cast) -> None:
    """A moment after a post its record says year, season, episode, quality and languages, or that nothing is said."""
    names = ["Fargo.2014.S01E02.1080p.iTA.ENG.mkv", "Бригада (2002) 3 серия.avi", "holiday.mp4"]
    await post_files(bot, bob, cast, names)

    assert await read_names(bot, 3) == {
        names[0]: ReleaseMetadata(2014, 1, 2, "1080p", ("it", "en")),
        names[1]: ReleaseMetadata(2002, None, 3),
        names[2]: ReleaseMetadata(),
    }


async def test_an_edited_post_says_what_its_name_says(bot: Container, bob: Actor, cast: Cast) -> None:
    """Correcting a caption costs nothing of what the name says."""
    name = "Fargo.S01E02.mkv"
    [post] = await post_files(bot, bob, cast, [name], caption="draft")
    await read_names(bot, 1)
    bob.edit_caption(post, "corrected")
    async with asyncio.timeout(20):
        while not await bot.pool.count(COLLECTION, {CAPTION: "corrected"}):
            await bot.clock.sleep(0.05)

    assert await read_names(bot, 1) == {name: ReleaseMetadata(None, 1, 2)}
