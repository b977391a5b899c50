"""Folding of texts."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search.normalise import normalise


@given(st.text())
def test_folding_twice_equals_folding_once(text):
    """Any text, lone surrogates included, is folded once and for all."""
    assert normalise(normalise(text)) == normalise(text)


def test_every_single_character_is_folded_once_and_for_all():
    """No character of Unicode becomes something that would be folded further."""
    unstable = [code for code in range(sys.maxunicode + 1) if normalise(normalise(chr(code))) != normalise(chr(code))]

    assert unstable == []


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("AMÉLIE", "amelie"),
        ("Ａｍｅｌｉｅ　２００１", "amelie 2001"),
        ("Ёлка Йога", "елка йога"),
        ("مُحَمَّد", "محمد"),
        ("کتاب", "كتاب"),
        ("١٩٩٩ १९९९", "1999 1999"),
        ("हिन्दी", "हिन्दी"),
        ("น้ำ", normalise("น้ำ")),
        ("ΟΔΥΣΣΕΎΣ", "οδυσσευσ"),
        ("spi\u200bder\u202eman", "spiderman"),
        ("Straße", "strasse"),
        ("ㄱㅏ 한국", "가 한국"),
    ],
)
def test_spellings_of_one_word_meet(text, folded):
    """Case, width, accents, vowel marks, digits of a script and invisible characters do not tell words apart."""
    assert normalise(text) == normalise(folded)
