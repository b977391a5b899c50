"""The shapes in which a known secret may turn up in a text; pure functions."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BOT_TOKEN = re.compile(r"\d+:([\w-]+)")
_CREDENTIALS = re.compile(r"[\w+]+://[^:@]*:(?P<password>.+)@", re.DOTALL)
_ADDRESS_KEY = re.compile(r"https?://([^:@/]+)@")
_OPTION = re.compile(r"[?&]\w*(?:password|secret|token|properties)\w*=(?P<value>[^&]+)", re.IGNORECASE)
_DELIMITERS = re.compile(r"[/?#@:,\[\]]")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+")
_PERCENT = re.compile(r"%[0-9A-F]{2}")
_SHORTEST_ENCODED = 8
_SHORTEST_SECRET = 6  # a shorter one is in many an innocent word
_NOT_IN_BASE64 = (0, 2, 3)  # characters that also depend on the 0, 1 or 2 bytes before the secret


def parts(secret: str) -> list[str]:
    """The secret, and what is secret in it: the second half of a bot token, passwords of an address and their pieces.

    An address that is written wrongly is taken to pieces by drivers, which then complain of one of them.
    """
    found = [secret]
    if token := _BOT_TOKEN.fullmatch(secret):
        found.append(token[1])
    if key := _ADDRESS_KEY.match(secret):
        found.append(key[1])
    if credentials := _CREDENTIALS.match(secret):
        password = credentials["password"]
        found += [password, unquote(password), *_DELIMITERS.split(password)]
    for option in _OPTION.finditer(secret):
        found += [option["value"], unquote(option["value"]), *_DELIMITERS.split(option["value"])]
    return list(dict.fromkeys(found))


def forms(part: str) -> set[str]:
    """The part as it stands in JSON, HTML, an address, a representation, base64 or hexadecimal digits."""
    in_json = json.dumps(part)[1:-1]
    found = {part, html.escape(part), html.escape(part, quote=False), in_json, repr(part)[1:-1]}
    found |= {encoded for safe in ("", "/", "/:@?=&") for encoded in (quote(part, safe=safe), quote_plus(part, safe))}
    found |= {_PERCENT.sub(lambda escape: escape[0].lower(), text) for text in found}
    if _HEXADECIMAL.fullmatch(part):
        found |= {part.lower(), part.upper()}
    raw = part.encode(errors="surrogatepass")
    if len(raw) >= _SHORTEST_ENCODED:
        found |= {raw.hex(), raw.hex().upper(), *_in_base64(raw)}
    return found


def holds_secret(secrets: Iterable[str], text: str) -> bool:
    """Whether a text contains one of the secrets, or what is secret in it; very short ones are passed over."""
    known = {part for secret in secrets for part in parts(secret) if len(part) >= _SHORTEST_SECRET}
    return any(shape in text for part in known for shape in forms(part))


def _in_base64(raw: bytes) -> Iterator[str]:
    """What stays of the bytes' base64 whatever stands around them, in both alphabets."""
    for shift, skipped in enumerate(_NOT_IN_BASE64):
        whole = (shift + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(shift) + raw).decode()[skipped:whole]
