"""The error tree.

    FileFilterError
    ├── UserFacingError                a refusal: told to the person, not an incident
    │   ├── BadInputError              what was typed, pressed or linked cannot be used
    │   ├── ExpiredError               a result page, a link or a button that is no longer kept
    │   ├── NotYoursError              a button of another person
    │   ├── NotPermittedError          a role or membership is missing
    │   ├── NotSubscribedError         a channel or group has to be joined first
    │   ├── BannedError                refused everywhere
    │   ├── UnderMaintenanceError      the bot is being worked on
    │   ├── QuotaExhaustedError        no download left today
    │   ├── RateLimitedError           too fast; carries seconds to wait
    │   ├── BusyError                  a job of this kind already runs for this person
    │   └── FileGoneError              the file no longer exists at its source
    ├── InfrastructureError            something below is broken: retried, counted, told as "try again"
    │   ├── DatabaseUnavailableError   MongoDB did not answer in time, or refused
    │   │   ├── DatabaseFullError      MongoDB answers and takes no more data
    │   │   └── SecondaryUnavailableError  a database of files alone, while the primary is not known to be away
    │   ├── SearchTimeoutError         the search was cut by its time limit
    │   ├── CacheUnavailableError      Redis did not answer; raised only where a miss will not do
    │   └── TelegramUnavailableError   Telegram did not answer, or asked to wait too long
    └── ConfigurationError             start-up cannot go on: the process exits with code 2

A refusal names its sentence in the catalogue (`text_key`) and the values for it; one pipeline renders it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

if TYPE_CHECKING:
    from core.domain.subscription import Missing


_MINUTE_S, _HOUR_S = 60, 3600


class FileFilterError(Exception):
    """Root of every error this project raises on purpose."""


class UserFacingError(FileFilterError):
    """A refusal that is told to the person.

    Attributes:
        text_key: key of the sentence in the catalogue.
        values: what the sentence needs; plain values, escaped when rendered.
    """

    default_key: ClassVar[str] = "error-bad-input"

    def __init__(self, text_key: str | None = None, /, **values: str | float) -> None:
        self.text_key = text_key or self.default_key
        self.values = values
        super().__init__(self.text_key)


class BadInputError(UserFacingError):
    """What was typed, pressed or linked cannot be used."""


class ExpiredError(UserFacingError):
    """A result page, link or button that is no longer kept."""

    default_key = "error-expired"


class NotYoursError(UserFacingError):
    """A button that belongs to another person."""

    default_key = "error-not-yours"


class NotPermittedError(UserFacingError):
    """The sender lacks the role this needs."""

    default_key = "error-not-permitted"


class NotSubscribedError(UserFacingError):
    """Channels or groups have to be joined first, or nobody can say whether the person is in them.

    Attributes:
        missing: which.
        resume: token of what was interrupted (see `Interruptions`); None where there is nothing to go on with.
    """

    default_key = "subscription-needed"

    def __init__(self, missing: Missing, resume: str | None = None, *, text_key: str | None = None) -> None:
        self.missing = missing
        self.resume = resume
        super().__init__(text_key, chats=missing.titles)


class BannedError(UserFacingError):
    """The sender is banned.

    Attributes:
        language: the one that the person chose; None for none.
    """

    default_key = "error-banned"
    language: str | None = None


class UnderMaintenanceError(UserFacingError):
    """The bot is being worked on, and only who does so may use it."""

    default_key = "error-maintenance"

    @classmethod
    def saying(cls, text: str) -> Self:
        """The refusal with an admin's own words; "" for the usual sentence."""
        return cls("error-maintenance-text", text=text) if text else cls()


class QuotaExhaustedError(UserFacingError):
    """No download is left today."""

    default_key = "error-quota-exhausted"


class RateLimitedError(UserFacingError):
    """Too many actions in a window.

    Attributes:
        retry_after_s: whole seconds until the next action is allowed, at least 1; told in minutes or hours when many.
        first_in_window: False when this person was told about this limit a moment ago and need not be told again.
    """

    default_key = "error-rate-limited"
    key_of_minutes: ClassVar[str] = "error-rate-limited-minutes"
    key_of_hours: ClassVar[str] = "error-rate-limited-hours"

    def __init__(self, retry_after_s: int, *, first_in_window: bool = True) -> None:
        self.retry_after_s = max(1, retry_after_s)
        self.first_in_window = first_in_window
        if self.retry_after_s >= 2 * _HOUR_S:
            super().__init__(self.key_of_hours, hours=-(-self.retry_after_s // _HOUR_S))
        elif self.retry_after_s >= 5 * _MINUTE_S:
            super().__init__(self.key_of_minutes, minutes=-(-self.retry_after_s // _MINUTE_S))
        else:
            super().__init__(seconds=self.retry_after_s)


class LinkFailuresError(RateLimitedError):
    """Too many links that are not valid in a window."""

    default_key = "error-link-failures"
    key_of_minutes = "error-link-failures-minutes"
    key_of_hours = "error-link-failures-hours"


class BusyError(UserFacingError):
    """A job of this kind already runs for this person."""

    default_key = "error-busy"


class FileGoneError(UserFacingError):
    """The file no longer exists at its source."""

    default_key = "error-file-gone"


class InfrastructureError(FileFilterError):
    """Something the bot depends on did not do its job; told as "try again in a moment"."""

    text_key: ClassVar[str] = "error-unavailable"


class SourceUnreadableError(InfrastructureError):
    """The bot may not see the indexed channel of a file, so that nothing is known of it."""

    text_key = "error-source-unreadable"


class DatabaseUnavailableError(InfrastructureError):
    """MongoDB did not answer in time, or refused."""


class DatabaseFullError(DatabaseUnavailableError):
    """MongoDB answers and takes no more data; reading goes on."""


class SecondaryUnavailableError(DatabaseUnavailableError):
    """A database that holds nothing but files did not answer; the primary did, or was not asked."""


class SearchTimeoutError(InfrastructureError):
    """The search was cut by its own time limit."""

    text_key = "error-search-timeout"


class CacheUnavailableError(InfrastructureError):
    """Redis did not answer; raised only where a miss will not do."""


class TelegramUnavailableError(InfrastructureError):
    """Telegram did not answer, or asked to wait longer than the caller may."""


class ConfigurationError(FileFilterError):
    """Start-up cannot go on; the message names the variable, what is wrong and an example."""
