"""Deletes that Redis did not take: what must not be used until they are made up for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.clock import Clock

_CAPACITY = 10_000


class Debt:
    """One delete that is owed; each is an object of its own, so that making up for one never settles a later one."""

    __slots__ = ("until",)

    def __init__(self, until: float) -> None:
        self.until = until


class OwedDeletes:
    """Names whose values may be out of date; bounded: beyond `capacity` names, whole families are owed instead.

    A debt ends by itself when the value it is about has expired.
    """

    def __init__(self, clock: Clock, *, capacity: int = _CAPACITY) -> None:
        self._clock = clock
        self._capacity = capacity
        self._names: dict[str, Debt] = {}
        self._families: dict[str, Debt] = {}

    def __bool__(self) -> bool:
        return bool(self._names or self._families)

    def __contains__(self, name: str) -> bool:
        return name in self._names or (bool(self._families) and family_of(name) in self._families)

    @property
    def families(self) -> dict[str, Debt]:
        """By prefix, the last colon included: families of which every name is owed."""
        now = self._clock.monotonic()
        self._families = {prefix: debt for prefix, debt in self._families.items() if debt.until > now}
        return dict(self._families)

    @property
    def names(self) -> dict[str, Debt]:
        """By name: single values that are owed, oldest first."""
        now = self._clock.monotonic()
        self._names = {name: debt for name, debt in self._names.items() if debt.until > now}
        return dict(self._names)

    def add(self, lives_s: Mapping[str, int]) -> dict[str, Debt]:
        """Owe the delete of names, each with the seconds its value may live; returns the debts by name."""
        now = self._clock.monotonic()
        debts = {name: Debt(now + life_s) for name, life_s in lives_s.items()}
        self._names.update(debts)
        if len(self._names) > self._capacity:
            self._merge()
        return debts

    def of(self, name: str) -> dict[str, Debt]:
        """The debt of a single name, by name; empty when it is owed with its family only, or not at all."""
        debt = self._names.get(name)
        return {name: debt} if debt is not None and family_of(name) not in self._families else {}

    def settle(self, debts: Mapping[str, Debt]) -> None:
        """These deletes were made; one that became due again meanwhile stays owed."""
        for name, debt in debts.items():
            for owed in (self._names, self._families):
                if owed.get(name) is debt:
                    del owed[name]

    def _merge(self) -> None:
        for name, debt in self._names.items():
            known = self._families.get(family_of(name))
            self._families[family_of(name)] = Debt(max(debt.until, known.until if known else 0.0))
        self._names.clear()


def family_of(name: str) -> str:
    """The part of a key's name that all keys of its family begin with."""
    return ":".join(name.split(":", 2)[:2]) + ":"
