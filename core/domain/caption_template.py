"""What stands under a delivered file, written by an admin: Telegram's HTML with placeholders.

    <b>{filename}</b>
    {quality} · {language} · {size}

A template is data, not a format string: a placeholder is one of the known names and nothing else. Two braces, `{{` and
`}}`, stand for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

FIELDS = (
    "filename",
    "size",
    "caption",
    "type",
    "quality",
    "season",
    "episode",
    "year",
    "language",
    "duration",
    "extension",
    "bot_username",
)
LONGEST_TEXT = 700
"""Characters of a template that always appear; they leave room for a file's name."""

LONGEST_TEMPLATE = 2000
"""Characters as they are written, so that a template can be shown in a message with other words."""

_LONGEST_DETAIL = 60

# Noncharacters and private characters stand for placeholders and tags, so a template may contain none of its own.
FIRST_FIELD = 0xFDD0
EMPTY = "\ufddf"
FIRST_TAG = 0xF0000
_RESERVED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\U000f0000-\U0010ffff]")

_TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|<[^<>]*>|<|&(?:amp|lt|gt|quot|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});")
_TAG = re.compile(r"<(/?)([a-z-]+)((?:\s[^<>]*)?)>", re.IGNORECASE)
_HREF = re.compile(r"""\s+href=(?:"([^"]*)"|'([^']*)')\s*""")
_ADDRESS = re.compile(r"(?:https?|tg)://[^\s\"<>]+")
_FIELD_IN_ADDRESS = re.compile(r"\{([^{}]*)\}")
_NAMES = {"strong": "b", "em": "i", "ins": "u", "strike": "s", "del": "s"}
_TAGS = frozenset({"b", "i", "u", "s", "code", "pre", "tg-spoiler", "blockquote", "a"})


class TemplateProblem(StrEnum):
    """Why a template cannot be used."""

    UNKNOWN_FIELD = "unknown-field"
    BAD_FIELD = "bad-field"
    LONE_BRACE = "lone-brace"
    UNKNOWN_TAG = "unknown-tag"
    BAD_LINK = "bad-link"
    NOT_CLOSED = "not-closed"
    NOT_OPENED = "not-opened"
    BAD_CHARACTER = "bad-character"
    TOO_LONG = "too-long"


_SENTENCES = {
    TemplateProblem.UNKNOWN_FIELD: "there is no placeholder {}",
    TemplateProblem.BAD_FIELD: "a placeholder is a name alone, without format or parts: {}",
    TemplateProblem.LONE_BRACE: "a brace stands alone at {}; write it twice",
    TemplateProblem.UNKNOWN_TAG: "Telegram knows no tag {}",
    TemplateProblem.BAD_LINK: "a link needs an address with https:// and may hold {{bot_username}} only: {}",
    TemplateProblem.NOT_CLOSED: "the tag {} is not closed",
    TemplateProblem.NOT_OPENED: "the tag {} closes nothing",
    TemplateProblem.BAD_CHARACTER: "the character {} cannot be used",
    TemplateProblem.TOO_LONG: "the text is longer than {} characters",
}


class TemplateError(ValueError):
    """A template that cannot be used.

    Attributes:
        problem: what is wrong.
        detail: the part of the template that is wrong, shortened, or the limit that is passed.
    """

    def __init__(self, problem: TemplateProblem, detail: str) -> None:
        self.problem = problem
        self.detail = detail if len(detail) <= _LONGEST_DETAIL else f"{detail[:_LONGEST_DETAIL]}…"
        super().__init__(_SENTENCES[problem].format(self.detail))


@dataclass(frozen=True, slots=True)
class CaptionTemplate:
    """A template that was read.

    Attributes:
        skeleton: its text, with one character for each placeholder (`field_mark`) and tag (`FIRST_TAG` + its number).
        tags: the HTML of each tag, properly nested; an address may still hold `{bot_username}`.
    """

    skeleton: str
    tags: tuple[str, ...]


def field_mark(name: str) -> str:
    """The character that stands for a placeholder in a skeleton."""
    return chr(FIRST_FIELD + FIELDS.index(name))


