"""Documents that list what is there list all of it."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT

DOCS = ROOT / "docs"
GLOSSARY = (DOCS / "glossary.md").read_text("utf-8")
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def test_every_noun_of_the_domain_is_explained() -> None:
    """A file in core/domain is a noun; one line in docs/glossary.md says what it means."""
    explained = set(re.findall(r"`(core/domain/\w+\.py)` \|$", GLOSSARY, re.MULTILINE))
    nouns = {path.relative_to(ROOT).as_posix() for path in (ROOT / "core" / "domain").glob("*.py")}

    assert nouns - {"core/domain/__init__.py"} - explained == set()
    assert explained - nouns == set()


def test_no_noun_is_explained_by_itself() -> None:
    """Every row has a noun in bold, and says something of it."""
    rows = [line.strip("|").split(" | ") for line in GLOSSARY.splitlines() if "`core/domain/" in line and "|" in line]

    assert rows
    assert [row[0] for row in rows if "**" not in row[0] or len(row) != 3 or len(row[1].split()) < 3] == []


def test_every_decision_is_in_the_index_by_its_title() -> None:
    """docs/decisions/README.md has the line `- [Title](file)` for each, in order."""
    files = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    lines = [f"- [{path.read_text('utf-8').splitlines()[0].removeprefix('# ')}]({path.name})" for path in files]
    index = (DOCS / "decisions" / "README.md").read_text("utf-8").splitlines()

    assert [line for line in index if line.startswith("- [")] == lines


PROGRAM = re.compile(
    r"python -m ((?:core|sandbox|benchmarks)(?:\.\w+)*)(?![\w.<])|(?:^|[ `/])python (\w+)\.py", re.MULTILINE
)


def test_programs_that_documents_name_exist() -> None:
    """Whoever copies `python -m …` or `python ….py` out of a document starts something."""
    named = {(page.name, *found) for page in PAGES for found in PROGRAM.findall(page.read_text("utf-8"))}
    paths = {(page, ROOT / (module.replace(".", "/") or script)) for page, module, script in named}

    assert paths
    assert {
        (page, path.name)
        for page, path in paths
        if not path.with_suffix(".py").is_file() and not (path / "__main__.py").is_file()
    } == set()
