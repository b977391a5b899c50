"""A runtime setting as it is declared, stored and shown."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

SettingValue = bool | int | float | str


class SettingKind(StrEnum):
    """What a setting takes; the values end keys of the catalogue."""

    WHOLE = "whole"
    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    CHATS = "chats"
    TEMPLATE = "template"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class DeclaredSetting:
    """One setting as the code declares it.

    Attributes:
        name: as in the database; in upper case, as in the environment.
        section: which it belongs to.
        default: what rules while nothing is stored.
        unit: of a number, "" for none.
        help: one or two English sentences.
        least: smallest number, or None for anything else.
        most: greatest number, longest text, or None.
        choices: of a choice, at least two; otherwise empty.
        at_start: a running bot does not obey a change before its next start.
    """

    name: str
    section: str
    kind: SettingKind
    default: SettingValue
    unit: str
    help: str
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    at_start: bool = False


@dataclass(frozen=True, slots=True)
class StoredSetting:
    """What the database holds of a setting.

    Attributes:
        value: as stored, perhaps by another version of the bot; None where the default rules.
        by: a user's id, 0 for the bot itself, "environment" for a variable; None where nobody ever changed it.
        at: when, UTC; None as for `by`.
    """

    value: object = None
    by: int | str | None = None
    at: datetime | None = None


class ValueSource(StrEnum):
    """Why a setting has its value; the values end keys of the catalogue."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"
    PERSON = "person"
    BOT = "bot"
    SPOILT = "spoilt"
    """What is stored cannot be used, so the default rules."""


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting at one moment.

    Attributes:
        value: what rules, or will at the next start.
        changed_by: id of who changed it last, resetting included; None for nobody.
        name: of that person, "" where it is not known.
        changed_at: when, UTC.
    """

    declared: DeclaredSetting
    value: SettingValue
    source: ValueSource
    changed_by: int | None = None
    name: str = ""
    changed_at: datetime | None = None

    @property
    def seen(self) -> str:
        """What stands for the value in a button: eight hexadecimal digits."""
        return fingerprint(self.value)

    @property
    def is_default(self) -> bool:
        """Whether nothing is gained by a reset."""
        return self.source is ValueSource.DEFAULT


@dataclass(frozen=True, slots=True)
class SettingChange:
    """What a change did."""

    declared: DeclaredSetting
    before: SettingValue
    after: SettingValue


def fingerprint(value: SettingValue) -> str:
    """Eight hexadecimal digits that differ for different values of a setting."""
    return hashlib.blake2s(json.dumps(value).encode(), digest_size=4).hexdigest()
