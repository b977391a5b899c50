"""Words as integers."""

from __future__ import annotations

from core.search.hashes import word_hash, word_hashes


def test_words_together_have_the_hashes_of_each() -> None:
    """Negative ones too, which are half of them."""
    words = [f"word{number}" for number in range(200)]
    hashes = word_hashes(words)

    assert hashes == [word_hash(word) for word in words]
    assert min(hashes) < 0 < max(hashes)


def test_a_hash_that_two_words_share_stands_once() -> None:
    """Where the first of them stands; words in no encoding have a hash as well."""
    assert word_hash("plumless") == word_hash("buckeroo")
    words = ["kid", "plumless", "\ud800", "buckeroo", "kid"]
    assert word_hashes(words) == [word_hash("kid"), word_hash("plumless"), word_hash("\ud800")]