def checked_template(text: str) -> str:
    """The template itself, when it can be used; for settings.

    Raises:
        TemplateError: it cannot.
    """
    parse_template(text)
    return text


def parse_template(text: str) -> CaptionTemplate:
    """Read a template.

    Raises:
        TemplateError: a placeholder or a tag is unknown, a tag is not closed in order, or the text is too long.
    """
    if len(text) > LONGEST_TEMPLATE:
        raise TemplateError(TemplateProblem.TOO_LONG, str(LONGEST_TEMPLATE))
    reading = _Reading()
    position = 0
    for token in _TOKEN.finditer(text):
        reading.literal(text[position : token.start()])
        reading.token(token[0], text[token.start() :][:20])
        position = token.end()
    reading.literal(text[position:])
    return reading.finished()


class _Reading:
    """What was read of a template so far."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._tags: list[str] = []
        self._open: list[str] = []
        self._length = 0

    def literal(self, text: str) -> None:
        """Text that stands for itself."""
        if reserved := _RESERVED.search(text):
            raise TemplateError(TemplateProblem.BAD_CHARACTER, f"U+{ord(reserved[0]):04X}")
        self._length += len(text.encode("utf-16-le")) // 2
        self._parts.append(text)

    def token(self, token: str, shown: str) -> None:
        """A brace, a placeholder, a tag or an escaped character; `shown` is what follows in the template."""
        if token in {"{{", "}}"}:
            self.literal(token[0])
        elif token.startswith("{") and token.endswith("}") and len(token) > 1:
            self._field(token)
        elif token in {"{", "}"}:
            raise TemplateError(TemplateProblem.LONE_BRACE, shown)
        elif token.startswith("&"):
            self.literal(unescape(token))
        else:
            self._tag(token, shown)

    def finished(self) -> CaptionTemplate:
        """The whole, when every tag is closed."""
        if self._open:
            raise TemplateError(TemplateProblem.NOT_CLOSED, f"<{self._open[-1]}>")
        if self._length > LONGEST_TEXT:
            raise TemplateError(TemplateProblem.TOO_LONG, str(LONGEST_TEXT))
        return CaptionTemplate("".join(self._parts), tuple(self._tags))

    def _field(self, token: str) -> None:
        name = token[1:-1]
        if name not in FIELDS:
            is_name = name.isidentifier()
            raise TemplateError(TemplateProblem.UNKNOWN_FIELD if is_name else TemplateProblem.BAD_FIELD, token)
        self._parts.append(field_mark(name))

    def _tag(self, token: str, shown: str) -> None:
        found = _TAG.fullmatch(token)
        name = "" if found is None else _NAMES.get(found[2].lower(), found[2].lower())
        if found is None or name not in _TAGS:
            raise TemplateError(TemplateProblem.UNKNOWN_TAG, token if found else shown)
        if found[1]:
            self._close(name, token)
            return
        address = _address(found[3], token) if name == "a" else ""
        if found[3].strip() and name != "a":
            raise TemplateError(TemplateProblem.UNKNOWN_TAG, token)
        self._open.append(name)
        self._add_tag(f'<a href="{address}">' if name == "a" else f"<{name}>")

    def _close(self, name: str, token: str) -> None:
        if not self._open or self._open[-1] != name:
            raise TemplateError(TemplateProblem.NOT_OPENED, token)
        self._open.pop()
        self._add_tag(f"</{name}>")

    def _add_tag(self, html: str) -> None:
        self._parts.append(chr(FIRST_TAG + len(self._tags)))
        self._tags.append(html)


def _address(attributes: str, token: str) -> str:
    """The address of a link, escaped as it was written."""
    found = _HREF.fullmatch(attributes)
    address = "" if found is None else found[1] or found[2] or ""
    if not _ADDRESS.fullmatch(address) or set(_FIELD_IN_ADDRESS.findall(address)) - {"bot_username"}:
        raise TemplateError(TemplateProblem.BAD_LINK, token)
    if "{" in _FIELD_IN_ADDRESS.sub("", address) or "}" in _FIELD_IN_ADDRESS.sub("", address):
        raise TemplateError(TemplateProblem.BAD_LINK, token)
    return address
