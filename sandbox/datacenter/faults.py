"""Failures that a test orders: errors, lost requests, lost answers, delays."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.clock import Clock

Action = Literal["error", "drop", "drop_after", "ignore", "delay", "hold"]


@dataclass(slots=True)
class Fault:
    """One rule about which calls fail, and how.

    Attributes:
        method: TL name of the calls it is about, "messages.SendMessage"; "*" for all.
        error: code and name to answer with; required by the action "error".
        times: how many calls it hits; None for all until the rules are cleared.
        match: further condition on the request, without its invoke* wrappers.
        delay: seconds of the data centre's clock before the action.
        action: "error" answers `error`; "drop" cuts the connection and never serves the request; "drop_after" serves
            it and cuts the connection instead of answering; "ignore" swallows the request; "delay" serves it late;
            "hold" serves it when `release` is called.
        user_id: only calls of this account; None for everybody's.
        hits: how many calls it has hit.
    """

    method: str
    error: tuple[int, str] | None = None
    times: int | None = 1
    match: Callable[[Any], bool] | None = None
    delay: float = 0.0
    action: Action = "error"
    user_id: int | None = None
    hits: int = field(default=0, init=False)
    _holding: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _released: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def __post_init__(self) -> None:
        if (self.error is None) == (self.action == "error"):
            raise ValueError('an error is given for the action "error" and for no other')
        if self.action == "delay" and self.delay <= 0:
            raise ValueError("a delay lasts more than 0 seconds")

    async def held(self) -> None:
        """Return once a call is held."""
        await self._holding.wait()

    def release(self) -> None:
        """Let held calls go on, those to come included."""
        self._released.set()

    async def pause(self, clock: Clock) -> None:
        """Wait as long as the action demands."""
        if self.action == "hold":
            self._holding.set()
            await self._released.wait()
        else:
            await clock.sleep(self.delay)

    def applies(self, name: str, user_id: int | None, request: Any) -> bool:
        """Whether the rule hits this call; it is not counted yet."""
        return (
            (self.times is None or self.hits < self.times)
            and self.method in ("*", name)
            and (self.user_id is None or self.user_id == user_id)
            and (self.match is None or self.match(request))
        )


class Faults:
    """The rules in force, oldest first; the first one that applies to a call wins."""

    def __init__(self) -> None:
        self._rules: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force; returns it, so that its hits can be read."""
        self._rules.append(fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """Take one rule out of force. Without effect when it is not in force."""
        self._rules = [rule for rule in self._rules if rule is not fault]

    def clear(self) -> None:
        """Lift all rules."""
        self._rules.clear()

    def take(self, name: str, user_id: int | None, request: Any) -> Fault | None:
        """The rule that hits this call, counted as a hit; None when the call goes unharmed."""
        for rule in self._rules:
            if rule.applies(name, user_id, request):
                rule.hits += 1
                return rule
        return None
