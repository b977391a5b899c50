"""Words in order, however they come and go."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search import sorted_words
from core.search.sorted_words import SortedWords

WORDS = st.text("abcж", min_size=1, max_size=5)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(sorted_words, "_CHUNK", 4)


@given(st.lists(WORDS, max_size=80), st.text("abcж", max_size=3), st.integers(1, 20))
def test_they_are_a_sorted_set(words, beginning, limit):
    """Adding each word that is not there and removing each that is, in any order, keeps the order."""
    kept, model = SortedWords(), set()
    for word in words:
        (kept.remove if word in model else kept.add)(word)
        model ^= {word}
    assert kept.beginning_with("", 1_000) == sorted(model)
    assert kept.beginning_with(beginning, limit) == sorted(w for w in model if w.startswith(beginning))[:limit]


def test_no_change_moves_many_words():
    """However many there are, they stay cut into short lists, and empty ones go."""
    kept, words = SortedWords(), [f"w{number}" for number in range(500)]
    random.Random(1).shuffle(words)
    for word in words:
        kept.add(word)
    assert max(map(len, kept._chunks)) <= 4
    for word in words[:490]:
        kept.remove(word)
    assert all(kept._chunks)
    assert kept.beginning_with("w", 100) == sorted(words[490:])
