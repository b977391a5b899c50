"""What part of a search a button turns over, in a few characters that fit into its data."""

from __future__ import annotations

import re

from core.domain.media import MediaKind
from core.domain.search import Narrowing
from core.errors import BadInputError

_CODE = re.compile(r"(?:k(?P<kind>[1-5]))?(?:_?q(?P<quality>[A-Za-z0-9]{1,8}))?(?:_?l(?P<language>[a-z]{2}))?")
_QUALITY = re.compile(r"[A-Za-z0-9]{1,8}")
_LANGUAGE = re.compile(r"[a-z]{2}")


def is_encodable(narrowing: Narrowing) -> bool:
    """Whether every part that is set fits a button."""
    return (narrowing.quality is None or _QUALITY.fullmatch(narrowing.quality) is not None) and (
        narrowing.language is None or _LANGUAGE.fullmatch(narrowing.language) is not None
    )


def encode_narrowing(narrowing: Narrowing) -> str:
    """At most 15 characters: `k1_q1080p_lru` for videos in 1080p and Russian.

    Raises:
        ValueError: nothing is set, or a part does not fit a button (see `is_encodable`).
    """
    if not narrowing or not is_encodable(narrowing):
        raise ValueError(f"no button can carry {narrowing!r}")
    parts = []
    if narrowing.kind is not None:
        parts.append(f"k{narrowing.kind.value}")
    if narrowing.quality is not None:
        parts.append(f"q{narrowing.quality}")
    if narrowing.language is not None:
        parts.append(f"l{narrowing.language}")
    return "_".join(parts)


def decode_narrowing(code: str) -> Narrowing:
    """The narrowing of `encode_narrowing`; what it names need not exist in the search.

    Raises:
        BadInputError: `error-bad-button`: `encode_narrowing` does not produce this.
    """
    found = _CODE.fullmatch(code)
    if found is None:
        raise BadInputError("error-bad-button")
    kind = MediaKind(int(found["kind"])) if found["kind"] else None
    narrowing = Narrowing(kind, found["quality"], found["language"])
    if not narrowing or encode_narrowing(narrowing) != code:
        raise BadInputError("error-bad-button")
    return narrowing
