"""The catalogue: a key and values become a sentence in a person's language.

Sentences live in `config/locales/<language>.ftl` (Project Fluent) and are written as HTML. Markup comes from those
files only: a value can never introduce any, whatever it contains.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import TYPE_CHECKING, Self

from babel import Locale
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import ast

from core.text.pseudo_locale import PSEUDO_LANGUAGE, mirror_resource

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCALES = Path(__file__).parents[2] / "config" / "locales"
FALLBACK_LANGUAGE = "en"

TextValue = str | int | float

# Noncharacters of Unicode: legal in no file and no message, so they can mark the places of values.
_SLOT = re.compile("\ufdd0([0-9]+)\ufdd1")
_TAG = re.compile(r"</?(?:b|i|code|a)(?: [^<>]*)?>")
# Control characters, overrides and isolates (a value must not reach beyond itself), lone surrogates, our own marks.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0\ufdd1]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


class CatalogueError(LookupError):
    """A sentence cannot be rendered: no such key, or a value it needs was not given. Always a mistake in the code."""


class _Slot(str):
    """Stands in the sentence for a text value; compares as the value, so that a Fluent selector may choose by it."""

    __slots__ = ("value",)

    def __new__(cls, index: int, value: str) -> Self:
        slot = super().__new__(cls, f"\ufdd0{index}\ufdd1")
        slot.value = value
        return slot

    value: str

    def __eq__(self, other: object) -> bool:
        return self.value == other

    def __hash__(self) -> int:
        return hash(self.value)


class Texts:
    """The catalogue in one language.

    Attributes:
        language: tag of the .ftl file in use, e.g. "en".
        right_to_left: whether its sentences run from right to left.
    """

    def __init__(self, language: str, bundle: FluentBundle, *, right_to_left: bool) -> None:
        self.language = language
        self.right_to_left = right_to_left
        self._bundle = bundle

    def html(self, key: str, /, **values: TextValue) -> str:
        """Render a sentence as HTML with <b>, <i>, <code> and <a href> only, every value escaped.

        Args:
            key: id of the sentence in the .ftl files.
            values: text of any content and length (control characters and direction overrides are dropped), or numbers,
                which are grouped by language: give a year or an id as text.

        Raises:
            CatalogueError: unknown key, or a value that the sentence needs is missing.
        """
        slots: list[str] = []
        sentence = self._format(key, values, slots)
        return _SLOT.sub(lambda mark: html.escape(self._fit(slots[int(mark[1])])), sentence) if slots else sentence

    def plain(self, key: str, /, **values: TextValue) -> str:
        """Render a sentence without markup, for button labels, alerts and toasts; values stand as they are.

        Args and errors are those of `html`.
        """
        slots: list[str] = []
        sentence = html.unescape(_TAG.sub("", self._format(key, values, slots)))
        return _SLOT.sub(lambda mark: self._fit(slots[int(mark[1])]), sentence) if slots else sentence

    def _format(self, key: str, values: Mapping[str, TextValue], slots: list[str]) -> str:
        """The sentence with marks in the place of text values, which are appended to `slots`."""
        arguments: dict[str, TextValue] = {}
        for name, value in values.items():
            if isinstance(value, str):
                arguments[name] = _Slot(len(slots), value)
                slots.append(value)
            else:
                arguments[name] = value
        try:
            pattern = self._bundle.get_message(key).value
        except LookupError:
            raise CatalogueError(f"no sentence {key!r} in {self.language!r}") from None
        if pattern is None:
            raise CatalogueError(f"{key!r} has attributes only in {self.language!r}")
        sentence, errors = self._bundle.format_pattern(pattern, arguments)
        if errors:
            raise CatalogueError(f"sentence {key!r} in {self.language!r}: {'; '.join(map(str, errors))}")
        return str(sentence)

    def _fit(self, value: str) -> str:
        """Make a value printable, and isolate it where its direction could disturb the sentence around it."""
        if value.isascii():
            text = value if value.isprintable() else _UNPRINTABLE.sub("", value)
            return f"\u2068{text}\u2069" if self.right_to_left else text
        text = _UNPRINTABLE.sub("", value)
        return f"\u2068{text}\u2069" if self.right_to_left or _RIGHT_TO_LEFT.search(text) else text


class Catalogue:
    """Every language's sentences; files are read once and kept.

    The pseudo-locale `qps-plocm` is made from English when it is asked for: accented, bracketed, right-to-left, so that
    a test sees at a glance which sentence did not come from here.
    """

    def __init__(self, directory: Path = LOCALES) -> None:
        self._resources = {
            path.stem: FluentResource(path.read_text("utf-8")) for path in sorted(directory.glob("*.ftl"))
        }
        _refuse_junk(self._resources)
        self._texts: dict[str, Texts] = {}

    @property
    def languages(self) -> tuple[str, ...]:
        """Tags of the languages that have a file, sorted."""
        return tuple(self._resources)

    def for_language(self, language: str | None) -> Texts:
        """The sentences in `language`, in its base language, or in English; None and unknown tags give English."""
        tag = self._known(language)
        texts = self._texts.get(tag)
        if texts is None:
            texts = self._texts[tag] = self._build(tag)
        return texts

    def html(self, key: str, language: str | None, /, **values: TextValue) -> str:
        """Shorthand for `for_language(language).html(key, ...)`."""
        return self.for_language(language).html(key, **values)

    def plain(self, key: str, language: str | None, /, **values: TextValue) -> str:
        """Shorthand for `for_language(language).plain(key, ...)`."""
        return self.for_language(language).plain(key, **values)

    def _known(self, language: str | None) -> str:
        tag = (language or FALLBACK_LANGUAGE).lower().replace("_", "-")
        for candidate in (tag, tag.partition("-")[0]):
            if candidate in self._resources or candidate == PSEUDO_LANGUAGE:
                return candidate
        return FALLBACK_LANGUAGE

    def _build(self, tag: str) -> Texts:
        """Bundle of a language; what it lacks is taken from English."""
        english = self._resources[FALLBACK_LANGUAGE]
        if tag == PSEUDO_LANGUAGE:
            resource, locale = mirror_resource(english), "ar"
        else:
            resource, locale = self._resources[tag], tag
        # Values are isolated by `_fit`, only where their direction asks for it.
        bundle = FluentBundle([locale], use_isolating=False)
        bundle.add_resource(resource)
        bundle.add_resource(english)
        direction = Locale.parse(locale, sep="-").text_direction
        return Texts(tag, bundle, right_to_left=direction == "rtl")


def _refuse_junk(resources: Mapping[str, ast.Resource]) -> None:
    """A line that Fluent cannot read would silently lose a sentence.

    Raises:
        CatalogueError: names the language and shows the line.
    """
    for language, resource in resources.items():
        for entry in resource.body:
            if isinstance(entry, ast.Junk):
                raise CatalogueError(f"{language}.ftl cannot be read at: {entry.content.strip()[:200]}")
