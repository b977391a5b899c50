"""A right-to-left pseudo-locale made from English: still readable, yet unmistakably not the English sentence."""

from __future__ import annotations

import copy
import re

from fluent.syntax import ast
from fluent.syntax.visitor import Visitor

PSEUDO_LANGUAGE = "qps-plocm"

OPENING = "\u200f⟦"
CLOSING = "⟧\u200f"

_ACCENTED = str.maketrans(
    "ABCDEGHIJKLNOPRSTUWYZabcdeghijklnoprstuwyz",
    "ÅƁÇĐÉĜĤÎĴĶĻÑÖÞŔŠŢÛŴÝŽåƀçđéĝĥîĵķļñöþŕšţûŵýž",
)
# Tags, entities, commands and links must stay what they are.
_KEPT = re.compile(r"(<[^<>]*>|&#?\w+;|https?://\S+|(?<!\w)/\w+)")


class _Accents(Visitor):  # type: ignore[misc]
    """Replaces the letters of every text element in place."""

    def visit_TextElement(self, node: ast.TextElement) -> None:  # noqa: N802 - the library dispatches by class name
        pieces = _KEPT.split(node.value)
        node.value = "".join(piece if index % 2 else piece.translate(_ACCENTED) for index, piece in enumerate(pieces))


def mirror_resource(resource: ast.Resource) -> ast.Resource:
    """Copy a resource with accented letters, each message in mirrored brackets between right-to-left marks.

    Placeables, selectors, tags, entities, commands and links are untouched.
    """
    mirrored = copy.deepcopy(resource)
    _Accents().visit(mirrored)
    for entry in mirrored.body:
        if isinstance(entry, ast.Message) and entry.value is not None:
            entry.value.elements = [ast.TextElement(OPENING), *entry.value.elements, ast.TextElement(CLOSING)]
    return mirrored
