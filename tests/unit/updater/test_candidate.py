"""What the updater is told to fetch, and from where."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from updater.candidate import Candidate
from updater.installation import Installation
from updater.programs import UpdateError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"UPDATE_REPOSITORY": "https://github.com/a/b.git"}


@pytest.mark.parametrize(
    "name",
    [
        *("--upload-pack=touch hacked", "-x", "a..b", "../main", "main:refs/heads/x", "", "a b", "x.lock", "a//b"),
        *("a@{1}", "main.", "main/", ".main", "a\nb", "a~1", "a^", "*", "é", "x" * 300),
    ],
)
def test_names_that_mean_something_to_git_are_refused(tmp_path: Path, name: str) -> None:
    """No option, range, path or refspec travels in the name of a branch."""
    candidate = Candidate(Installation(tmp_path), GOOD, f"refs/heads/{name}")

    with pytest.raises(UpdateError, match="cannot be the name"):
        candidate.address()


@pytest.mark.parametrize("name", ["main", "release/2026.1", "v1.2.3", "feature_x+y"])
def test_ordinary_names_are_taken(tmp_path: Path, name: str) -> None:
    """Branches and tags as people name them."""
    assert Candidate(Installation(tmp_path), GOOD, f"refs/tags/{name}").address() == GOOD["UPDATE_REPOSITORY"]


@pytest.mark.parametrize(
    "address",
    [
        *("http://github.com/a/b", "https://elsewhere.example/a/b", "https://user:secret@github.com/a/b"),
        *("ssh://github.com/a/b", "git@github.com:a/b", "ext::sh -c true", "/etc", "file:///etc", "-u"),
        *("https://github.com.elsewhere.example/a", "https://github.com@elsewhere.example/a"),
    ],
)
def test_only_https_of_allowed_hosts_is_taken(tmp_path: Path, address: str) -> None:
    """Nothing is fetched from anywhere else, and a password in the address is not repeated."""
    candidate = Candidate(Installation(tmp_path), {"UPDATE_REPOSITORY": address}, "refs/heads/main")

    with pytest.raises(UpdateError, match="must be https") as refused:
        candidate.address()
    assert "secret" not in str(refused.value)


def test_an_operator_may_allow_another_host(tmp_path: Path) -> None:
    """By UPDATE_HOSTS, which then is the whole list."""
    settings = {"UPDATE_REPOSITORY": "https://git.example.org/a/b", "UPDATE_HOSTS": "git.example.org, x.org"}

    assert Candidate(Installation(tmp_path), settings, "refs/heads/main").address() == settings["UPDATE_REPOSITORY"]
    with pytest.raises(UpdateError):
        Candidate(Installation(tmp_path), {**settings, **GOOD}, "refs/heads/main").address()


def test_a_new_environment_has_whatever_the_settings_may_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scenario 134: an installation with SENTRY_DSN is updated, too: its start check needs the extra of that name."""
    program = tmp_path / "programs" / "uv"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nmkdir -p "$UV_PROJECT_ENVIRONMENT"\necho "$@" > {tmp_path}/asked\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    installation = Installation(tmp_path / "home")
    staging = installation.work / "staging"
    staging.mkdir(parents=True)
    for name in ("uv.lock", "pyproject.toml"):
        (staging / name).touch()

    Candidate(installation, GOOD, "refs/heads/main").install()

    assert "--all-extras" in (tmp_path / "asked").read_text()
