"""The updater against a local bare repository: whatever happens, one whole version runs, is named, and starts."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.updatable_bot import UpdatableBot
from tests.fixtures.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

STEPS = (
    *("arguments", "fetch", "stage", "required_files", "parse", "dependencies", "start_check"),
    *("backup", "switch", "restart", "health", "tidy"),
)
BROKEN = "def start():\n    raise SystemExit('no such setting')\n\n\ndef healthy():\n    return True\n"
SICK = "def start():\n    return 0\n\n\ndef healthy():\n    return False\n"


@pytest.fixture
def bot(tmp_path: Path) -> Iterator[UpdatableBot]:
    """An installation whose first version runs."""
    bot = UpdatableBot(tmp_path).install()
    yield bot
    bot.stop()


def assert_untouched(bot: UpdatableBot) -> None:
    """The version from before runs, and would be started."""
    assert (bot.runs_as(), bot.starts_as()) == ("first", "first")


def test_a_good_update_runs_and_keeps_what_is_the_operators(bot: UpdatableBot) -> None:
    """Every step is named, the new version answers, and settings and session are as they were."""
    commit = bot.push(name="second")

    done = bot.update()

    assert done.returncode == 0, done.stderr
    assert [line.removeprefix("==> ") for line in done.stdout.splitlines() if line.startswith("==>")] == list(STEPS)
    assert (bot.runs_as(), bot.starts_as()) == ("second", "second")
    assert commit in bot.update("--status").stdout
    assert "last update: done" in bot.update("--status").stdout
    assert (bot.home / "data" / "bot.session").read_text() == "mine"
    assert (bot.home / ".env").read_text().startswith("# mine")
    assert bot.update().stdout.splitlines()[-1] == f"{commit[:12]} runs already."


def test_a_rollback_brings_the_version_before_back(bot: UpdatableBot) -> None:
    """Also to the checkout that everything began with; and forward again."""
    bot.push(name="second")
    bot.update()

    assert bot.update("--rollback").returncode == 0
    assert_untouched(bot)
    assert bot.update("--rollback").returncode == 0
    assert bot.runs_as() == "second"


def test_there_may_be_nothing_to_go_back_to(bot: UpdatableBot) -> None:
    """Before the first update a rollback is refused in a sentence."""
    refused = bot.update("--rollback")

    assert (refused.returncode, refused.stderr.strip()) == (1, "There is no earlier version to go back to.")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda bot: bot.write("core/version.py", "NAME = ("), "core/version.py"),
        (lambda bot: bot.push(remove="handlers/__init__.py"), "lacks handlers"),
        (lambda bot: bot.write("config/checks.py", BROKEN), "no such setting"),
        (lambda bot: bot.write("config/checks.py", SICK), "was taken back"),
    ],
    ids=["syntax error", "missing file", "failing start check", "failing health check"],
)
def test_a_bad_version_is_not_kept(bot: UpdatableBot, spoil, said: str) -> None:
    """Scenario 134: the version from before runs, and the updater says what is wrong with the new one."""
    spoil(bot)
    bot.push(name="second") if said != "core/version.py" else bot.commit()

    refused = bot.update()

    assert refused.returncode == 1
    assert said in refused.stderr
    assert_untouched(bot)
    assert "failed" in bot.update("--status").stdout


def test_dependencies_that_cannot_be_resolved_stop_the_update(bot: UpdatableBot) -> None:
    """A lock file that does not fit what the project asks for installs nothing."""
    project = (bot.directory / "work" / "pyproject.toml").read_text()
    bot.write("pyproject.toml", project.replace("dependencies = []", 'dependencies = ["no-such-thing==9"]'))
    bot.settings["UV_OFFLINE"] = "1"
    bot.push(name="second")

    refused = bot.update()

    assert refused.returncode == 1
    assert "dependencies" in refused.stdout.splitlines()[-1]
    assert_untouched(bot)


@pytest.mark.timeout(180)  # a dozen updates
def test_a_kill_at_any_step_leaves_one_whole_version(bot: UpdatableBot) -> None:
    """What is current is whole, `--status` names it, a start runs it, and the next update goes through."""
    for number, step in enumerate(STEPS):
        before = bot.starts_as()
        commit = bot.push(name=f"killed at {step}")
        kill_at(bot, step)

        status = bot.update("--status").stdout
        runs_new = bot.starts_as() == f"killed at {step}"
        assert runs_new or (bot.starts_as() == before and step not in STEPS[STEPS.index("restart") :])
        assert (commit in status) == runs_new
        assert "interrupted" in status or (step == STEPS[-1] and "done" in status)
        bot.restart()
        done = bot.update()
        assert done.returncode == 0, (number, step, done.stdout, done.stderr)
        assert bot.starts_as() == f"killed at {step}"


KILLED = """
import builtins, os, runpy, signal, sys, threading
step, path = sys.argv[1], sys.argv[2]
tell, is_reached = print, False

