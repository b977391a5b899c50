"""The catalogue: keys and values to sentences, and values that cannot break out."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.catalog import Catalogue, CatalogueError

SENTENCES = """
hello = Hello <b>{ $name }</b> &amp; friends, see <a href="https://example.org/?a=1&amp;b=2">here</a>!
files = { $count ->
    [one] { $count } file
   *[other] { $count } files
} of { $name }
kind = { $kind ->
    [video] a film
   *[other] a { $kind }
}
year = Made in { NUMBER($year, useGrouping: 0) }.
only-attributes =
    .label = Label
"""
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
HOSTILE = "<b>x</b> & </b><a href='tg://user?id=1'>y</a> *_[z](tg://user?id=2)`"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A catalogue of an own little English and an incomplete Arabic."""
    directory = tmp_path_factory.mktemp("locales")
    (directory / "en.ftl").write_text(SENTENCES, "utf-8")
    (directory / "ar.ftl").write_text("hello = مرحبا <b>{ $name }</b>\n", "utf-8")
    return Catalogue(directory)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> _Reader:
    """Tags and text of a sentence, as a client would see them."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def test_hostile_value_is_shown_and_never_obeyed(catalogue: Catalogue) -> None:
    """Scenario 52: markup, ampersands and links in a value are shown as typed."""
    page = read(catalogue.html("hello", "en", name=HOSTILE))

    assert page.tags == ["b", "/b", "a", "/a"]
    assert page.text == f"Hello {HOSTILE} & friends, see here!"


@given(ANY_TEXT)
def test_no_value_adds_markup_to_html(catalogue: Catalogue, name: str) -> None:
    """Scenario 52: whatever a value contains, the sentence has the tags of the catalogue and no other."""
    sentence = catalogue.html("hello", "en", name=name)

    assert read(sentence).tags == ["b", "/b", "a", "/a"]
    sentence.encode()


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Cf")), max_size=60))
def test_plain_text_shows_values_exactly(catalogue: Catalogue, name: str) -> None:
    """A value in plain text is neither escaped nor stripped, also where it looks like markup."""
    shown = catalogue.plain("hello", "en", name=name).replace("\u2068", "").replace("\u2069", "")

    assert shown == f"Hello {name} & friends, see here!"


def test_plain_text_has_no_markup_of_the_catalogue(catalogue: Catalogue) -> None:
    """The same sentence serves a toast: tags are gone, entities are characters, the value keeps its own."""
    assert catalogue.plain("hello", "en", name="<b>&amp;</b>") == "Hello <b>&amp;</b> & friends, see here!"


def test_direction_override_in_a_value_is_dropped(catalogue: Catalogue) -> None:
    """A file name cannot turn the rest of the sentence around or end the isolation around it."""
    assert "name\u202egpj.exe"[::-1] not in catalogue.plain("hello", "en", name="x\u202egpj\u2069.exe")
    assert catalogue.plain("hello", "en", name="x\u202egpj\u2069.exe").startswith("Hello xgpj.exe &")


def test_right_to_left_value_is_isolated(catalogue: Catalogue) -> None:
    """An Arabic name in an English sentence stands in an isolate; a Latin or Cyrillic one does not need it."""
    assert catalogue.html("hello", "en", name="ألف ليلة").startswith("Hello <b>\u2068ألف ليلة\u2069</b>")
    assert catalogue.html("hello", "en", name="Война и мир").startswith("Hello <b>Война и мир</b>")


def test_every_value_is_isolated_in_a_right_to_left_sentence(catalogue: Catalogue) -> None:
    """A Latin name in an Arabic sentence stands in an isolate."""
    assert catalogue.html("hello", "ar", name="Nosferatu") == "مرحبا <b>\u2068Nosferatu\u2069</b>"


def test_text_value_may_look_like_a_mark_of_the_catalogue(catalogue: Catalogue) -> None:
    """The marks that hold places for values cannot be smuggled in by a value."""
    assert catalogue.plain("files", "en", count=2, name="\ufdd00\ufdd1\ufdd01\ufdd1") == "2 files of 01"


def test_value_of_any_length_is_kept(catalogue: Catalogue) -> None:
    """A long value is rendered whole; limits belong to whoever sends the sentence."""
    assert catalogue.plain("files", "en", count=2, name="&" * 4096).endswith("&" * 4096)


def test_numbers_are_grouped_and_choose_the_plural(catalogue: Catalogue) -> None:
    """Counts follow the language: grouping and plural form."""
    assert catalogue.plain("files", "en", count=1, name="x") == "1 file of x"
    assert catalogue.plain("files", "en", count=1234, name="x") == "1,234 files of x"
    assert catalogue.plain("year", "en", year=1922) == "Made in 1922."


def test_text_value_may_choose_a_variant(catalogue: Catalogue) -> None:
    """A selector compares with the value itself, and an unknown one is escaped like any other."""
    assert catalogue.html("kind", "en", kind="video") == "a film"
    assert catalogue.html("kind", "en", kind="<i>") == "a &lt;i&gt;"


@pytest.mark.parametrize("language", [None, "", "en", "en-GB", "EN_us", "xx", "tlh-Latn", "../en"])
def test_unknown_language_is_english(catalogue: Catalogue, language: str | None) -> None:
    """Whatever a client claims to speak, it gets sentences."""
    assert catalogue.for_language(language).language == "en"


def test_sentence_missing_in_a_language_is_english(catalogue: Catalogue) -> None:
    """A gap in a translation shows the English sentence, not an error."""
    assert catalogue.plain("year", "ar", year=1922) == "Made in 1922."


@pytest.mark.parametrize("key", ["no-such-key", "only-attributes"])
def test_unknown_key_is_loud(catalogue: Catalogue, key: str) -> None:
    """A mistyped key fails where it is used, with its name."""
    with pytest.raises(CatalogueError, match=key):
        catalogue.html(key, "en")


def test_missing_value_is_loud(catalogue: Catalogue) -> None:
    """A sentence is never sent with a hole in it."""
    with pytest.raises(CatalogueError, match="name"):
        catalogue.plain("hello", "en")


def test_unreadable_line_is_loud(tmp_path) -> None:
    """A slip in an .ftl file is found at start, not when the sentence is needed."""
    (tmp_path / "en.ftl").write_text("good = Fine\nbad = { $name\n", "utf-8")

    with pytest.raises(CatalogueError, match="bad"):
        Catalogue(tmp_path)


def test_pseudo_locale_marks_every_sentence(catalogue: Catalogue) -> None:
    """The pseudo-locale is bracketed, accented and right-to-left, with tags, numbers and values intact."""
    texts = catalogue.for_language("qps-plocm")

    assert texts.right_to_left
    assert texts.html("hello", name="Anna") == (
        "\u200f⟦Ĥéļļö <b>\u2068Anna\u2069</b> &amp; fŕîéñđš, šéé "
        '<a href="https://example.org/?a=1&amp;b=2">ĥéŕé</a>!⟧\u200f'
    )
    assert texts.plain("files", count=1234, name="x") == "\u200f⟦1,234 fîļéš öf \u2068x\u2069⟧\u200f"


def test_languages_are_kept(catalogue: Catalogue) -> None:
    """Asking for a language twice builds it once."""
    assert catalogue.for_language("en") is catalogue.for_language("en-gb")
    assert catalogue.languages == ("ar", "en")
