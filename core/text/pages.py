"""Long texts: cut into messages between lines, and as plain text for a file."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MESSAGE_UNITS = 4096
"""What Telegram takes in one message, in UTF-16 units."""

_TOKEN = re.compile(r"<[^<>]+>|&[#A-Za-z0-9]+;|.", re.DOTALL)
_TAG = re.compile(r"<(/?)([a-z]+)[^<>]*>")


def pages(html_lines: Iterable[str], limit: int = MESSAGE_UNITS) -> list[str]:
    """Lines of catalogue HTML put together into as few messages as it takes, in their order.

    A line whose markup is closed within itself stays whole where it fits into a message at all. One that does not is
    cut where no tag and no entity is; what is open there is closed, and opened again on the next page.

    Args:
        html_lines: without line breaks at their ends; markup of the catalogue (b, i, code, a).
        limit: most UTF-16 units of a page, markup included, so that what is shown is never longer.

    Returns:
        No page for no lines, or for empty ones alone.
    """
    found: list[str] = []
    page = ""
    for line in html_lines:
        for part in _parts(line, limit):
            joined = f"{page}\n{part}" if page else part
            if _units(joined) <= limit:
                page = joined
            else:
                found.append(page)
                page = part
    return [text for text in (*found, page) if text.strip()]


def plain_text(html_lines: Iterable[str]) -> str:
    """The same lines for a file: without markup, each with a line break."""
    return "".join(f"{html.unescape(_TAG.sub('', line))}\n" for line in html_lines)


def _parts(line: str, limit: int) -> list[str]:
    """A line in pieces of at most `limit` units, markup closed in each; one piece where that is enough."""
    if _units(line) <= limit:
        return [line]
    parts: list[str] = []
    part, open_tags = "", list[str]()
    for token in _TOKEN.findall(line):
        tag = _TAG.fullmatch(token)
        if tag is None and _units(part + token + _closing(open_tags)) > limit:
            parts.append(part + _closing(open_tags))
            part = "".join(open_tags)
        if tag is not None and tag[1]:
            open_tags.pop()
        elif tag is not None:
            open_tags.append(token)
        part += token
    return [*parts, part]


def _closing(open_tags: list[str]) -> str:
    names = (match[2] for tag in reversed(open_tags) if (match := _TAG.fullmatch(tag)))
    return "".join(f"</{name}>" for name in names)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
