"""Release metadata as a number."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.domain.media import ReleaseMetadata
from core.search.release_metadata import QUALITIES
from core.search.vocabulary import LANGUAGES
from repositories.media_metadata import pack, unpack

CODES = sorted(set(LANGUAGES.values()))
METADATA = st.builds(
    ReleaseMetadata,
    st.none() | st.integers(1801, 2300),
    st.none() | st.integers(0, 1000),
    st.none() | st.integers(0, 9999),
    st.none() | st.sampled_from(QUALITIES),
    st.lists(st.sampled_from(CODES), max_size=4, unique=True).map(tuple),
)


@given(METADATA)
def test_everything_comes_back(metadata):
    """Every value that the domain allows is stored exactly, in a number below 2^62."""
    number = pack(metadata)

    assert 0 <= number < 1 << 62
    assert unpack(number) == metadata


def test_nothing_is_zero():
    """A name that was read and says nothing is told from one that was not read."""
    assert pack(ReleaseMetadata()) == 0
    assert unpack(0) == ReleaseMetadata()


@given(st.integers())
def test_any_number_can_be_read(number):
    """What another version stored, or a damaged record, gives what is known of it and never fails."""
    metadata = unpack(number)

    assert unpack(pack(metadata)) == metadata


@given(st.integers(), st.integers(), st.integers(), st.text(max_size=5), st.lists(st.text(max_size=2), max_size=9))
def test_what_has_no_number_is_left_out(year, season, episode, quality, languages):
    """A value out of range is not stored, and does not spill into its neighbours."""
    back = unpack(pack(ReleaseMetadata(year, season, episode, quality, tuple(languages))))

    assert back.year in {year, None}
    assert back.season in {season, None}
    assert back.episode in {episode, None}
    assert back.quality in {quality, None}
    assert set(back.languages) <= set(languages)


STORED = {
    0: ReleaseMetadata(),
    122: ReleaseMetadata(1922),
    524_800: ReleaseMetadata(None, 0, 0),
    194_235_602_568_391: ReleaseMetadata(1999, 1, 2, "1080p", ("en", "ru")),
    1_382_979_469_312: ReleaseMetadata(None, None, None, "4320p", ("hi",)),
    1_097_202_607_061_455_860: ReleaseMetadata(2300, 1000, 9999, "240p", ("zh", "ar", "uz", "vi")),
}
QUALITY_ORDER = "4320p 2160p 1440p 1080p 720p 576p 540p 480p 360p 240p"
LANGUAGE_ORDER = "ar bn de el en es fa fr gu hi id it ja kk kn ko ml mr pa pl pt ru ta te th tr uk ur uz vi zh"


def test_numbers_that_are_stored_keep_their_meaning():
    """Records outlive versions of the bot: what is written here is only ever added to."""
    assert {number: unpack(number) for number in STORED} == STORED
    for number, code in enumerate(LANGUAGE_ORDER.split(), 1):
        assert unpack(number << 37).languages == (code,)
    for number, quality in enumerate(QUALITY_ORDER.split(), 1):
        assert unpack(number << 33).quality == quality


def test_every_language_that_is_recognised_can_be_stored():
    """Who teaches the vocabulary a language adds it to the table."""
    assert [code for code in CODES if unpack(pack(ReleaseMetadata(languages=(code,)))).languages != (code,)] == []
