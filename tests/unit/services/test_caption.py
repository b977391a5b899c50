"""The text under a delivered file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.concurrency.task_registry import TaskRegistry
from core.domain.media import MediaFile, MediaKind, ReleaseMetadata
from core.services.caption import Captions
from core.services.runtime_settings import RuntimeSettingsService
from core.text.catalog import Catalogue
from repositories.runtime_settings import RuntimeSettingsRepository

if TYPE_CHECKING:
    from core.database.pool import DatabaseConnectionPool
    from tests.fixtures.clock import TestClock

EVERYTHING = (
    "{filename}|{size}|{caption}|{type}|{quality}|S{season}E{episode}|{year}|{language}|{duration}|{extension}"
    "|{bot_username}"
)
FILM = MediaFile(
    id=1,
    unique_id="u",
    file_id="f",
    name="Film <1>.mkv",
    caption="A & B",
    size=1_503_238_553,
    kind=MediaKind.VIDEO,
    duration_s=5_525,
    metadata=ReleaseMetadata(2024, 1, 4, "1080p", ("en", "hi")),
)


@pytest.fixture
def captions(memory_pool: DatabaseConnectionPool, clock: TestClock) -> Captions:
    repository = RuntimeSettingsRepository(memory_pool, clock)
    runtime = RuntimeSettingsService(repository, {}, clock, TaskRegistry(clock))
    return Captions(runtime, Catalogue(), lambda: "film_bot")


def test_every_placeholder_has_its_value(captions: Captions) -> None:
    """Each name stands for what it says, in the reader's language, escaped."""
    assert captions.render(FILM, "en", EVERYTHING) == (
        "Film &lt;1&gt;.mkv|1.4 GB|A &amp; B|video|1080p|S01E04|2024|English, Hindi|1:32:05|mkv|film_bot"
    )


@pytest.mark.parametrize("broken", ["{title}", "<b>{filename}", "x" * 900, "{"])
def test_a_template_that_cannot_be_used_leaves_the_original(captions: Captions, broken: str) -> None:
    """Scenario 83: whatever is stored, a file is delivered, under its own caption then."""
    assert captions.render(FILM, "en", broken) == "A &amp; B"


def test_a_template_that_says_nothing_of_a_file_leaves_the_original(captions: Captions) -> None:
    """A file without anything that the template shows is not sent without words."""
    bare = MediaFile(id=1, unique_id="u", file_id="f", name="voice", caption=None, size=1, kind=MediaKind.AUDIO)

    assert captions.render(bare, "en", "{caption}") == "voice"
