"""Documents that list what is there list all of it."""

from __future__ import annotations

import re
import tomllib

from core.observability.metrics import METRICS
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


def test_the_page_on_imports_names_every_reason() -> None:
    """Whoever is told that a record was left out finds the word there."""
    sources = [
        ROOT / "core" / "services" / "import_fields.py",
        ROOT / "core" / "telegram" / "file_ids.py",
        ROOT / "core" / "services" / "library_import.py",
    ]
    found = "\n".join(path.read_text("utf-8") for path in sources)
    reasons = set(re.findall(r"UnusableRecordError\(\"(\w+)\"\)|, \"(bad_\w+)\"\)|refuse\(\"(\w+)\"\)", found))
    page = (DOCS / "operations" / "import.md").read_text("utf-8")

    assert reasons
    assert {reason for parts in reasons for reason in parts if reason and f"`{reason}`" not in page} == set()


def test_metrics_and_alerts_of_the_operators_pages_exist() -> None:
    """Whoever follows them finds what they name."""
    known = {f"file_filter_{spec.name}" for spec in METRICS}
    rules = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text("utf-8")
    alerts = set(re.findall(r"alert: (\w+)", rules))
    for page in sorted((DOCS / "operations").glob("*.md")):
        text = page.read_text("utf-8")
        assert set(re.findall(r"file_filter_[a-z_]+", text)) - {"file_filter_bot"} <= known
        assert set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]+)+)`", text)) <= alerts


def test_the_tree_of_the_architecture_page_is_the_tree() -> None:
    """Every folder and file of the upper levels has a line, and every line a file or folder."""
    block = (DOCS / "architecture.md").read_text("utf-8").split("```text\n")[1].split("```")[0]
    told: set[str] = set()
    folder = ""
    for line in block.splitlines():
        if re.match(r"\S", line):
            folder = line.split()[0]
            told.add(folder)
        elif re.match(r"  \S", line):
            told.add(folder + line.split()[0])
    packages = {"bot.py", "update.py", "updater/", "config/", "core/", "handlers/", "repositories/", "sandbox/"}
    parts = {
        f"core/{path.name}{'/' if path.is_dir() else ''}"
        for path in (ROOT / "core").iterdir()
        if not path.name.startswith("__")
    }

    assert (packages | parts) - told == set()
    assert {name for name in told if not (ROOT / name).exists()} == set()


def test_the_layers_of_the_architecture_page_are_those_that_are_checked() -> None:
    """Line by line, from the handlers down."""
    block = (DOCS / "architecture.md").read_text("utf-8").split("```text\n")[2].split("```")[0]
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]

    told = [set(re.findall(r"[a-z_.]+", line.split("  ")[0])) for line in block.splitlines()[1:]]

    assert told == [set(re.findall(r"[a-z_.]+", layer)) for layer in layers]


def test_the_version_has_its_changes() -> None:
    """Whoever installs a release reads what is in it; what comes after it stands above."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)

    assert headings[:2] == ["Unreleased", version]
