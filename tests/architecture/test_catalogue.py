"""Code and catalogue agree: every key, every value, every language."""

from __future__ import annotations

import ast
import re
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

import core.errors
from core.text.catalog import LOCALES
from tests.architecture.sources import EVERYTHING, PRODUCTION, sources

if TYPE_CHECKING:
    from collections.abc import Iterator

ALLOWED_TAGS = {"b", "i", "code", "a"}
KEY = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
LANGUAGES = sorted(path.stem for path in LOCALES.glob("*.ftl"))


class _Variables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.messages: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802
        self.names.add(node.id.name)

    def visit_MessageReference(self, node: ftl.MessageReference) -> None:  # noqa: N802
        self.messages.add(node.id.name)


@cache
def messages(language: str) -> dict[str, ftl.Message]:
    """Every sentence of a language by key; a key written twice is an error."""
    body = FluentParser().parse((LOCALES / f"{language}.ftl").read_text("utf-8")).body
    found = [entry for entry in body if isinstance(entry, ftl.Message)]
    keys = [entry.id.name for entry in found]
    assert len(keys) == len(set(keys)), f"{language}.ftl: {sorted(key for key in set(keys) if keys.count(key) > 1)}"
    return {entry.id.name: entry for entry in found}


@cache
def placeholders(language: str, key: str) -> frozenset[str]:
    """Names of the values that a sentence needs, those of the sentences it quotes included."""
    visitor = _Variables()
    visitor.visit(messages(language)[key])
    return frozenset(visitor.names).union(*(placeholders(language, quoted) for quoted in visitor.messages))


def variants(pattern: ftl.Pattern) -> Iterator[str]:
    """Every wording that a pattern can produce, with "x" for each value."""
    wordings = [""]
    for element in pattern.elements:
        wordings = [before + after for before in wordings for after in _wordings(element)]
    yield from wordings


def _wordings(element: ftl.TextElement | ftl.Placeable) -> list[str]:
    if isinstance(element, ftl.TextElement):
        return [element.value]
    if isinstance(element.expression, ftl.SelectExpression):
        return [wording for variant in element.expression.variants for wording in variants(variant.value)]
    return ["x"]


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        if tag not in ALLOWED_TAGS or [name for name, _ in attrs] != (["href"] if tag == "a" else []):
            self.problems.append(f"<{tag} {attrs}>")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}>")


def markup_problems(wording: str) -> list[str]:
    """What Telegram would refuse or show wrongly."""
    parser = _Markup()
    parser.feed(wording)
    parser.close()
    bare = re.findall(r"&(?!(?:amp|lt|gt|quot);)", wording)
    return [*parser.problems, *(f"<{tag}> is left open" for tag in parser.open), *bare]


def error_classes() -> dict[str, type[core.errors.UserFacingError]]:
    found = vars(core.errors).values()
    return {c.__name__: c for c in found if isinstance(c, type) and issubclass(c, core.errors.UserFacingError)}


def renderings() -> Iterator[tuple[str, str, set[str] | None]]:
    """(place, key, names of the values given or None when they are not written out) of every use of a literal key."""
    for source in sources(*EVERYTHING):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and (key := key_of(node)) is not None:
                given = {keyword.arg for keyword in node.keywords}
                yield f"{source.path}:{node.lineno}", key, None if None in given else {str(name) for name in given}


def key_of(call: ast.Call) -> str | None:
    """The catalogue key of `x.html("key")`, `x.plain("key")`, `SomeRefusal("key")` and `SomeRefusal()`."""
    name = ast.unparse(call.func).rpartition(".")[2]
    literal = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    if name in {"html", "plain"} and isinstance(call.func, ast.Attribute):
        return literal if isinstance(literal, str) else None
    refusal = error_classes().get(name)
    if refusal is None or ("__init__" in vars(refusal) and refusal is not core.errors.UserFacingError):
        return None
    return literal if isinstance(literal, str) else (None if call.args else refusal.default_key)


def literals(tree: ast.AST) -> Iterator[tuple[bool, str]]:
    """(whole, text): every string, and the constant beginning of every f-string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield True, node.value
        elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            yield False, str(node.values[0].value)


def text_keys(owner: Any) -> set[str]:
    return {str(value) for name, value in vars(owner).items() if name in {"default_key", "text_key"} and value}


def test_every_key_in_the_code_has_a_sentence() -> None:
    """No reader meets a key instead of a sentence."""
    missing = sorted({f"{place}: {key}" for place, key, _ in renderings() if key not in messages("en")})

    assert missing == []


def test_every_error_has_a_sentence() -> None:
    """Each refusal and each fault of the error tree can be told."""
    keys = set().union(*(text_keys(owner) for owner in vars(core.errors).values() if isinstance(owner, type)))

    assert keys
    assert sorted(keys - messages("en").keys()) == []


def test_every_sentence_is_given_its_values() -> None:
    """A literal use of a key passes every value the sentence needs."""
    lacking = [
        f"{place}: {key} needs {', '.join(sorted(needed))}"
        for place, key, given in renderings()
        if given is not None and key in messages("en") and (needed := placeholders("en", key) - given)
    ]

    assert lacking == []


def test_no_sentence_is_orphaned() -> None:
    """Every key stands in the production code, whole or as the beginning of a composed one."""
    found = {literal for source in sources(*PRODUCTION) for literal in literals(source.tree)}
    whole = {text for is_whole, text in found if is_whole}
    beginnings = tuple(text for is_whole, text in found if not is_whole and re.fullmatch(r"[a-z][a-z0-9-]*-", text))

    assert sorted(key for key in messages("en") if key not in whole and not key.startswith(beginnings)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same(language: str) -> None:
    """Each language has every sentence, with the same values."""
    assert sorted(messages(language)) == sorted(messages("en"))
    different = [key for key in messages("en") if placeholders(language, key) != placeholders("en", key)]
    assert different == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wording_is_sound_markup(language: str) -> None:
    """Only the four tags, closed in order, and no bare ampersand."""
    problems = {
        key: found
        for key, message in messages(language).items()
        for wording in variants(message.value)
        if (found := markup_problems(wording))
    }

    assert problems == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_keys_are_named_alike(language: str) -> None:
    """A key is lower-case words joined by hyphens, with a value of its own."""
    assert [key for key, message in messages(language).items() if not KEY.fullmatch(key) or message.value is None] == []


@pytest.mark.parametrize("wording", ["<b>x", "<b>x</i></b>", "<u>x</u>", "a & b", '<a name="x">y</a>', "<b id=1>x</b>"])
def test_unsound_markup_is_recognised(wording: str) -> None:
    """What Telegram would refuse is found here first."""
    assert markup_problems(wording)
