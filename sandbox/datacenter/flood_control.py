"""Telegram's limits on how fast a bot may write, off until a test switches them on.

Telegram documents about 30 messages a second a bot, one a second a chat with short bursts, 20 a minute a group, and
keeps the exact rules to itself. Here they are exact, so that a bot which keeps them is likely to keep the real ones.
Source: core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Protocol

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock
    from sandbox.datacenter.rpc import Call

_MAX_CHATS = 50_000  # remembered before those that are at rest are forgotten
_FLOOD_WAIT = 420

_MESSAGES_OF: dict[str, Callable[[Any], int]] = {
    "messages.SendMessage": lambda _request: 1,
    "messages.SendMedia": lambda _request: 1,
    "messages.SendInlineBotResult": lambda _request: 1,
    "messages.SendMultiMedia": lambda request: len(request.multi_media),
    "messages.ForwardMessages": lambda request: len(request.id),
}


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """How fast a bot may write.

    Attributes:
        chat_every_s: seconds after which a chat bears another message.
        chat_burst: messages a chat at rest bears at once.
        bot_per_s: messages of one bot in any second.
        group_per_min: messages of one bot to one group in any minute; channels are no groups.
    """

    chat_every_s: float = 1.0
    chat_burst: int = 5
    bot_per_s: int = 30
    group_per_min: int = 20


class _Meter(Protocol):
    """Counts messages against one rule."""

    def wait_s(self, now: float) -> float:
        """Seconds until another message fits; 0 when one does now."""

    def add(self, now: float, messages: int) -> None:
        """Count messages that go now, more than fit included."""


class _Window:
    """At most so many messages in any span of so many seconds."""

    __slots__ = ("_limit", "_sent", "_span_s")

    def __init__(self, limit: int, span_s: float) -> None:
        self._limit = limit
        self._span_s = span_s
        self._sent: deque[float] = deque()

    def wait_s(self, now: float) -> float:
        """See `_Meter`."""
        while self._sent and self._sent[0] <= now - self._span_s:
            self._sent.popleft()
        surplus = len(self._sent) - self._limit
        return 0.0 if surplus < 0 else self._sent[surplus] + self._span_s - now

    def add(self, now: float, messages: int) -> None:
        """See `_Meter`."""
        self._sent.extend([now] * messages)


class _Pace:
    """One message every so many seconds, and a burst after a rest.

    Source: the generic cell rate algorithm, ITU-T I.371.
    """

    __slots__ = ("_every_s", "_rested_at", "_slack_s")

    def __init__(self, every_s: float, burst: int) -> None:
        self._every_s = every_s
        self._slack_s = every_s * (burst - 1)
        self._rested_at = 0.0

    def wait_s(self, now: float) -> float:
        """See `_Meter`."""
        return max(0.0, self._rested_at - self._slack_s - now)

    def add(self, now: float, messages: int) -> None:
        """See `_Meter`."""
        self._rested_at = max(self._rested_at, now) + self._every_s * messages

    def at_rest(self, now: float) -> bool:
        """Whether forgetting it changes nothing."""
        return self._rested_at <= now


class FloodControl:
    """Refuses messages of bots that come too fast with FLOOD_WAIT_X; a refused call uses nothing up.

    A call that writes several messages goes when one fits, and counts for all of them afterwards. Edits, deletions,
    answers to presses and to inline queries are free, and so are people.

    Args:
        clock: measures the spans.

    Attributes:
        refused: calls refused since `enable`, by the rule they broke: "chat", "bot" or "group".
    """

    def __init__(self, clock: Clock) -> None:
        self.refused: Counter[str] = Counter()
        self._clock = clock
        self._limits: FloodLimits | None = None
        self._bots: dict[int, _Window] = {}
        self._groups: dict[tuple[int, int], _Window] = {}
        self._chats: dict[tuple[int, int], _Pace] = {}

    def enable(self, limits: FloodLimits | None = None) -> None:
        """Refuse from now on what is too fast, with everybody at rest; None stands for the ordinary limits."""
        self._limits = limits or FloodLimits()
        for memory in (self.refused, self._bots, self._groups, self._chats):
            memory.clear()

    def disable(self) -> None:
        """Let everything pass again; `refused` stays."""
        self._limits = None

    @property
    def enabled(self) -> bool:
        """Whether anything is refused now."""
        return self._limits is not None

    def check(self, call: Call, name: str, request: Any) -> None:
        """Count what a call is about to write.

        Args:
            call: who writes.
            name: TL name of the method.
            request: without its invoke* wrappers.

        Raises:
            RpcFailure: 420 FLOOD_WAIT_X; X is the whole number of seconds, at least 1, after which it may be sent.
        """
        if self._limits is None or name not in _MESSAGES_OF or not call.world.accounts[call.viewer].is_bot:
            return
        peer = request.to_peer if name == "messages.ForwardMessages" else request.peer
        now = self._clock.monotonic()
        self._forget_rested(now)
        meters = self._meters(self._limits, call.viewer, _chat_id(peer), in_group=_is_group(call, peer))
        wait_s, rule = max((meter.wait_s(now), rule) for rule, meter in meters.items())
        if wait_s > 0:
            self.refused[rule] += 1
            raise RpcFailure(_FLOOD_WAIT, f"FLOOD_WAIT_{ceil(wait_s)}")
        for meter in meters.values():
            meter.add(now, _MESSAGES_OF[name](request))

    def _meters(self, limits: FloodLimits, bot_id: int, chat_id: int, *, in_group: bool) -> dict[str, _Meter]:
        """The meters of one message, by rule."""
        pair = (bot_id, chat_id)
        if bot_id not in self._bots:
            self._bots[bot_id] = _Window(limits.bot_per_s, 1.0)
        if pair not in self._chats:
            self._chats[pair] = _Pace(limits.chat_every_s, limits.chat_burst)
        meters: dict[str, _Meter] = {"bot": self._bots[bot_id], "chat": self._chats[pair]}
        if in_group:
            if pair not in self._groups:
                self._groups[pair] = _Window(limits.group_per_min, 60.0)
            meters["group"] = self._groups[pair]
        return meters

    def _forget_rested(self, now: float) -> None:
        if len(self._chats) > _MAX_CHATS:
            self._chats = {pair: pace for pair, pace in self._chats.items() if not pace.at_rest(now)}


def _chat_id(peer: Any) -> int:
    """A number per chat; ids of people, basic groups and channels do not meet in one world."""
    for field in ("user_id", "channel_id", "chat_id"):
        if (number := getattr(peer, field, None)) is not None:
            return int(number)
    return 0


def _is_group(call: Call, peer: Any) -> bool:
    if isinstance(peer, raw.types.InputPeerChat):
        return True
    channel = call.world.channels.get(peer.channel_id) if isinstance(peer, raw.types.InputPeerChannel) else None
    return channel is not None and not channel.broadcast
