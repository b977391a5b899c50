"""One film, uploaded more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.library import indexed, names_read
from tests.e2e.test_main_path import file_labels, search

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from tests.e2e.conftest import Cast


async def test_a_renamed_upload_stands_with_the_film_it_is(bot: Container, ann: Actor, bob: Actor, cast: Cast) -> None:
    """Scenario 68: other unique ids, the same size and film: one entry with short buttons for its other versions."""
    names = ("Nosferatu.1922.1080p.mkv", "nosferatu 1922 [x264].mkv", "@uploads Nosferatu (1922) 1080p.mkv")
    for name in names:
        bob.post_file(cast.channel.id, name, 700_000_000)
    bob.post_file(cast.channel.id, "Nosferatu.1979.1080p.mkv", 700_000_000)
    await indexed(bot, 4)
    await names_read(bot, 4)

    page = await search(ann, "nosferatu")

    rows = [[button.text for button in row if (button.data or b"").startswith(b"f:")] for row in page.buttons]
    assert sorted(len(row) for row in rows if row) == [1, 1, 2]
    assert sum("osferatu" in label for label in file_labels(page)) == 2
