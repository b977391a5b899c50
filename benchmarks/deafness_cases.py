"""The troubles that `benchmarks.deafness` makes, and what it asks of the bot in each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.lifecycle import EXIT_DEAF
from sandbox.datacenter.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.deafness_rig import Rig

_MINUTE_S = 60.0
_FLAP_S = 3.0
_SKEW_S = 31.5
_BODY = 24 + 32
"""Bytes of an encrypted packet before its body: key id and message key, then salt, session, id, number, length."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was measured, in words, and whether the bound is kept."""

    measured: str
    met: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One trouble.

    Attributes:
        bound: what is asked for, in words.
        play: makes the trouble and measures.
    """

    bound: str
    play: Callable[[Rig], Awaitable[Outcome]]


def _answering(seconds: float | None, bound_s: float) -> Outcome:
    if seconds is None:
        return Outcome("did not answer", met=False)
    return Outcome(f"answering after {seconds:.1f} s", met=seconds <= bound_s)


def _exit(rig: Rig, seconds: float | None, bound_s: float, note: str = "") -> Outcome:
    if seconds is None:
        return Outcome("did not exit", met=False)
    met = seconds <= bound_s and rig.exit_code == EXIT_DEAF
    return Outcome(f"exit {rig.exit_code} after {seconds:.1f} s{note}", met=met)


def _garble(packet: bytes) -> bytes:
    """Flip a bit in the body: such a packet decrypts to a constructor nobody knows, and pyrogram starts again."""
    return packet if len(packet) <= _BODY else packet[:_BODY] + bytes([packet[_BODY] ^ 1]) + packet[_BODY + 1 :]


async def two_restarts(rig: Rig) -> Outcome:
    """Packets that each make the client reconnect arrive together; then an ordinary loss follows, three times over."""
    await rig.start_answering()
    slowest = 0.0
    for _ in range(3):
        rig.trouble.tamper = _garble
        for reader in rig.load.readers[:3]:
            rig.load.world.says(reader, rig.load.bot.id, "/help")
        await rig.wait(0.05)
        rig.trouble.tamper = None
        rig.trouble.drop_all()
        seconds = await rig.seconds_to_answer(_MINUTE_S)
        if seconds is None:
            return _answering(None, 20)
        slowest = max(slowest, seconds)
        await rig.wait(2)
    return _answering(slowest, 20)


async def lost_key(rig: Rig) -> Outcome:
    """Telegram forgets the key of the client."""
    await rig.start_answering()
    rig.trouble.forget_key(rig.load.bot.id)
    return _exit(rig, await rig.seconds_to_exit(_MINUTE_S), 45)


async def ended_login(rig: Rig) -> Outcome:
    """The login is ended from elsewhere; the connection stands and pings are answered."""
    await rig.start_answering()
    rig.trouble.revoke_login(rig.load.bot.id)
    return _exit(rig, await rig.seconds_to_exit(2 * _MINUTE_S), 45)


async def black_hole(rig: Rig) -> Outcome:
    """For a minute connections are accepted and nothing is answered; those of that minute stay silent for good."""
    await rig.start_answering()
    rig.trouble.black_hole()
    exited_s = await rig.seconds_to_exit(_MINUTE_S)
    rig.trouble.end_black_hole()
    if exited_s is not None:
        return _exit(rig, exited_s, 120)
    answered_s = await rig.seconds_to_answer(_MINUTE_S)
    if answered_s is None and rig.exit_code is not None:
        return _exit(rig, 2 * _MINUTE_S, 120)
    return _answering(answered_s, 30)


async def silence(rig: Rig) -> Outcome:
    """The same without an end: nobody but a new process may try."""
    await rig.start_answering()
    rig.trouble.black_hole()
    return _exit(rig, await rig.seconds_to_exit(2.5 * _MINUTE_S), 120)


async def flapping(rig: Rig) -> Outcome:
    """Every connection is cut every three seconds, for a minute."""
    await rig.start_answering()
    before = rig.datacenter.stats.connections
    rig.trouble.flapping(_FLAP_S)
    await rig.wait(_MINUTE_S)
    rig.trouble.end_flapping()
    made = rig.datacenter.stats.connections - before
    outcome = _answering(await rig.seconds_to_answer(_MINUTE_S), 20)
    return Outcome(f"{outcome.measured}, {made} connections", outcome.met)


async def _skew(rig: Rig, offset_s: float) -> Outcome:
    await rig.start_answering()
    rig.trouble.clock_offset_s = offset_s
    seconds = await rig.seconds_to_exit(2 * _MINUTE_S)
    alarm = rig.logged("clock_skew")
    outcome = _exit(rig, seconds, 60, ", alarm" if alarm else ", no alarm")
    return Outcome(outcome.measured, outcome.met and alarm is not None)


async def clock_behind(rig: Rig) -> Outcome:
    """Our clock falls behind Telegram's."""
    return await _skew(rig, _SKEW_S)


async def clock_ahead(rig: Rig) -> Outcome:
    """Our clock runs ahead of Telegram's."""
    return await _skew(rig, -_SKEW_S)


async def _flood(rig: Rig, method: str) -> Outcome:
    fault = rig.datacenter.faults.add(Fault(method, error=(420, "FLOOD_WAIT_60"), times=None))
    await rig.start()
    while not fault.hits:
        await rig.wait(0.1)
    await rig.wait(_MINUTE_S - 1)
    connections = rig.datacenter.stats.connections
    rig.datacenter.faults.clear()
    outcome = _answering(await rig.seconds_to_answer(_MINUTE_S), 30)
    return Outcome(f"{connections} connects, then {outcome.measured}", met=connections <= 3 and outcome.met)


async def flood_wait(rig: Rig) -> Outcome:
    """The first request of every connection is answered by FLOOD_WAIT_60."""
    return await _flood(rig, "help.GetConfig")


async def flood_login(rig: Rig) -> Outcome:
    """The login itself is answered by FLOOD_WAIT_60."""
    return await _flood(rig, "auth.ImportBotAuthorization")


CASES = {
    "two_restarts": Case("answering <= 20 s", two_restarts),
    "lost_key": Case("exit 3 <= 45 s", lost_key),
    "ended_login": Case("exit 3 <= 45 s", ended_login),
    "black_hole": Case("answering <= 30 s or exit 3 <= 120 s", black_hole),
    "silence": Case("exit 3 <= 120 s", silence),
    "flapping": Case("answering <= 20 s", flapping),
    "clock_behind": Case("alarm and exit 3 <= 60 s", clock_behind),
    "clock_ahead": Case("alarm and exit 3 <= 60 s", clock_ahead),
    "flood_wait": Case("<= 3 connects in 60 s", flood_wait),
    "flood_login": Case("<= 3 connects in 60 s", flood_login),
}
