"""How an update ends when more than one thing goes wrong: never on a version that was found bad."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.updatable_bot import UpdatableBot
from tests.integration.test_secure_updater import SICK, kill_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[UpdatableBot]:
    """An installation whose second version runs, and was proven."""
    bot = UpdatableBot(tmp_path).install()
    bot.push(name="second")
    assert bot.update().returncode == 0
    yield bot
    bot.stop()


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[UpdatableBot]:
    """An installation whose operator restarts the bot."""
    bot = UpdatableBot(tmp_path, restarts=False).install()
    yield bot
    bot.stop()


def push_sick(bot: UpdatableBot) -> str:
    """A version that starts and is not well."""
    bot.write("config/checks.py", SICK)
    return bot.push(name="sick")


def test_a_version_that_was_taken_back_is_nothing_to_go_back_to(bot: UpdatableBot) -> None:
    """Scenario 134: a rollback after an automatic one leads to the version before, not to the broken one."""
    push_sick(bot)
    assert "was taken back" in bot.update().stderr
    assert bot.starts_as() == "second"

    done = bot.update("--rollback")

    assert (done.returncode, bot.starts_as(), bot.runs_as()) == (0, "first", "first")


def test_a_second_look_does_not_bring_a_bad_version_back(by_hand: UpdatableBot) -> None:
    """Scenario 134: while the bad version still runs, asking again takes nothing else back."""
    push_sick(by_hand)
    by_hand.update()
    by_hand.restart()
    first = by_hand.update("--verify")
    assert (first.returncode, by_hand.starts_as()) == (1, "first")
    assert "Restart the bot" in first.stderr

    second = by_hand.update("--verify")

    assert (second.returncode, by_hand.starts_as()) == (1, "first")
    by_hand.restart()
    assert by_hand.update("--verify").returncode == 0


def test_looking_at_the_first_version_finds_it_well(by_hand: UpdatableBot) -> None:
    """There is nothing to go back to, and nobody wants to."""
    done = by_hand.update("--verify")

    assert (done.returncode, done.stderr) == (0, "")


def test_a_bot_that_fell_over_later_is_not_taken_back_unasked(bot: UpdatableBot) -> None:
    """A version that was well before is not to blame for a machine that is not: the operator decides."""
    bot.stop()

    refused = bot.update("--verify")

    assert (refused.returncode, bot.starts_as()) == (1, "second")
    assert "--rollback" in refused.stderr


def test_an_update_that_was_killed_before_its_health_was_asked_asks_now(bot: UpdatableBot) -> None:
    """Scenario 134: the version that became current unproven is not waved through by the next update."""
    push_sick(bot)
    kill_at(bot, "restart")
    assert bot.starts_as() == "sick"

    done = bot.update()

    assert (done.returncode, bot.starts_as(), bot.runs_as()) == (1, "second", "second")


def test_a_restart_that_fails_twice_still_says_what_is_current(bot: UpdatableBot) -> None:
    """Whoever reads the sentence knows that the version before is current and that the bot has to be started."""
    bot.push(name="third")
    bot.settings["UPDATE_RESTART"] = f"{sys.executable} -c 'raise SystemExit(\"no supervisor\")'"

    refused = bot.update()

    assert (refused.returncode, bot.starts_as()) == (1, "second")
    assert "was taken back" in refused.stderr
    assert "no supervisor" in refused.stderr


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_signers_are_looked_for_beside_the_settings(bot: UpdatableBot) -> None:
    """A file that `.env` names without a folder is the one beside it, wherever git works."""
    key = bot.directory / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    (bot.home / "signers").write_text(f"a@b.c {key.with_suffix('.pub').read_text()}")
    bot.settings["UPDATE_SIGNERS"] = "signers"
    bot.push(name="third")
    sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}")
    bot.git(*sign, "tag", "--sign", "--message", "x", "ours")
    bot.git("push", "--quiet", "--tags", "origin")

    done = bot.update("--tag=ours")

    assert (done.returncode, bot.runs_as()) == (0, "third"), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_an_installation_of_somebody_else_is_updated_by_root(bot: UpdatableBot) -> None:
    """A bot has an account of its own, and restarting it takes root: git trusts the directory, the bot can read it."""
    for path in (bot.home, *bot.home.rglob("*")):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    bot.push(name="third")

    assert "current: " in bot.update("--status").stdout
    done = bot.update()

    assert (done.returncode, bot.runs_as()) == (0, "third"), done.stderr
    backups = list((bot.home / ".updates" / "backups").iterdir())
    release = (bot.home / "current").resolve()
    assert [path for path in (release, release.parent, release.parents[1]) if not mode(path) & 0o005] == []
    assert [path for path in backups if mode(path) & 0o077] == []


def mode(path: Path) -> int:
    return path.stat().st_mode
