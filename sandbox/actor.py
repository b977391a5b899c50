"""A test person: says, presses, waits, and sees exactly what its account receives."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from sandbox.owner import Owner
from sandbox.seen import Button, InlineOffer, InlinePage, Seen, page_of, seen_of
from sandbox.world.links import check_start_param, start_link
from sandbox.world.message_box import EventKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.world import World
    from sandbox.world.callbacks import PressAnswer
    from sandbox.world.delivery import Happening
    from sandbox.world.files import File, FileKind
    from sandbox.world.message_box import Message

__all__ = ["Actor", "Button", "InlineOffer", "InlinePage", "Seen"]

_Result = TypeVar("_Result")


class _Stream:
    """Arrivals in order; each one is handed out once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: deque[Seen] = deque()
        self._arrived = asyncio.Event()
        self.count = 0

    def add(self, seen: Seen) -> None:
        self.count += 1
        self._waiting.append(seen)
        self._arrived.set()

    async def take(self, fits: Callable[[Seen], bool], timeout_s: float) -> Seen:
        passed: list[str] = []
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    while self._waiting:
                        seen = self._waiting.popleft()
                        if fits(seen):
                            return seen
                        passed.append(seen.text)
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            raise TimeoutError(f"no fitting {self._name} within {timeout_s} s; these came: {passed}") from None


