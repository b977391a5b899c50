"""Masks secrets in whatever leaves the bot: log lines, reports, files and messages to admins.

Two kinds are masked: values that are known, because the settings hold them, in every form of `secret_forms`; and texts
that look like a secret, whoever's it is. Redact first and cut afterwards: of half a secret only the first half is
recognised.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from core.observability.secret_forms import forms, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structlog.typing import EventDict

MASK = "[secret]"

_SHORTEST_SECRET = 6
_SHORTEST_CUT, _HEAD, _LONGEST_CUT = 16, 8, 64
_OPEN_START = re.compile(r"\w+(\+\w+)?://|\d{3,}:")  # of addresses and bot tokens; what is secret in them is a part
_NAMES = (
    *("password", "passwd", "api_hash", "apihash", "bot_token", "http_token", "session_token"),
    *("session_string", "sessionstring", "auth_key", "authkey", "secret_key", "secretkey", "phone"),
)
_CALLED = rf"\w{{0,40}}(?:{'|'.join(_NAMES)})\w{{0,40}}"  # bounded: a text may be made to keep a search busy
_CALLED_SO = re.compile(_CALLED, re.IGNORECASE)
_NAMED = re.compile(rf"""(?i)\b(?P<name>{_CALLED}["']?\s?[=:]\s?["']?)(?!{re.escape(MASK)})[^\s"'&,;)]{{4,}}""")
_PATTERNS = (
    re.compile(r"\b\d{3,}:[A-Za-z0-9_-]{20,}"),  # a bot token
    re.compile(r"(?<=://)[^\s/\"'<>]*@"),  # credentials in an address
    re.compile(r"\b[0-9a-fA-F]{32}\b"),  # an API hash
    re.compile(r"[A-Za-z0-9+/_-]{300,}={0,2}"),  # a session string; a key of Telegram in base64, digits, hexadecimal
    re.compile(
        r"""\bb(?P<mark>['"])(?:\\.|(?!(?P=mark))[^\\]){200,}(?P=mark)"""
    ),  # a key of Telegram as Python shows it
    re.compile(r"(?i)(?<=bearer )[^\s\"']+"),
    re.compile(r"(?<![\w+])\+\d(?:[ ()-]{0,2}\d){8,14}(?!\d)"),  # a phone number
)


class Redactor:
    """Masks secrets in texts and in log entries, nested values and tracebacks included.

    Args:
        secrets: known values; they are masked wherever they occur. Ones under six characters are passed over, since
            they would mask ordinary words.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {part for secret in secrets for part in parts(secret) if len(part) >= _SHORTEST_SECRET}
        shapes = sorted({shape for part in known for shape in forms(part)}, key=len, reverse=True)
        heads = sorted(filter(None, map(_head, known)))
        self._needles = (*shapes, *(head[:_HEAD] for head in heads))
        patterns = [*map(re.escape, shapes), *map(_cut_off, heads)]
        self._known = re.compile("|".join(patterns)) if patterns else None

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """The structlog processor; keys are static and stay."""
        return {key: MASK if _is_named_secret(key, value) else self.value(value) for key, value in event.items()}

    def text(self, value: str) -> str:
        """One text without secrets; a text without any comes back as it is."""
        if self._known is not None and any(needle in value for needle in self._needles):
            value = self._known.sub(MASK, value)
        return redact(value)

    def value(self, value: Any) -> Any:
        """The same for any value: containers keep their shape, foreign objects become text."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool | int | float | None):
            return value
        if isinstance(value, dict):
            return {
                self._key(key): MASK if _is_named_secret(key, part) else self.value(part) for key, part in value.items()
            }
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(part) for part in value]
        return self.text(str(value))

    def _key(self, key: Any) -> Any:
        return key if isinstance(key, bool | int | float | None) else self.text(str(key))


def redact(text: str) -> str:
    """A text without what looks like a secret: tokens, session strings, keys, credentials, phone numbers.

    What the settings hold is not known here; use the `Redactor` of the composition root wherever it is at hand.
    """
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    lowered = text.lower()
    return _NAMED.sub(_keep_the_name, text) if any(name in lowered for name in _NAMES) else text


def _keep_the_name(found: re.Match[str]) -> str:
    return found["name"] + MASK


def _is_named_secret(key: object, value: object) -> bool:
    """Whether a field is called like a secret; yes and no, numbers of phones and the like are none."""
    return isinstance(key, str) and isinstance(value, str | bytes) and _CALLED_SO.fullmatch(key) is not None


def _head(secret: str) -> str | None:
    """The beginning of a secret that is recognised when the rest was cut off; None when it is short or no secret."""
    return None if len(secret) < _SHORTEST_CUT or _OPEN_START.match(secret) else secret[:_LONGEST_CUT]


def _cut_off(head: str) -> str:
    """A pattern for at least the first eight characters, and as many more as are there."""
    start, rest = head[:_HEAD], head[_HEAD:]
    return re.escape(start) + "".join(f"(?:{re.escape(letter)}" for letter in rest) + ")?" * len(rest)
