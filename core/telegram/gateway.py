"""What services may ask of Telegram: a port without pyrogram types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from core.errors import FileFilterError, TelegramUnavailableError

if TYPE_CHECKING:
    from core.domain.audience import Unreachable
    from core.domain.media import MediaKind, NewMedia


class SendClass(StrEnum):
    """Who waits for a message; the earlier ones go first where messages have to wait. Values are metric labels."""

    ANSWER = "answer"
    """To somebody who has just asked."""
    DELIVERY = "delivery"
    """A file that was asked for."""
    NOTICE = "notice"
    """What an admin or a reader should know soon."""
    BULK = "bulk"
    """One of very many, such as a broadcast."""


@dataclass(frozen=True, slots=True)
class Button:
    """One inline button: exactly one of `data` (1-64 bytes) and `url` is set."""

    text: str
    data: str | None = None
    url: str | None = None


Keyboard = Sequence[Sequence[Button]]


@dataclass(frozen=True, slots=True)
class SentMedia:
    """A file that reached the chat.

    Attributes:
        message_id: 0 when Telegram confirmed the delivery without naming the message.
        file_id: with a fresh reference, where the answer holds one; otherwise the one that was sent.
    """

    message_id: int
    file_id: str


@dataclass(frozen=True, slots=True)
class InlineFile:
    """A stored file among the results of an inline query; choosing it sends the file without asking the bot.

    Attributes:
        id: unique in its answer, 1-64 bytes.
        file_id: as of `send_media`.
        title: plain text, not empty.
        description: plain text.
        caption_html: of at most 1,024 UTF-16 units.
    """

    id: str
    file_id: str
    kind: MediaKind
    title: str
    description: str
    caption_html: str


@dataclass(frozen=True, slots=True)
class InlineArticle:
    """A text among the results of an inline query; choosing it sends `html` with the keyboard.

    Attributes:
        id: unique in its answer, 1-64 bytes.
        title: plain text, not empty.
        description: plain text.
        html: of at most 4,096 UTF-16 units.
    """

    id: str
    title: str
    description: str
    html: str
    keyboard: Keyboard | None = None


@dataclass(frozen=True, slots=True)
class InlineHint:
    """The line above the results of an inline query, which opens the private chat.

    Attributes:
        text: plain, not empty; an app shows about 50 characters of it.
        payload: what `/start` will carry: 1-64 letters, digits, `_` and `-`.
    """

    text: str
    payload: str


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel or group as the bot sees it; `id` is the full -100… id."""

    id: int
    title: str
    username: str | None
    pts: int


@dataclass(frozen=True, slots=True)
class ChannelChanges:
    """What happened in a channel since a pts.

    Attributes:
        pts: the counter after these changes.
        final: False when more is waiting from `pts` on.
        too_long: the past is no longer kept; `posts` then holds only the newest, and ids must be walked.
        posts: new or edited files, oldest first.
        deleted: ids of deleted posts.
        top_message_id: highest message id seen in these changes, 0 when none.
    """

    pts: int
    final: bool
    too_long: bool = False
    posts: Sequence[NewMedia] = field(default=())
    deleted: Sequence[int] = field(default=())
    top_message_id: int = 0


class RecipientUnreachableError(FileFilterError):
    """The person blocked the bot, deleted the account or never started the bot.

    Attributes:
        why: which of these; None where the bot may not write into a group or channel.
    """

    def __init__(self, message: str = "", why: Unreachable | None = None) -> None:
        self.why = why
        super().__init__(message)


class SourceGoneError(FileFilterError):
    """The file cannot be fetched from any of its sources any more."""