class Actor(Owner):
    """Drives one person of the world directly, as a modified client could, so forged presses are allowed.

    What the person does as the owner of chats is inherited: albums, forwards, rights of the bot, migration and more.

    Needs no client and no login; what the account receives is seen even while a client of it is connected. Waiting is
    driven by events. A wait returns the first arrival that fits and passes over earlier ones, so that two waits in a
    row also check the order. Build it inside a running loop.

    Args:
        world: where the person lives.
        user_id: the person.
        bot_id: the bot that `say` talks to.

    Attributes:
        received: everything that arrived, edits included, oldest first.
        deleted_ids: ids of this account's private messages that somebody else, or a client of the account, deleted.
    """

    def __init__(self, world: World, user_id: int, bot_id: int) -> None:
        super().__init__(world, user_id, bot_id)
        self.received: list[Seen] = []
        self.deleted_ids: list[int] = []
        self._messages = _Stream("message")
        self._edits = _Stream("edit")
        self._stop = world.observe(user_id, self._on_happening)

    def close(self) -> None:
        """Stop looking."""
        self._stop()

    def say(self, text: str, *, reply_to: Message | None = None) -> Message:
        """Write to the bot."""
        return self._world.says(self.user_id, self.bot_id, text, reply_to=reply_to.id if reply_to else None)

    def say_in(
        self, channel_id: int, text: str, *, reply_to: Message | None = None, send_as: int | None = None
    ) -> Message:
        """Write into a group or channel; with `send_as` anonymously for the group, or in a channel's name."""
        reply_id = reply_to.id if reply_to else None
        return self._world.post(channel_id, text, author=self.user_id, reply_to=reply_id, send_as=send_as)

    def mention(self, channel_id: int, text: str, *, reply_to: Message | None = None) -> Message:
        """Write into a group with the bot's @name in front."""
        return self.say_in(channel_id, f"@{self._world.accounts[self.bot_id].username} {text}", reply_to=reply_to)

    def send_file(self, name: str, size: int = 1, *, caption: str = "", kind: FileKind | str = "document") -> Message:
        """Send the bot a new file."""
        file_id = self._world.add_document(name, size, kind=kind)
        return self._world.says(self.user_id, self.bot_id, caption, file=file_id)

    def post_file(
        self, channel_id: int, name: str, size: int = 1, *, caption: str = "", kind: FileKind | str = "document"
    ) -> Message:
        """Post a new file in a channel or group."""
        file_id = self._world.add_document(name, size, kind=kind)
        return self._world.post(channel_id, caption, author=self.user_id, file=file_id)

    def edit_caption(self, message: Message, text: str) -> None:
        """Change the text or caption of a message."""
        self._world.edit(message, text)

    def delete(self, *messages: Message) -> None:
        """Delete messages for everybody."""
        self._world.delete(*messages)

    def block_bot(self) -> None:
        """Block the bot."""
        self._world.block(self.user_id, self.bot_id)

    def unblock_bot(self) -> None:
        """Unblock the bot."""
        self._world.unblock(self.user_id, self.bot_id)

    async def wait_message(
        self,
        fits: Callable[[Seen], bool] | None = None,
        *,
        containing: str | None = None,
        timeout: float = 10,  # noqa: ASYNC109  (the caller names a bound, not a scope)
    ) -> Seen:
        """The next new message that fits.

        Args:
            fits: condition; None accepts any.
            containing: part of the text.
            timeout: seconds of real time.

        Raises:
            TimeoutError: none came; it names what came instead.
        """
        return await self._messages.take(_condition(fits, containing), timeout)

    async def wait_edit(
        self,
        fits: Callable[[Seen], bool] | None = None,
        *,
        of: Seen | None = None,
        containing: str | None = None,
        timeout: float = 10,  # noqa: ASYNC109  (the caller names a bound, not a scope)
    ) -> Seen:
        """The next edit that fits; `of` asks for edits of one message. Otherwise as `wait_message`."""
        condition = _condition(fits, containing)
        return await self._edits.take(
            lambda seen: (of is None or seen.message is of.message) and condition(seen), timeout
        )

    async def expect_nothing_until(self, event: Awaitable[_Result]) -> _Result:
        """Await something, and insist that no new message arrived meanwhile; returns what it returned.

        Raises:
            AssertionError: a message came.
        """
        before = self._messages.count
        result = await event
        if self._messages.count != before:
            news = [seen.text for seen in self.received if seen.edit_count == 0][before - self._messages.count :]
            raise AssertionError(f"nothing was expected, but these came: {news}")
        return result

    async def press(
        self,
        seen: Seen,
        text: str | None = None,
        *,
        data: bytes | str | None = None,
        timeout: float = 10,  # noqa: ASYNC109  (the caller names a bound, not a scope)
    ) -> PressAnswer:
        """Press a button by its text, or send any data as a modified client can, and wait for the bot's answer.

        Works on messages of groups that answered somebody else, too. The answer's `url`, if it has one, is for
        `open_link`.

        Raises:
            LookupError: no button has the text, or it is not a callback button.
            TimeoutError: the bot did not answer.
            RpcFailure: the message is gone.
        """
        payload = data.encode() if isinstance(data, str) else data
        if payload is None:
            payload = seen.button(text or "").data
        if payload is None:
            raise LookupError(f"{text!r} is not a callback button")
        message = seen.message
        if message.in_channel:
            answer = self._world.press_in_channel(self.user_id, message.peer_id, message.id, payload)
        else:
            answer = self._world.press(self.user_id, message.peer_id, message.id, payload)
        async with asyncio.timeout(timeout):
            return await answer

    async def inline(
        self,
        query: str,
        *,
        bot: int | None = None,
        offset: str = "",
        chat: int | None = None,
        timeout: float = 10,  # noqa: ASYNC109  (the caller names a bound, not a scope)
    ) -> InlinePage:
        """Type the bot's name and a query into the text field of a chat, and wait for the results.

        Args:
            query: what follows the name.
            bot: another bot than the one that `say` talks to.
            offset: the `next_offset` of the page before; any text, as a modified client can.
            chat: where it is typed: an account, or the full (-100…) id of a channel or group; None for the bot's chat.
            timeout: seconds of real time.

        Raises:
            RpcFailure: the bot has no inline mode, or did not answer in the time that Telegram gives it.
            TimeoutError: neither happened.
        """
        bot_id = bot or self.bot_id
        where = self._world.chat(chat or bot_id)
        async with asyncio.timeout(timeout):
            return page_of(await self._world.inline.ask(self.user_id, bot_id, query, offset, chat=where))

    async def choose(self, result: InlineOffer, chat: int | None = None, *, reply_to: Message | None = None) -> Message:
        """Send an inline result into a chat, named as in `inline`; returns this person's copy.

        Raises:
            RpcFailure: the result is no longer known or another person's, or the person may not write there.
        """
        inline = self._world.inline
        draft = inline.draft(self.user_id, result.query_id, result.id, reply_to.id if reply_to else None)
        message = self._world.write(self.user_id, self._world.chat(chat or self.bot_id), draft)
        inline.tell_chosen(self.user_id, result.query_id, result.id)
        return message

    async def open_link(self, url: str) -> Message:
        """Tap a link like https://t.me/bot?start=payload and then Start; returns what an app then sends.

        Raises:
            LookupError: the address starts no bot of this world.
            RpcFailure: START_PARAM_INVALID and its like, or the bot may not be written to.
        """
        link = start_link(url)
        kind, bot_id = (link and self._world.usernames.owner(link.username)) or ("", 0)
        if link is None or kind != "user" or not self._world.accounts[bot_id].is_bot:
            raise LookupError(f"{url!r} starts no bot")
        return self.start(link.param, bot=bot_id)

    def start(self, param: str, *, bot: int | None = None) -> Message:
        """Start the bot with a parameter, as the line above inline results does.

        Raises:
            RpcFailure: START_PARAM_INVALID and its like, or the bot may not be written to.
        """
        check_start_param(param)
        return self._world.says(self.user_id, bot or self.bot_id, f"/start {param}")

    def files(self) -> list[File]:
        """Files of all messages received so far, oldest first."""
        return [seen.document for seen in self.received if seen.document is not None and seen.edit_count == 0]

    def _on_happening(self, happening: Happening) -> None:
        if happening.message is None:
            self.deleted_ids += happening.ids if not happening.channel_id else ()
            return
        if happening.message.body.sender_id == self.user_id:
            return
        seen = seen_of(happening.message)
        self.received.append(seen)
        (self._messages if happening.kind is EventKind.NEW else self._edits).add(seen)


def _condition(fits: Callable[[Seen], bool] | None, containing: str | None) -> Callable[[Seen], bool]:
    return lambda seen: (containing is None or containing in seen.text) and (fits is None or fits(seen))
