"""Links that open a bot with a parameter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from sandbox.datacenter.rpc import RpcFailure

START_PARAM_LIMIT = 64
HOSTS = frozenset({"t.me", "telegram.me"})

_START_PARAM = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class StartLink:
    """What a link says: the bot's username without "@", and what follows /start there."""

    username: str
    param: str


def start_link(url: str) -> StartLink | None:
    """The parts of https://t.me/bot?start=param or tg://resolve?domain=bot&start=param; None for any other address.

    The parameter is as it stands in the link, good or not.
    """
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
    except ValueError:
        return None
    values = parse_qs(parts.query, keep_blank_values=True)
    username = ""
    if parts.scheme in {"http", "https"} and parts.netloc.lower() in HOSTS:
        username = parts.path.strip("/")
    elif parts.scheme == "tg" and parts.netloc == "resolve":
        username = values.get("domain", [""])[0]
    if not username or "/" in username or "start" not in values:
        return None
    return StartLink(username, values["start"][0])


def check_start_param(param: str) -> None:
    """Let the parameter of a link pass: 1 to 64 of A-Z, a-z, 0-9, "_" and "-".

    Raises:
        RpcFailure: START_PARAM_EMPTY, START_PARAM_TOO_LONG or START_PARAM_INVALID.
    """
    if not param:
        raise RpcFailure(400, "START_PARAM_EMPTY")
    if len(param) > START_PARAM_LIMIT:
        raise RpcFailure(400, "START_PARAM_TOO_LONG")
    if not _START_PARAM.fullmatch(param):
        raise RpcFailure(400, "START_PARAM_INVALID")


def check_answer_url(url: str, bot_username: str | None) -> None:
    """Let the address in a bot's answer to a press pass: only a link that starts this very bot.

    Raises:
        RpcFailure: URL_INVALID.
    """
    link = start_link(url)
    if link is None or bot_username is None or link.username.lower() != bot_username.lower():
        raise RpcFailure(400, "URL_INVALID")
    try:
        check_start_param(link.param)
    except RpcFailure:
        raise RpcFailure(400, "URL_INVALID") from None
