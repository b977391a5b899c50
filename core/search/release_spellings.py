"""How season, episode and quality are spelled, as patterns over normalised text; `release_names` says what they mean.

A number that an episode word goes with is no year: "Bölüm 2023" is rather a release of that year. What stands behind a
dash is the end of a range; its group is named like that of the beginning, with `_to`.
"""

from __future__ import annotations

import re

from core.search.vocabulary import EPISODE_WORDS, EPISODES_WORDS, SEASON_NUMERALS, SEASON_WORDS

YEAR = r"(?:18[89]\d|19\d\d|20[0-3]\d)"  # films begin in 1888; a higher number is rather part of a title
CJK = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

SEASON_GROUPS = ("se", "cross_se", "word_se", "se_word", "only_se", "cjk_se")
EPISODE_GROUPS = ("ep", "cross_ep", "word_ep", "only_ep", "spelled_ep", "range_ep", "ep_word", "cjk_ep", "cjk_word")
QUALITY_GROUPS = {"k8": "4320p", "k4": "2160p", "uhd": "2160p", "fhd": "1080p"}
SPELLED_GROUPS = {
    "se_before",
    "se_after",
    "ep_before",
    "eps_before",
    "ep_after",
    "cjk_se",
    "cjk_ep",
    "cjk_word",
    "uhd",
    "fhd",
}
"""Groups of spellings that consist of ordinary words."""

_GAP = r"[\W_]{0,3}+"
_DASH = "[-–~]"
_NUMBER = rf"(?!{YEAR}(?!\d))\d{{1,4}}+"
_ORDINAL = rf"(?:st|nd|rd|th|[aoe]|er|ere|re|eme|nde|{_GAP}(?:[йя]|[аы]я|[ыио]й|[шт]а|га))?"
_NO_NUMBER_NEXT = rf"(?!{_GAP}\d{{1,4}}(?![^\W_]))"  # "1080p" is none
_SEASON_NUMERAL = f"(?:{'|'.join(SEASON_NUMERALS)})"
_CHINESE_NUMBER = r"(?:\d{1,4}|[一二三四五六七八九]?十?[一二三四五六七八九十])"

_CHINESE = rf"""
    | 第 [ ]? (?P<cjk_se>{_CHINESE_NUMBER}) (?:[-–~至到](?P<cjk_se_to>{_CHINESE_NUMBER}))? [ ]? 季
    | 第 [ ]? (?P<cjk_ep>{_CHINESE_NUMBER}) (?:[-–~至到](?P<cjk_ep_to>{_CHINESE_NUMBER}))? [ ]? [集话話回]
"""


def _to(group: str) -> str:
    return rf"(?:{_DASH}(?P<{group}_to>(?:ep?)?\d{{1,3}}))?"


def _first_letters(words: str) -> str:
    return "".join(sorted({word[0] for word in words.split("|")}))


def _any_of(words: str) -> str:
    return f"(?=[{_first_letters(words)}])(?:{words})"  # one look at the first letter says no to most other words


def _ascii(words: str) -> str:
    return "|".join(word for word in words.split("|") if word.isascii())


def _marker(before: str, behind: str, *, ascii_only: bool = False) -> re.Pattern[str]:
    every = (SEASON_WORDS, EPISODE_WORDS, EPISODES_WORDS)
    words = tuple(map(_ascii, every)) if ascii_only else every
    season, episode, episodes = map(_any_of, words)
    any_first = f"(?=[0-9seuf제{_first_letters('|'.join(words))}])"
    # "1. Sezon 2. Bölüm" counts before both words, "Show 1 Season 2" after them.
    no_number_of_its_own_next = (
        rf"(?:{_NO_NUMBER_NEXT}|(?={_GAP}\d{{1,4}}{_ORDINAL}{_GAP}{episode}(?![^\W_]){_NO_NUMBER_NEXT}))"
    )
    # Numbers take all of their digits at once ("++" never gives back), so that others are dismissed in one go.
    # Cyrillic letters that look like these are typed for them: "4К", "1080р", "С01Е02".
    return re.compile(
        rf"""
        {before} {any_first} (?:
            (?=\d) (?:
                (?P<cross_se>\d{{1,2}}+) [x×х] (?P<cross_ep>\d{{2,3}})
                (?:{_DASH}(?:(?P=cross_se)[x×х])?(?P<cross_ep_to>\d{{2,3}}))?
              | (?P<se_word>\d{{1,2}}+) (?:{_DASH}(?P<se_word_to>\d{{1,2}}+))? {_ORDINAL} {_GAP}
                (?P<se_after>сезони?|{season} {no_number_of_its_own_next})
              | (?P<width>\d{{3,4}}+) (?P<pad>[ ]?) [x×х] (?P=pad) (?P<height>\d{{3,4}})  # "2019 x264" is none
              | (?P<lines>2160|1440|1080|720|576|540|480|360|240) (?P<apart>[ ]?) [piр]
              | (?P<k4>4[kк]) | (?P<k8>8[kк])
              | (?<!全) (?P<cjk_word>\d{{1,4}}+) [话話] (?![^\W_])
            )
          | [sсt](?P<se>\d{{1,2}}) {_GAP} [eе]p?{_GAP}(?P<ep>\d{{1,4}})
            (?P<more>(?:{_DASH}?[eе]\d{{1,4}}|{_DASH}[sс](?P=se)[eе]\d{{1,4}}|{_DASH}\d{{2,3}}(?!\d)){{0,30}})
          | s (?P<only_se>\d{{1,2}}) (?:{_DASH}(?P<only_se_to>s\d{{1,2}}))?
          | ep? (?P<only_ep>\d{{1,4}}) {_to("only_ep")}
          | (?P<uhd>uhd|ultra{_GAP}hd) | (?P<fhd>fhd|full{_GAP}hd)
          | (?P<se_before>{season}) {_GAP} (?P<word_se>\d{{1,2}}|{_SEASON_NUMERAL}(?![^\W_]))
            (?: {_GAP} (?:{episode}|ep?) {_GAP} (?P<word_ep>{_NUMBER}) {_to("word_ep")}
              | {_DASH}(?P<word_se_to>\d{{1,2}}) )?
          | (?P<ep_before>ep|{episode}) {_GAP} (?P<spelled_ep>{_NUMBER}) {_to("spelled_ep")}
          | (?P<eps_before>{episodes}) {_GAP} (?P<range_ep>{_NUMBER}) {_DASH} (?P<range_ep_to>\d{{1,3}})
          | 제? (?:(?P<ep_word_from>\d{{1,3}}+){_DASH})? (?P<ep_word>{_NUMBER}) {_ORDINAL} {_GAP}
            (?P<ep_after>сер[иі][яиі]|выпуск|[화회]|{episode} {_NO_NUMBER_NEXT})
        ) {behind}
        {"" if ascii_only else _CHINESE}
        """,
        re.VERBOSE | (re.ASCII if ascii_only else re.UNICODE),
    )


# Chinese and Japanese signs stand next to a marker without a space.
MARKER = _marker(rf"(?:(?<![^\W_])|(?<=[{CJK}]))", rf"(?:(?![^\W_])|(?=[{CJK}]))")
ASCII_MARKER = _marker(r"(?<![^\W_])", r"(?![^\W_])", ascii_only=True)
"""Finds the same in ASCII text as `MARKER`, sooner."""
