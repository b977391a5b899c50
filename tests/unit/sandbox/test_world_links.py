"""Links that start a bot, and the addresses that a bot may answer a press with."""

from __future__ import annotations

import pytest

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.links import StartLink, check_answer_url, check_start_param, start_link


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://t.me/a_bot?start=x-1_Z", StartLink("a_bot", "x-1_Z")),
        ("t.me/a_bot?start=x", StartLink("a_bot", "x")),
        ("tg://resolve?domain=a_bot&start=x", StartLink("a_bot", "x")),
        ("https://t.me/a_bot?start=", StartLink("a_bot", "")),
        ("https://t.me/a_bot", None),
        ("https://t.me/a_bot/5?start=x", None),
        ("https://t.me/?start=x", None),
        ("https://example.org/a_bot?start=x", None),
        ("https://t.me@example.org/a_bot?start=x", None),
        ("tg://user?id=5&start=x", None),
        ("https://[broken", None),
        ("", None),
    ],
)
def test_a_link_names_a_bot_and_a_parameter(url, link):
    """Both spellings of the link are read; any other address is none."""
    assert start_link(url) == link


@pytest.mark.parametrize(
    ("param", "name"),
    [
        ("x" * 64, None),
        ("AZaz09_-", None),
        ("", "START_PARAM_EMPTY"),
        ("x" * 65, "START_PARAM_TOO_LONG"),
        ("a=b", "START_PARAM_INVALID"),
        ("é", "START_PARAM_INVALID"),
        ("x\n", "START_PARAM_INVALID"),
    ],
)
def test_a_parameter_has_64_letters_digits_and_dashes_at_most(param, name):
    """Everything else is refused by its own name."""
    if name is None:
        check_start_param(param)
    else:
        with pytest.raises(RpcFailure, match=name):
            check_start_param(param)


def test_a_press_is_answered_with_a_link_to_the_same_bot_or_none():
    """Links of other bots, other addresses and parameters that no link can carry are URL_INVALID."""
    check_answer_url("https://t.me/A_Bot?start=x", "a_bot")
    for url in ("https://t.me/other?start=x", "https://example.org", "https://t.me/a_bot?start=a%20b", "t.me/a_bot"):
        with pytest.raises(RpcFailure, match="URL_INVALID"):
            check_answer_url(url, "a_bot")
    with pytest.raises(RpcFailure, match="URL_INVALID"):
        check_answer_url("https://t.me/a_bot?start=x", None)
