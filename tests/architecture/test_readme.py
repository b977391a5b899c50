"""The README is short and true."""

from __future__ import annotations

import re

import pytest

from tests.architecture.sources import ROOT

README = (ROOT / "README.md").read_text("utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_readme_is_read_in_one_sitting() -> None:
    """At most 150 lines."""
    assert len(README.splitlines()) <= 150


def test_commands_of_the_readme_exist() -> None:
    """Every `make` target, module and script that the README tells people to run is there."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    modules = [name.replace(".", "/") for name in re.findall(r"python -m ([\w.]+)", README)]
    scripts = re.findall(r"python (\w+\.py)", README)

    assert set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", README, re.MULTILINE)) <= targets
    assert [m for m in modules if not ((ROOT / f"{m}.py").is_file() or (ROOT / m / "__main__.py").is_file())] == []
    assert [script for script in scripts if not (ROOT / script).is_file()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document) -> None:
    """Every relative link of the documentation points to a file."""
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text("utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_tree_of_the_readme_exists() -> None:
    """Every path in the README's tree is there."""
    tree = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    paths = [line.split()[0] for block in tree for line in block.splitlines() if re.match(r"[\w.]", line)]

    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