def told(*words, **options):
    global is_reached
    if is_reached:
        os.kill(os.getpid(), signal.SIGKILL)
    tell(*words, **options)
    if words == (f"==> {step}",):
        is_reached = True
        threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGKILL)).start()

builtins.print = told
sys.argv = sys.argv[2:]
sys.path.insert(0, os.path.dirname(path))
runpy.run_path(path, run_name="__main__")
"""


def kill_at(bot: UpdatableBot, step: str) -> None:
    """Kill an updater a moment after it has begun a step; at the latest when it would say what comes after that."""
    python, *command = bot.command()
    with subprocess.Popen(
        [python, "-c", KILLED, step, *command], env=bot.environ(), stdout=subprocess.DEVNULL, start_new_session=True
    ) as updater:
        assert updater.wait(60) == -signal.SIGKILL
    # What it had begun goes on without it, such as a restart, which would meet the restart that follows here.
    asyncio.run(until(lambda: not is_alive(updater.pid), within_s=30))


def is_alive(group: int) -> bool:
    """Whether a process of a group does anything yet."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of_group = status.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
        except (FileNotFoundError, ProcessLookupError):  # it may end while it is looked at
            continue
        if int(of_group) == group and state != "Z":
            return True
    return False


def test_a_dry_run_changes_nothing(bot: UpdatableBot) -> None:
    """It says that the new version would start."""
    bot.push(name="second")

    done = bot.update("--dry-run")

    assert (done.returncode, "would start" in done.stdout) == (0, True)
    assert_untouched(bot)


def test_files_changed_by_hand_are_not_lost(bot: UpdatableBot) -> None:
    """The updater names them and waits for the operator to decide."""
    bot.push(name="second")
    (bot.home / "core" / "version.py").write_text("NAME = 'first'  # mine\n")

    refused = bot.update()

    assert refused.returncode == 1
    assert "core/version.py" in refused.stderr


def test_two_updates_at_once_are_one(bot: UpdatableBot) -> None:
    """The second is refused while the first is under way, and the status says so."""
    bot.push(name="second")
    first = subprocess.Popen(bot.command(), env=bot.environ(), stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    first.stdout.readline()
    os.kill(first.pid, signal.SIGSTOP)  # it could be done before the second one has begun

    second, status = bot.update(), bot.update("--status")
    os.kill(first.pid, signal.SIGCONT)
    first.communicate(timeout=50)

    assert (first.returncode, second.returncode) == (0, 1)
    assert "under way" in second.stderr
    assert "under way" in status.stdout


def test_without_a_way_to_restart_the_operator_has_the_last_word(tmp_path: Path) -> None:
    """The new version is current; after a restart by hand `--verify` looks, and takes back one that is not well."""
    bot = UpdatableBot(tmp_path, restarts=False).install()
    try:
        bot.push(name="second")
        assert "Restart the bot" in bot.update().stdout
        assert (bot.runs_as(), bot.starts_as()) == ("first", "second")
        bot.restart()
        assert bot.update("--verify").returncode == 0
        bot.write("config/checks.py", SICK)
        bot.push(name="third")
        bot.update()
        bot.restart()
        refused = bot.update("--verify")
        assert (refused.returncode, bot.starts_as()) == (1, "second")
    finally:
        bot.stop()


def test_an_image_is_not_updated_from_within(bot: UpdatableBot) -> None:
    """It says to pull a new one."""
    bot.settings["BOT_IMAGE"] = "1"

    refused = bot.update()

    assert (refused.returncode, "image" in refused.stderr) == (1, True)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_with_a_key_only_tags_that_it_signed_are_taken(bot: UpdatableBot) -> None:
    """Neither a branch, nor an unsigned tag, nor one that somebody else signed."""
    keys = [bot.directory / "ours", bot.directory / "theirs"]
    for key in keys:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signers = bot.directory / "signers"
    signers.write_text(f"a@b.c {keys[0].with_suffix('.pub').read_text()}")
    bot.settings["UPDATE_SIGNERS"] = str(signers)
    bot.push(name="second")
    sign = ("-c", "gpg.format=ssh", "-c")
    bot.git("tag", "--annotate", "--message", "x", "plain")
    bot.git(*sign, f"user.signingkey={keys[1]}", "tag", "--sign", "--message", "x", "theirs")
    bot.git(*sign, f"user.signingkey={keys[0]}", "tag", "--sign", "--message", "x", "ours")
    bot.git("push", "--quiet", "--tags", "origin")

    assert [bot.update(*flags).returncode for flags in ((), ("--tag=plain",), ("--tag=theirs",))] == [1, 1, 1]
    assert_untouched(bot)
    assert bot.update("--tag=ours").returncode == 0
    assert bot.runs_as() == "second"
