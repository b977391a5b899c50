"""SecureUpdater: bring this installation to a newer version, as a whole or not at all. Standard library only.

    python update.py [--branch NAME | --tag NAME]     to the newest commit of a branch, or to a tag
    python update.py --dry-run                        only see whether that would start
    python update.py --status | --verify | --rollback

Every version is a directory of its own under `.updates/releases`, with the environment that its lock file asks for.
The link `current` names the one that runs, and the `bot.py` beside it starts that one, with `.env`, session and `data`
where they always were. Changing the link is the switch: before it nothing has changed, after it everything has. A kill
at any step leaves one whole version; the next run clears up.

Settings, from the environment or `.env`: UPDATE_REPOSITORY (an https address; otherwise where this checkout came from),
UPDATE_HOSTS (allowed hosts, comma-separated), UPDATE_RESTART (a command that restarts the bot, such as
`systemctl restart file-filter-bot`), UPDATE_SIGNERS (an `allowed_signers` file of ssh-keygen: then only tags signed by
one of them are taken), HTTP_HOST, PORT and HTTP_TOKEN (the bot's own, whose health is asked).

Exit codes: 0 done, or nothing to do; 1 refused or failed, and the version before runs on; 2 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from updater.candidate import Candidate
from updater.installation import Installation, home_of
from updater.programs import UpdateError
from updater.running_bot import RunningBot, read_settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_IN_IMAGE = "BOT_IMAGE"  # set by the Dockerfile


@dataclass(frozen=True)
class SecureUpdater:
    """Moves one installation between versions in named steps, each said before it begins.

    Every method returns a sentence, or raises UpdateError with what went wrong: before the step `switch` nothing has
    changed then, after it the version before is current again.
    """

    installation: Installation
    candidate: Candidate
    bot: RunningBot

    def update(self, *, dry_run: bool = False) -> str:
        """Take the newest version."""
        with self.installation.alone():
            self._begin("arguments")
            url = self.candidate.address()
            self._begin("fetch")
            commit = self.candidate.fetch(url)
            if commit == self._current():
                return self._complete(commit, dry_run=dry_run)
            self._stage(commit)
            if dry_run:
                self.installation.note(outcome="would start")
                return f"{commit[:12]} would start; nothing was changed."
            self._begin("backup")
            self.installation.back_up()
            self._begin("switch")
            self.installation.switch(self.candidate.keep(commit))
            return self._run(commit)

    def verify(self) -> str:
        """Look at the health of the current version, which somebody restarted; go back when it never was well."""
        with self.installation.alone():
            return self._prove(self._current())

    def roll_back(self) -> str:
        """Make the version before current again, and run it."""
        with self.installation.alone():
            self._begin("switch")
            self.installation.switch(self.installation.previous)
            self.installation.note(unproven=None)  # it was asked for, so nothing takes it back by itself
            version = self._current()
            if not self._restarted():
                return f"{version[:12]} is current again; restart the bot to run it."
            self._begin("health")
            if not self._is_well():
                raise UpdateError(f"{version[:12]} is current again, and not well either: see its log.")
            self.installation.note(outcome="rolled back")
            return f"{version[:12]} runs again."

    def status(self) -> str:
        """Which version is current, and how the last update ended or where it stands."""
        state = self.installation.state()
        lines = [f"current: {self._current()}"]
        if state:
            lines.append(f"last update: {state.get('outcome') or self._standing()}")
            lines.append(f"step: {state.get('step')}, {state.get('at')}")
        return "\n".join(lines)

    def _stage(self, commit: str) -> None:
        steps = {
            "stage": lambda: self.candidate.unpack(commit),
            "required_files": self.candidate.require_files,
            "parse": self.candidate.parse,
            "dependencies": self.candidate.install,
            "start_check": self.candidate.check_start,
        }
        for name, take in steps.items():
            self._begin(name)
            take()

    def _complete(self, version: str, *, dry_run: bool) -> str:
        """What is left to do for a version that is current: nothing, or what an update that was killed did not do."""
        if not self.installation.is_proven and not dry_run:
            return self._run(version)
        self.installation.note(outcome="nothing to do")
        return f"{version[:12]} runs already."

    def _run(self, version: str) -> str:
        """Restart into a version and see how it is; without a way to restart, say what is left to do."""
        try:
            if not self._restarted():
                self.installation.note(outcome="switched, to be restarted")
                return f"{version[:12]} is current. Restart the bot, then run: python update.py --verify"
        except UpdateError as error:
            self._go_back(version, str(error))
        return self._prove(version)

    def _prove(self, version: str) -> str:
        self._begin("health")
        if not self._is_well():
            if self.installation.is_proven:
                stays = "It was not taken on just now, so it stays: see its log, or go back with --rollback."
                raise UpdateError(f"{version[:12]} is not well. {stays}")
            self._go_back(version, "It did not become healthy.")
        self._begin("tidy")
        self.installation.tidy()
        self.installation.note(outcome="done", unproven=None)
        return f"{version[:12]} runs."

    def _go_back(self, version: str, reason: str) -> None:
        self._begin("rollback")
        self.installation.take_back()
        try:
            left = "" if self.bot.restart() else " Restart the bot."
        except UpdateError:
            left = "\nThe command that restarts the bot fails: start it by hand."
        raise UpdateError(f"{version[:12]} was taken back, {self._current()[:12]} is current again. {reason}{left}")

    def _restarted(self) -> bool:
        self._begin("restart")
        return self.bot.restart()

    def _is_well(self) -> bool:
        return self.bot.becomes_healthy(self.installation.told_by(self.installation.tree))

    def _current(self) -> str:
        return self.installation.version_of(self.installation.tree)

    def _standing(self) -> str:
        try:
            with self.installation.alone():
                return "interrupted; what is current is whole, and the next update starts anew"
        except UpdateError:
            return "under way"

    def _begin(self, step: str) -> None:
        self.installation.note(step=step, outcome=None)
        print(f"==> {step}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked; returns the exit code."""
    parser = argparse.ArgumentParser(description="Bring the bot to a newer version, as a whole or not at all.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--status", action="store_true", help="which version is current, how the last update ended")
    what.add_argument("--verify", action="store_true", help="after a restart by hand: is it well? If not, go back")
    what.add_argument("--rollback", action="store_true", help="go back to the version before")
    what.add_argument("--dry-run", action="store_true", help="check the newest version, and change nothing")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--branch", default="main", help="whose newest commit to take (main)")
    source.add_argument("--tag", help="which tag to take instead")
    parser.add_argument("--allow-local", action="store_true", help="take a repository on this machine, e.g. a mirror")
    parser.add_argument("--health-seconds", type=float, default=90.0, help="time to become healthy (90)")
    flags = parser.parse_args(arguments)
    try:
        print(_answer(flags, home_of(Path(__file__))))
    except (UpdateError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _answer(flags: argparse.Namespace, home: Path) -> str:
    settings, installation = read_settings(home), Installation(home)
    ref = f"refs/tags/{flags.tag}" if flags.tag else f"refs/heads/{flags.branch}"
    candidate = Candidate(installation, settings, ref, allow_local=flags.allow_local)
    updater = SecureUpdater(installation, candidate, RunningBot(home, settings, flags.health_seconds))
    if flags.status:
        return updater.status()
    if _IN_IMAGE in settings:
        raise UpdateError("This is the image: pull or build the new one instead, then `docker compose up -d`.")
    if flags.verify:
        return updater.verify()
    return updater.roll_back() if flags.rollback else updater.update(dry_run=flags.dry_run)


if __name__ == "__main__":
    sys.exit(main())
