"""What a test person sees: messages with their buttons, and the results of inline queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.world.chats import FULL_ID_BASE

if TYPE_CHECKING:
    from sandbox.world.files import File
    from sandbox.world.inline_desk import Answered
    from sandbox.world.inline_results import InlineResult, SwitchButton
    from sandbox.world.message_box import Message


class Button(NamedTuple):
    """One button as a client shows it; `data` or `url` is None according to its kind."""

    text: str
    data: bytes | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A message at the moment it arrived or was edited.

    Attributes:
        id: as this account numbers it.
        chat_id: the other account, or the full (-100…) id of a channel or group.
        text: plain text or caption, markup already applied.
        buttons: rows of the inline keyboard, empty without one.
        entities: pyrogram.raw entities; offsets in UTF-16 code units.
        edit_count: 0 for a new message.
        message: the message itself, as it is now.
    """

    id: int
    chat_id: int
    sender_id: int
    text: str
    buttons: tuple[tuple[Button, ...], ...]
    document: File | None
    entities: tuple[Any, ...]
    edit_count: int
    message: Message

    def button(self, text: str) -> Button:
        """The first button with exactly this text, else the first that contains it.

        Raises:
            LookupError: there is none; the message names those that exist.
        """
        return _find_button(self.buttons, text)


@dataclass(frozen=True, slots=True)
class InlineOffer:
    """One result of an inline query, as the person's client lists it.

    Attributes:
        query_id: of the answer that it belongs to.
        kind: "article", "photo", "video", "audio", "voice", "gif" or "file".
        title: "" without one, and so is the description.
        document: the file that is listed; None for articles.
        text: of the message that a choice sends; the caption when it sends the file.
        entities: pyrogram.raw entities of the text.
        buttons: rows of the keyboard below that message.
        sends_file: a choice sends the file itself; False: the text alone.
    """

    query_id: int
    id: str
    kind: str
    title: str
    description: str
    document: File | None
    text: str
    entities: tuple[Any, ...]
    buttons: tuple[tuple[Button, ...], ...]
    sends_file: bool

    def button(self, text: str) -> Button:
        """See `Seen.button`."""
        return _find_button(self.buttons, text)


@dataclass(frozen=True, slots=True)
class InlinePage:
    """The answer to an inline query.

    Attributes:
        next_offset: asks for more results; None when these were the last.
        switch_pm: the line above the results, which opens the private chat; None without one.
        cache_time_s: for how long the same query gets the same answer.
        is_personal: that answer is for this person alone.
    """

    query_id: int
    results: tuple[InlineOffer, ...]
    next_offset: str | None
    switch_pm: SwitchButton | None
    cache_time_s: int
    is_personal: bool
    is_gallery: bool

    @property
    def titles(self) -> list[str]:
        """Titles of the results, in their order."""
        return [result.title for result in self.results]

    def result(self, title: str) -> InlineOffer:
        """The first result with exactly this title, else the first that contains it.

        Raises:
            LookupError: there is none; the message names those that exist.
        """
        for fits in (lambda r: r.title == title, lambda r: title in r.title):
            found = next((result for result in self.results if fits(result)), None)
            if found is not None:
                return found
        raise LookupError(f"no result {title!r} among {self.titles}")


def seen_of(message: Message) -> Seen:
    """A message as it is now."""
    body = message.body
    return Seen(
        id=message.id,
        chat_id=FULL_ID_BASE - message.peer_id if message.in_channel else message.peer_id,
        sender_id=body.sender_id,
        text=body.text,
        buttons=_buttons(body.markup),
        document=body.file,
        entities=tuple(body.entities),
        edit_count=body.edit_count,
        message=message,
    )


def page_of(answered: Answered) -> InlinePage:
    """The answer to an inline query."""
    answer = answered.answer
    return InlinePage(
        query_id=answered.query_id,
        results=tuple(_offer(answered.query_id, result) for result in answer.results),
        next_offset=answer.next_offset,
        switch_pm=answer.switch_pm,
        cache_time_s=answer.cache_time_s,
        is_personal=answer.is_personal,
        is_gallery=answer.is_gallery,
    )


def _offer(query_id: int, result: InlineResult) -> InlineOffer:
    return InlineOffer(
        query_id=query_id,
        id=result.id,
        kind=result.type,
        title=result.title or "",
        description=result.description or "",
        document=result.file,
        text=result.text,
        entities=tuple(result.entities),
        buttons=_buttons(result.markup),
        sends_file=result.sends_file,
    )


def _find_button(rows: tuple[tuple[Button, ...], ...], text: str) -> Button:
    every = [button for row in rows for button in row]
    for fits in (lambda b: b.text == text, lambda b: text in b.text):
        found = next((button for button in every if fits(button)), None)
        if found is not None:
            return found
    raise LookupError(f"no button {text!r} among {[button.text for button in every]}")


def _buttons(markup: Any) -> tuple[tuple[Button, ...], ...]:
    return tuple(tuple(_button(button) for button in row.buttons) for row in getattr(markup, "rows", ()))


def _button(button: Any) -> Button:
    return Button(button.text, getattr(button, "data", None), getattr(button, "url", None))
