"""What a name says of a release as one whole number: eleven bytes of a record instead of forty-five.

    bits   0 to 8   year - 1800           33 to 36   number of the quality + 1
           9 to 18  season + 1            37 to 60   four languages, six bits each, number of the language + 1
          19 to 32  episode + 1

A part that is 0 is missing. Numbers are stored for ever: both tables only ever grow, at their ends.
"""

from __future__ import annotations

from core.domain.media import ReleaseMetadata

_FIRST_YEAR, _LAST_YEAR = 1801, 2300
_MAX_SEASON, _MAX_EPISODE = 1000, 9999
_SEASON_AT, _EPISODE_AT, _QUALITY_AT, _LANGUAGES_AT, _END = 9, 19, 33, 37, 61
_LANGUAGE_BITS, _MAX_LANGUAGES = 6, 4

_QUALITIES = ("4320p", "2160p", "1440p", "1080p", "720p", "576p", "540p", "480p", "360p", "240p")
_LANGUAGES = (
    *("ar", "bn", "de", "el", "en", "es", "fa", "fr", "gu", "hi", "id", "it", "ja", "kk", "kn", "ko"),
    *("ml", "mr", "pa", "pl", "pt", "ru", "ta", "te", "th", "tr", "uk", "ur", "uz", "vi", "zh"),
)
_QUALITY_NUMBERS = {quality: number for number, quality in enumerate(_QUALITIES, 1)}
_LANGUAGE_NUMBERS = {code: number for number, code in enumerate(_LANGUAGES, 1)}


def pack(metadata: ReleaseMetadata) -> int:
    """The number, from 0 to 2^61 - 1, that `unpack` gives back; 0 says that the name was read and says nothing.

    What has no number or is out of its range is left out.
    """
    year, season, episode, quality, languages = metadata
    number = _numbered(year, _FIRST_YEAR, _LAST_YEAR)
    number |= _numbered(season, 0, _MAX_SEASON) << _SEASON_AT
    number |= _numbered(episode, 0, _MAX_EPISODE) << _EPISODE_AT
    number |= _QUALITY_NUMBERS.get(quality or "", 0) << _QUALITY_AT
    known = [_LANGUAGE_NUMBERS[code] for code in dict.fromkeys(languages) if code in _LANGUAGE_NUMBERS]
    for position, language in enumerate(known[:_MAX_LANGUAGES]):
        number |= language << (_LANGUAGES_AT + position * _LANGUAGE_BITS)
    return number


def unpack(number: int) -> ReleaseMetadata:
    """What `pack` was given; never raises: parts that a later version numbered are missing."""
    if not 0 <= number < 1 << _END:
        return ReleaseMetadata()
    quality = number >> _QUALITY_AT & 0b1111
    return ReleaseMetadata(
        _value(number & 0x1FF, _FIRST_YEAR, _LAST_YEAR),
        _value(number >> _SEASON_AT & 0x3FF, 0, _MAX_SEASON),
        _value(number >> _EPISODE_AT & 0x3FFF, 0, _MAX_EPISODE),
        _QUALITIES[quality - 1] if 0 < quality <= len(_QUALITIES) else None,
        _languages(number >> _LANGUAGES_AT),
    )


def _numbered(value: int | None, least: int, most: int) -> int:
    """A value counted from 1; 0 when it is missing or out of range."""
    return 0 if value is None or not least <= value <= most else value - least + 1


def _value(number: int, least: int, most: int) -> int | None:
    return least + number - 1 if 0 < number <= most - least + 1 else None


def _languages(number: int) -> tuple[str, ...]:
    found = []
    while number:
        language = number & 0b111111
        if 0 < language <= len(_LANGUAGES):
            found.append(_LANGUAGES[language - 1])
        number >>= _LANGUAGE_BITS
    return tuple(dict.fromkeys(found))
