"""What an admin looks at when something is wrong: errors, log, performance, and what admins did."""

from __future__ import annotations

import asyncio
import io
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog

from core.observability.logging import configure_logging
from tests.e2e.admin.talk import ask, ask_seen, audited

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from core.container import Container
    from sandbox.actor import Actor
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast


@contextmanager
def real_log() -> Iterator[None]:
    """The log as a program sets it up; as before afterwards."""
    root = logging.getLogger()
    before, level, config = list(root.handlers), root.level, structlog.get_config()
    configure_logging("info", "json", (), io.StringIO())
    try:
        yield
    finally:
        root.handlers = before
        root.setLevel(level)
        structlog.configure(**config)


async def fail(_text: str) -> None:
    """A defect."""
    raise KeyError("a missing shelf, see https://somebody:hunter2@example.org")


async def test_errors_are_counted_kept_and_forgotten(
    setup: BotSetup, ann: Actor, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Scenario 138: defects of updates and of tasks are listed once each, with a count, also after a restart."""
    monkeypatch.chdir(str(tmp_path))
    async with setup.running() as bot:
        assert await ask(bob, "/errors") == "No errors are noted."
        with monkeypatch.context() as patched:
            patched.setattr(bot.reports.people, "page", fail)
            for _ in range(2):
                assert "went wrong" in await ask(bob, "/users")
        bot.tasks.spawn(fail(""), name="some_work")
        shown = await until_shown(bob, "some_work")
        assert shown.count("KeyError") == 2
        assert "2 times" in shown
        assert "users · tests/e2e/admin/test_reports.py" in shown or "users · handlers/admin/people.py" in shown
        assert "hunter2" not in shown

    async with setup.running() as bot:
        assert "2 times" in await ask(bob, "/errors")
        assert await ask(bob, "/errors clear") == "2 errors are forgotten."
        assert await ask(bob, "/errors") == "No errors are noted."
        assert "clear" in await ask(bob, "/errors nonsense")
        assert (cast.bob.id, "errors_cleared") in await audited(bot)


async def until_shown(bob: Actor, words: str) -> str:
    """What /errors says once it says `words`."""
    async with asyncio.timeout(10):
        while words not in (shown := await ask(bob, "/errors")):
            pass
    return shown


async def test_the_log_is_shown_without_secrets(
    setup: BotSetup, bob: Actor, cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Scenario 136: lines in the chat and the file hold neither tokens nor what people wrote, and reading is noted."""
    monkeypatch.chdir(str(tmp_path))
    with real_log():
        async with setup.running() as bot:
            await ask(bob, "/help")
            log = structlog.get_logger("test")
            shown, reads = "", 0
            while "planted" not in shown:  # what begins with the bot may have written five lines in between
                log.warning("planted", token=str(cast.bot.token), uri="mongodb://u:hunter2@db/x", text="<b>&amp;")
                logging.getLogger("other.library").warning("token %s", cast.bot.token)
                shown, reads = await ask(bob, "/log 5"), reads + 1
                assert shown.count("\n") == 4
            assert "<b>&amp;" in shown
            for number in range(200):
                log.info("filler", number=number, words="x" * 100)
            seen = await ask_seen(bob, "/log file")
            long = await ask_seen(bob, "/log 400")
            assert [action for _, action in await audited(bot)] == ["log_read"] * (reads + 2)

    for message in (seen, long):
        file = message.document
        assert file is not None
        assert file.name == "log.txt"
        data = file.read(0, 10_000_000).decode()
        assert "update_handled" in data
        assert "warning planted" in data
        assert "<b>&amp;" in data
        for secret in (str(cast.bot.token), "hunter2", "/help"):
            assert secret not in data + shown


async def test_performance_and_audit_are_shown(bot: Container, bob: Actor, cast: Cast) -> None:
    """The sidecar's report in words, and every deed of an admin, the newest first, in pages."""
    performance = await ask(bob, "/performance")
    assert "Running for" in performance
    assert "telegram_send" in performance
    assert "breaker: closed" in performance

    assert await ask(bob, "/audit") == "Nothing is noted there."
    for number in range(21):
        await bot.admin.told.audit.add(cast.bob.id, "tried", number=number, words="<i>")
    first = await ask(bob, "/audit")
    assert first.count("tried") == 20
    assert "number: 20, words: <i>" in first
    assert first.endswith("Older entries: /audit 2")
    second = await ask(bob, "/audit 2")
    assert second.count("tried") == 1
    assert "number: 0" in second
    assert "/audit 2" in await ask(bob, "/audit all")
