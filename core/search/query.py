"""What a person typed, made safe and cut into words."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import BadInputError
from core.search.filters import Filters, split_filters
from core.search.normalise import normalise
from core.search.words import analyse, title_word

if TYPE_CHECKING:
    from core.search.release_names import ReleaseFacts

MAX_QUERY_WORDS = 16

_TO_SPACE = frozenset({"Cc", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})  # a name is split at them as well
_INVISIBLE = "Cf"


@dataclass(frozen=True, slots=True)
class Query:
    """A search text.

    Attributes:
        text: what was typed, as one bounded line without invisible characters; not escaped.
        words: up to 16 words a file must have, each once, in order; none only where there are filters.
        titles: one or two whole-title words, the longer title first; none without words.
        phrase: the normalised runs of the text, joined by spaces.
        facts: season, episode, quality and year the text names.
        filters: what was asked for by name, `type:video`; `text` still has it.
    """

    text: str
    words: tuple[str, ...]
    titles: tuple[str, ...]
    phrase: str
    facts: ReleaseFacts
    filters: Filters = field(default_factory=Filters)


def parse_query(text: str, max_length: int) -> Query:
    """Read any text as a search; a text longer than `max_length` characters is cut.

    Raises:
        BadInputError: `search-too-short` for nothing or a single character, `search-no-words` for text in which no
            letter or digit is left, unless filters say what is wanted; and for what `split_filters` refuses.
    """
    line = _one_line(text, max_length)
    if len(line) < 2:
        raise BadInputError("search-too-short")
    rest, filters = split_filters(line)
    read = analyse(rest)
    words = tuple(read.asked[:MAX_QUERY_WORDS])
    if not filters:
        _refuse_too_little(words)
    titles = tuple(dict.fromkeys(title_word(title) for title in (read.whole, read.title) if title))
    return Query(line, words, titles, read.whole or normalise(rest), read.facts, filters)


def _refuse_too_little(words: tuple[str, ...]) -> None:
    if not words:
        raise BadInputError("search-no-words")
    if len(words) == 1 and len(words[0]) == 1:
        raise BadInputError("search-too-short")


def _one_line(text: str, max_length: int) -> str:
    # Reading a bounded start keeps a text of megabytes cheap; invisible characters in it may cost visible ones.
    start = text[: 8 * max_length]
    if not (start.isascii() and start.isprintable()):
        start = "".join(map(_visible, start))
    line = " ".join(start.split())
    if len(line) <= max_length:
        return line
    # Half a word would find nothing; a single word that is too long is cut all the same.
    whole_words = line[: max_length + 1].rpartition(" ")[0]
    return whole_words or line[:max_length]


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in _TO_SPACE:
        return " "
    return "" if category == _INVISIBLE else character
