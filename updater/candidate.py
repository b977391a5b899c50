"""A newer version, fetched and checked beside the one that runs, of which nothing is changed."""

from __future__ import annotations

import ast
import hashlib
import io
import os
import re
import shutil
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from updater.programs import UpdateError, git, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from updater.installation import Installation

_REQUIRED = (
    *("bot.py", "update.py", "pyproject.toml", "uv.lock"),
    *("config", "core", "handlers", "repositories", "updater"),
)
_HOSTS = "github.com,gitlab.com,codeberg.org"
_NAME = re.compile(r"(?!.*(?:\.\.|//|@\{|\.lock(?:/|$)))[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}(?<![./])")
_TARGET = "refs/update/target"
_ALL_THAT_RUNS = ("--no-default-groups", "--all-extras")  # which extra is needed, the settings say, e.g. SENTRY_DSN
_INSTALL_S, _CHECK_S = 1200.0, 120.0


class Candidate:
    """What may become the next version of an installation; every method raises UpdateError.

    Args:
        settings: UPDATE_REPOSITORY, UPDATE_HOSTS and UPDATE_SIGNERS are read.
        ref: `refs/heads/…` or `refs/tags/…`.
        allow_local: take a repository on this machine as well.
    """

    def __init__(
        self, installation: Installation, settings: Mapping[str, str], ref: str, *, allow_local: bool = False
    ) -> None:
        self._installation = installation
        self._settings = settings
        self._ref = ref
        self._allow_local = allow_local
        self._repository = installation.work / "repository.git"
        self._staging = installation.work / "staging"

    def address(self) -> str:
        """Where to fetch from, once everything that was given is sound."""
        name = self._ref.split("/", 2)[2]
        if not _NAME.fullmatch(name):
            raise UpdateError(f"{name!r} cannot be the name of a branch or a tag.")
        if self._settings.get("UPDATE_SIGNERS") and not self._ref.startswith("refs/tags/"):
            raise UpdateError("UPDATE_SIGNERS is set, so only a signed tag is taken: give it with --tag.")
        self._refuse_changes()
        url = self._settings.get("UPDATE_REPOSITORY") or self._origin()
        parts = urlsplit(url)
        if self._allow_local and parts.scheme in {"", "file"}:
            return url
        hosts = [host.strip() for host in self._settings.get("UPDATE_HOSTS", _HOSTS).split(",")]
        if parts.scheme != "https" or parts.username or parts.password or parts.hostname not in hosts:
            raise UpdateError(f"The repository must be https on one of {', '.join(hosts)}, without a password in it.")
        return url

    def fetch(self, url: str) -> str:
        """The newest commit, in a repository of our own; its tag is signed well where that is asked for."""
        if not (self._repository / "HEAD").exists():
            shutil.rmtree(self._repository, ignore_errors=True)
            git("init", "--quiet", "--bare", str(self._repository))
        how = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules")
        git("fetch", *how, "--", url, f"+{self._ref}:{_TARGET}", at=self._repository, local=self._allow_local)
        if signers := self._settings.get("UPDATE_SIGNERS"):
            file = self._installation.home / Path(signers).expanduser()
            trust = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={file}")
            git(*trust, "verify-tag", _TARGET, at=self._repository)
        return git("rev-parse", "--verify", f"{_TARGET}^{{commit}}", at=self._repository).decode().strip()

    def unpack(self, commit: str) -> None:
        """Write the tree of a commit into the staging directory."""
        shutil.rmtree(self._staging, ignore_errors=True)
        archive = git("archive", "--format=tar", commit, at=self._repository)
        try:
            with tarfile.open(fileobj=io.BytesIO(archive)) as files:
                files.extractall(self._staging, filter="data")
        except tarfile.TarError as error:
            raise UpdateError(f"The new version cannot be unpacked: {error}.") from None
        (self._staging / ".release").write_text(commit + "\n", encoding="ascii")

    def require_files(self) -> None:
        """Nothing that makes a bot is missing."""
        if missing := [name for name in _REQUIRED if not (self._staging / name).exists()]:
            raise UpdateError(f"The new version lacks {', '.join(missing)}.")

    def parse(self) -> None:
        """Every Python file can be parsed; none is run."""
        for file in sorted(self._staging.rglob("*.py")):
            name = file.relative_to(self._staging)
            try:
                ast.parse(file.read_bytes(), filename=str(name))
            except (SyntaxError, ValueError) as error:
                raise UpdateError(f"The new version cannot be parsed: {name}: {error}.") from None

    def install(self) -> None:
        """An environment with exactly what its lock file names, shared by all versions with the same one."""
        named = (self._staging / "uv.lock").read_bytes() + (self._staging / "pyproject.toml").read_bytes()
        locked = f"{hashlib.sha256(named).hexdigest()[:16]}-{sys.version_info[0]}.{sys.version_info[1]}"
        environment = self._installation.work / "environments" / locked
        complete = environment / ".complete"
        if not complete.exists():
            shutil.rmtree(environment, ignore_errors=True)
            command = [*self._uv(), "sync", "--quiet", "--locked", *_ALL_THAT_RUNS, "--python", sys.executable]
            where = {"UV_PROJECT_ENVIRONMENT": str(environment)}
            run([*command, "--project", str(self._staging)], _INSTALL_S, more=where)
            complete.touch()
        (self._staging / ".venv").symlink_to(environment)

    def check_start(self) -> None:
        """It reads the settings of this installation and puts itself together, connecting to nothing."""
        python = str(self._staging / ".venv" / "bin" / "python")
        for program, flag in (("bot.py", "--check"), ("update.py", "--help")):
            command = [python, str(self._staging / program), flag]
            run(command, _CHECK_S, at=self._installation.home, more=dict(os.environ))

    def keep(self, commit: str) -> Path:
        """Give the checked tree its place among the versions."""
        tree = self._installation.releases / commit
        shutil.rmtree(tree, ignore_errors=True)
        tree.parent.mkdir(exist_ok=True)
        return self._staging.rename(tree)

    def _refuse_changes(self) -> None:
        if not self._installation.is_checkout or self._installation.tree != self._installation.home:
            return
        if changed := git("status", "--porcelain", "--untracked-files=no", at=self._installation.home).decode():
            raise UpdateError("These files were changed here; commit or revert them first:\n" + changed.rstrip())

    def _origin(self) -> str:
        if not self._installation.is_checkout:
            raise UpdateError("This is no checkout, so UPDATE_REPOSITORY has to say where versions come from.")
        return git("remote", "get-url", "origin", at=self._installation.home).decode().strip()

    def _uv(self) -> list[str]:
        """How to call uv: the one on the PATH, or one of the updater's own."""
        if found := shutil.which("uv"):
            return [found]
        own = self._installation.work / "uv"
        if not (own / ".complete").exists():
            run([sys.executable, "-m", "venv", "--clear", str(own)], _INSTALL_S)
            run([str(own / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"], _INSTALL_S)
            (own / ".complete").touch()
        return [str(own / "bin" / "uv")]