class RetryLaterError(TelegramUnavailableError):
    """Telegram asked to wait longer than this call may.

    Attributes:
        seconds: the wait Telegram asked for.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"retry after {seconds} s")


class OutcomeUnknownError(TelegramUnavailableError):
    """The request may or may not have been carried out; a send counts as spent."""


class TelegramRefusedError(FileFilterError):
    """Telegram refuses the request for a reason no caller can act on: a defect of ours, or a lost login.

    Attributes:
        name: Telegram's name of the error, for example "BUTTON_URL_INVALID".
    """

    def __init__(self, method: str, name: str) -> None:
        self.name = name
        super().__init__(f"{method}: {name}")


class TelegramGateway(Protocol):
    """The port over Telegram. Texts are HTML already escaped by the catalogue, unless said otherwise.

    Every method raises `RetryLaterError` for a flood wait beyond the call's cap, `TelegramUnavailableError` when
    Telegram does not answer, `TelegramRefusedError` for what should not happen, and, where it writes to a person,
    `RecipientUnreachableError`. A send is carried out at most once however often its answer is lost; where that stays
    open, it raises `OutcomeUnknownError`. ValueError means that the caller exceeds a limit; nothing was sent.
    """

    @property
    def username(self) -> str:
        """The bot's own, without @; "" before the login."""
        ...

    async def is_group_admin(self, chat_id: int, user_id: int) -> bool:
        """Whether a person administers a group or made it, as Telegram says now.

        Raises:
            SourceGoneError: the bot may not look at the members of this group.
        """
        ...

    async def send_text(
        self,
        chat_id: int,
        html: str,
        keyboard: Keyboard | None = None,
        *,
        reply_to: int | None = None,
        send_class: SendClass = SendClass.ANSWER,
        random_id: int | None = None,
    ) -> int:
        """Send a message of at most 4,096 UTF-16 units, as a reply unless the answered message was deleted meanwhile.

        It waits for its turn in the send budget, behind what is of an earlier class. With a `random_id` (1 to 2^63 - 1)
        it may be sent again, by a later process too, and arrives once.

        Returns:
            The message's id; 0 when it was delivered but the answer that named the id is lost.
        """
        ...

    async def edit_text(self, chat_id: int, message_id: int, html: str, keyboard: Keyboard | None = None) -> None:
        """Replace a message's text and keyboard; an unchanged or vanished message (id 0 too) is no error."""
        ...

    async def delete_messages(self, chat_id: int, message_ids: Sequence[int]) -> None:
        """Delete at most 100 messages of one chat for everybody; those that are gone already are no error.

        Raises:
            RecipientUnreachableError: the bot is not in the chat any more.
            TelegramRefusedError: it may not delete them: in a group without the right to, or after two days.
        """
        ...

    async def send_media(self, chat_id: int, file_id: str, caption_html: str, *, protect: bool = False) -> SentMedia:
        """Send a stored file by reference, with a caption of at most 1,024 UTF-16 units.

        Returns:
            What was sent; its message id is 0 when the answer that named it is lost.

        Raises:
            FileReferenceExpiredError: the reference or the whole file_id is not accepted (any more); heal it from a
                source and send again.
        """
        ...

    async def answer_callback(
        self, query_id: str, text: str | None = None, *, alert: bool = False, url: str | None = None
    ) -> None:
        """Answer a button press with plain text of at most 200 characters; a query too old is no error."""
        ...

    async def answer_inline(
        self,
        query_id: str,
        results: Sequence[InlineFile | InlineArticle],
        *,
        cache_s: int,
        personal: bool = True,
        next_offset: str = "",
        hint: InlineHint | None = None,
    ) -> None:
        """Answer an inline query with at most 50 results; a query too old is no error.

        Args:
            query_id: of the update; it can be answered for some ten seconds.
            results: in the order of display.
            cache_s: how long Telegram may give the same answer to the same text and offset by itself; seconds.
            personal: whether it may do so for this person only.
            next_offset: what the query for the next results will carry, at most 64 bytes; "" when there are no more.
            hint: the line above the results.

        Raises:
            FileReferenceExpiredError: the reference of one of the files, Telegram does not say of which, is not
                accepted (any more); nothing was shown.
        """
        ...

    async def fetch_posts(self, channel_id: int, message_ids: Sequence[int]) -> list[NewMedia]:
        """Read the files of up to 200 posts by id; holes and posts without a file are left out."""
        ...

    async def get_channel(self, channel: int | str) -> ChannelInfo:
        """Look a channel up by id or @name.

        Raises:
            SourceGoneError: it does not exist or the bot may not see it.
        """
        ...

    async def channel_changes(self, channel_id: int, pts: int) -> ChannelChanges:
        """What happened since `pts`: one page of Telegram's channel difference.

        Raises:
            SourceGoneError: the bot may not see the channel any more.
        """
        ...

    async def set_commands(self, commands: Sequence[tuple[str, str]], *, person_id: int | None = None) -> None:
        """Publish the bot's command menu: (command, description) pairs.

        Args:
            commands: at most 100; none for a person takes that person's own list back.
            person_id: who alone sees it, in place of everybody's; None for everybody.

        Raises:
            SourceGoneError: this person never started the bot.
        """
        ...


class FileReferenceExpiredError(FileFilterError):
    """The file_id's embedded reference is no longer accepted."""
