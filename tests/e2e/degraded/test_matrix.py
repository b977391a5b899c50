"""Every cell of the degraded-mode matrix: real servers, broken; a reader, a poster and an operator over the wire."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from core.errors import DatabaseUnavailableError
from tests.e2e.degraded.matrix import DEEDS, MATRIX, Outcome
from tests.e2e.degraded.scene import ANSWERED_WITHIN_S, FILES, PART_NAMES, STORES, Scene, opened_scene
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fixtures.database_rig import RigServers


pytestmark = pytest.mark.asyncio(loop_scope="module")

UNAVAILABLE = "Something is not working on my side"
Broken = tuple[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(servers: RigServers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """The bot, its library in both databases, and Ann with a result page open."""
    async with opened_scene(servers, tmp_path_factory.mktemp("degraded")) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(MATRIX), ids="-".join)
async def broken(scene: Scene, request: pytest.FixtureRequest) -> Broken:
    """The store and its fault, in force for all deeds of the row."""
    store, fault = request.param
    await scene.prepare(new_files_go_to=1 if store == "primary" else 2)
    await scene.rig.fail(STORES[store], fault)
    return store, fault


def expected(broken: Broken, deed: str) -> Outcome:
    return MATRIX[broken][DEEDS.index(deed)]


def outcome_of(text: str) -> Outcome:
    """What an answer with a result page, or the sentence in its stead, says."""
    if text.startswith(UNAVAILABLE):
        return Outcome.REFUSED
    if "does not answer right now" in text:
        return Outcome.PARTIAL
    return Outcome.WORKS


def assert_outcome(seen: str, wanted: Outcome) -> None:
    assert wanted is Outcome.EITHER or outcome_of(seen) is wanted, seen


async def test_the_operator_sees_it(scene: Scene, broken: Broken) -> None:
    """Scenarios 111, 121 and 127: a store that is down is named within seconds; without the primary it is a 503."""
    store, fault = broken
    if fault == "down":
        status = "unavailable" if store == "primary" else "degraded"
        await scene.wait_health(status, failed=PART_NAMES[store])
    else:
        assert scene.bot.operations.health.health().live


async def test_search(scene: Scene, broken: Broken) -> None:
    """Scenario 56: whoever searches is answered in time: in full, flagged partial, or with the truth."""
    seen = await scene.search()

    assert_outcome(seen.text, expected(broken, "search"))
    if outcome_of(seen.text) is Outcome.WORKS:
        assert f"of {FILES}" in seen.text


async def test_page(scene: Scene, broken: Broken) -> None:
    """A result page that was opened before can be turned."""
    page = scene.opened_page()
    answer = await scene.ann.press(page, "›")
    wanted = expected(broken, "page")

    if answer.text is None:
        with Stopwatch() as passed:
            turned = await scene.ann.wait_edit(of=page)
        assert passed.seconds < ANSWERED_WITHIN_S
        assert_outcome(turned.text, wanted)
        assert turned.buttons
    else:
        assert_outcome(answer.text, wanted)


async def test_press(scene: Scene, broken: Broken) -> None:
    """Scenarios 2 and 111: a file is delivered or refused in words, and the quota knows exactly which."""
    answer = await scene.ann.press(scene.opened_page(), scene.file_to_press())

    if answer.text is None:
        await scene.ann.wait_message(lambda seen: seen.document is not None, timeout=10)
        assert expected(broken, "press") in {Outcome.WORKS, Outcome.EITHER}
    else:
        assert_outcome(answer.text, expected(broken, "press"))


async def test_send_all(scene: Scene, broken: Broken) -> None:
    """A whole page is delivered, as much of it as answers, or refused in words; it always ends with a report."""
    wanted = expected(broken, "send-all")
    answer = await scene.ann.press(scene.opened_page(), "Send all")

    if answer.text is not None and answer.text.startswith(UNAVAILABLE):
        assert wanted in {Outcome.REFUSED, Outcome.EITHER}
        return
    report = await scene.ann.wait_edit(lambda seen: seen.text.startswith("Sent "), timeout=30)
    sent, of = map(int, re.findall(r"\d+", report.text)[:2])
    if wanted is Outcome.WORKS:
        assert (sent, of) == (10, 10)
    elif wanted is Outcome.PARTIAL:
        assert (sent, of) == (5, 10)
        assert "5 files could not be sent" in report.text
    elif wanted is Outcome.REFUSED:
        assert sent == 0


async def test_index(scene: Scene, broken: Broken) -> None:
    """Scenario 122: a post is stored, where a database takes it, or as soon as one does."""
    name = f"Caligari {'-'.join(broken)}.mkv"
    scene.bob.post_file(scene.cast.channel.id, name, 5000)
    scene.posted.append(name)

    if expected(broken, "index") is Outcome.WORKS:
        assert await scene.wait_stored(name, 10)


async def test_maintenance(scene: Scene, broken: Broken) -> None:
    """Scenario 8: the work of the day is done, or stays due."""
    wanted, is_done = expected(broken, "maintenance"), False
    with suppress(DatabaseUnavailableError):
        report = await scene.bot.operations.maintenance.run_daily_maintenance()
        is_done = report is not None and report.is_complete

    assert wanted is Outcome.EITHER or is_done is (wanted is Outcome.WORKS)
    if is_done:
        assert scene.last_day() == scene.clock.utc_now().date().isoformat()


async def test_all_is_well_again(scene: Scene, broken: Broken) -> None:
    """Scenarios 1, 2, 8 and 121: the store back, nothing is missing, nothing stands twice, nobody paid for nothing."""
    await scene.rig.heal()
    await scene.wait_health("ok")

    seen = await scene.search()
    assert outcome_of(seen.text) is Outcome.WORKS
    assert f"of {FILES}" in seen.text
    assert await scene.wait_stored(scene.posted[-1], 20)
    await scene.settle()
    assert await asyncio.to_thread(scene.copies, scene.posted[-1]) == 1
    assert scene.last_day() == scene.clock.utc_now().date().isoformat()
    charged, delivered = scene.charged_today(), scene.delivered_today()
    assert delivered == charged or (broken[1] == "flapping" and delivered < charged)
