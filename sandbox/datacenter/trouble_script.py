"""Troubles from a text file: one command a line, run one after the other, `wait` between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from sandbox.datacenter.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.datacenter.server import DataCenter


def _switch(word: str) -> bool:
    """True for on, False for off."""
    return {"on": True, "off": False}[word]


def _one_of(*words: str) -> Callable[[str], str]:
    """A reader that takes only these words."""
    return {word: word for word in words}.__getitem__


def _seconds(word: str) -> float:
    """A number of seconds that can be waited."""
    if (seconds := float(word)) < 0:
        raise ValueError("less than no time")
    return seconds


def _interval(word: str) -> float:
    """A number of seconds between two of something."""
    if (seconds := _seconds(word)) == 0:
        raise ValueError("no pause at all")
    return seconds


def _set_flood_control(datacenter: DataCenter, on: bool) -> None:  # noqa: FBT001  (the word of the script)
    control = datacenter.trouble.flood_control
    control.enable() if on else control.disable()


def _fail(datacenter: DataCenter, method: str, times: int, code: int, name: str) -> None:
    datacenter.faults.add(Fault(method, error=(code, name), times=times))


@dataclass(frozen=True, slots=True)
class _Command:
    """What a line may say.

    Attributes:
        act: does it; gets the data centre and one value per word.
        words: how it is written, for whoever wrote it wrongly.
        readers: turn the words after the name into values; KeyError or ValueError for what they do not take.
    """

    act: Callable[..., Any]
    words: str = ""
    readers: tuple[Callable[[str], Any], ...] = ()


def _attribute(name: str) -> Callable[[DataCenter, Any], None]:
    return lambda datacenter, value: setattr(datacenter.trouble, name, value)


_KEPT = _one_of("sessions", "keys", "nothing")
_POLICIES = _one_of("queue", "too_long", "drop")

_COMMANDS = {
    "wait": _Command(lambda dc, seconds: dc.clock.sleep(seconds), "SECONDS", (_seconds,)),
    "drop_all": _Command(lambda dc: dc.trouble.drop_all()),
    "mute": _Command(lambda dc: dc.trouble.mute()),
    "black_hole": _Command(lambda dc: dc.trouble.black_hole()),
    "end_black_hole": _Command(lambda dc: dc.trouble.end_black_hole()),
    "flapping": _Command(lambda dc, seconds: dc.trouble.flapping(seconds), "SECONDS", (_interval,)),
    "end_flapping": _Command(lambda dc: dc.trouble.end_flapping()),
    "refuse_connections": _Command(lambda dc: dc.trouble.refuse_connections()),
    "accept_connections": _Command(lambda dc: dc.trouble.accept_connections()),
    "turn_away": _Command(_attribute("turn_away"), "on|off", (_switch,)),
    "lose_updates": _Command(_attribute("lose_updates"), "on|off", (_switch,)),
    "clock_offset_s": _Command(_attribute("clock_offset_s"), "SECONDS", (float,)),
    "flood_control": _Command(_set_flood_control, "on|off", (_switch,)),
    "offline": _Command(lambda dc, policy: setattr(dc, "offline", policy), "queue|too_long|drop", (_POLICIES,)),
    "forget_key": _Command(lambda dc, user_id: dc.trouble.forget_key(user_id), "ACCOUNT", (int,)),
    "revoke_login": _Command(lambda dc, user_id: dc.trouble.revoke_login(user_id), "ACCOUNT", (int,)),
    "change_salt": _Command(lambda dc, user_id: dc.trouble.change_salt(user_id), "ACCOUNT", (int,)),
    "restart": _Command(
        lambda dc, keep, down_s: dc.restart(keep=keep, down_s=down_s),
        "sessions|keys|nothing SECONDS",
        (_KEPT, _seconds),
    ),
    "ignore_requests": _Command(lambda dc: dc.trouble.ignore_requests()),
    "lose_requests": _Command(lambda dc: dc.trouble.lose_requests()),
    "lose_answers": _Command(lambda dc: dc.trouble.lose_answers()),
    "fail": _Command(_fail, "METHOD TIMES CODE NAME", (str, int, int, str)),
    "clear_faults": _Command(lambda dc: dc.faults.clear()),
}


class TroubleScript:
    """A sequence of troubles, read completely before the first one begins.

    Args:
        lines: commands; empty lines and those that begin with # say nothing.

    Raises:
        ValueError: a line says something else; the message has its number and what it could say.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._steps = [
            (line.strip(), *_read(number, line.split()))
            for number, line in enumerate(lines, 1)
            if line.strip() and not line.lstrip().startswith("#")
        ]

    async def run(self, datacenter: DataCenter) -> None:
        """Do what the lines say, and log each; troubles that are not ended by a line go on."""
        log = structlog.get_logger(__name__)
        for line, command, values in self._steps:
            log.info("trouble", command=line)
            result = command.act(datacenter, *values)
            if isinstance(result, Awaitable):
                await result


def _read(number: int, words: list[str]) -> tuple[_Command, list[Any]]:
    name, arguments = words[0], words[1:]
    command = _COMMANDS.get(name)
    if command is None:
        raise ValueError(f"line {number}: {name!r} is not one of {', '.join(_COMMANDS)}")
    try:
        return command, [read(word) for read, word in zip(command.readers, arguments, strict=True)]
    except (KeyError, ValueError):
        raise ValueError(f"line {number}: write `{f'{name} {command.words}'.strip()}`") from None
