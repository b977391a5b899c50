"""What the updater is told to fetch, and from where."""

from __future__ import annotations

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
