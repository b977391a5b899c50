"""What one person of the page does, as their client would: through the world, refused as Telegram refuses."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.actor import Actor
from sandbox.datacenter.rpc import RpcFailure
from sandbox.seen import seen_of
from sandbox.web.chats import Chats
from sandbox.web.rendering import chat_id_of, inline_page
from sandbox.web.timeline import Timeline
from sandbox.world.chats import FULL_ID_BASE, Channel
from sandbox.world.files import FileKind
from sandbox.world.links import HOSTS, start_link
from sandbox.world.permissions import check_edit
from sandbox.world.posting import Draft
from sandbox.world.validation import checked_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.world import World
    from sandbox.world.message_box import Message

FILE_NAME_BYTES = 255
_PRESS_S = 16.0
_KINDS = {"video": FileKind.VIDEO, "audio": FileKind.AUDIO}
_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


class Person:
    """One person of the page. Build it inside a running loop.

    Attributes:
        chats: what the person reads.
        timeline: what happens to the person's messages.
    """

    def __init__(self, world: World, person_id: int, bot_id: int, shown: tuple[int, ...]) -> None:
        self.chats = Chats(world, person_id, bot_id, shown)
        self.timeline = Timeline(world, person_id)
        self._actor = Actor(world, person_id, bot_id)
        self._world = world
        self._id = person_id
        self._uploads: dict[str, int] = {}

    def close(self) -> None:
        """Stop looking."""
        self.timeline.close()
        self._actor.close()

    def say(self, chat_id: int, text: str, *, reply_to: int | None = None) -> Message:
        """Write a message.

        Raises:
            RpcFailure: MESSAGE_TOO_LONG and its like, or the person may not write there.
        """
        stored, entities = checked_text(text, None, is_caption=False)
        return self._world.write(self._id, self.chats.chat(chat_id), Draft(stored, entities, reply_to=reply_to))

    async def press(self, chat_id: int, message_id: int, data: str) -> dict[str, Any]:
        """Press a button by its data in base64url; the bot's answer.

        Raises:
            RpcFailure: the message is gone. TimeoutError: the bot did not answer.
        """
        seen = seen_of(self.chats.message(chat_id, message_id))
        answer = await self._actor.press(seen, data=urlsafe_b64decode(data), timeout=_PRESS_S)
        return {"text": answer.text, "alert": answer.alert, "url": answer.url}

    async def ask_inline(self, chat_id: int, query: str, offset: str) -> dict[str, Any]:
        """Type the bot's name and a query into a chat; one page of results.

        Raises:
            RpcFailure: as `InlineMode.ask`.
        """
        where = self.chats.chat(chat_id)
        return inline_page(await self._world.inline.ask(self._id, self._actor.bot_id, query, offset, chat=where))

    def choose(self, chat_id: int, query_id: str, result_id: str, *, reply_to: int | None = None) -> Message:
        """Send an inline result.

        Raises:
            RpcFailure: INLINE_RESULT_EXPIRED and its like, or the person may not write there.
        """
        inline, query = self._world.inline, int(query_id)
        draft = inline.draft(self._id, query, result_id, reply_to)
        message = self._world.write(self._id, self.chats.chat(chat_id), draft)
        inline.tell_chosen(self._id, query, result_id)
        return message

    async def open(self, url: str) -> dict[str, Any]:
        """Follow a link: {"chat": id} when it leads into a chat here, else {"outside": url}.

        Raises:
            RpcFailure: URL_INVALID for what is no address, START_PARAM_INVALID, INVITE_HASH_EXPIRED,
                INVITE_REQUEST_SENT and their like.
        """
        try:
            parts = urlsplit(url if "://" in url else f"https://{url}")
        except ValueError:
            raise RpcFailure(400, "URL_INVALID") from None
        if (link := start_link(url)) is not None and self._world.usernames.owner(link.username) is not None:
            return {"chat": (await self._actor.open_link(url)).peer_id}
        if parts.netloc.lower() not in HOSTS:
            return {"outside": url}
        name = parts.path.strip("/").split("/")[0]
        if name.startswith("+"):
            return {"chat": self._world.joining.follow(self._id, name[1:]).full_id}
        kind, owner_id = self._world.usernames.owner(name) or ("", 0)
        if not owner_id:
            raise RpcFailure(400, "USERNAME_NOT_OCCUPIED")
        return {"chat": owner_id if kind == "user" else FULL_ID_BASE - owner_id}

    def start(self, param: str) -> Message:
        """Start the bot with a parameter, as the line above inline results does."""
        return self._actor.start(param)

    def upload(self, name: str, mime: str, data: bytes, *, as_picture: bool) -> str:
        """Take in a file for a later `post`; returns a token for it.

        Raises:
            RpcFailure: FILE_PARTS_INVALID for an empty file, FILENAME_TOO_LONG above 255 bytes of UTF-8.
        """
        if not data:
            raise RpcFailure(400, "FILE_PARTS_INVALID")
        if len(name.encode(errors="surrogatepass")) > FILE_NAME_BYTES:
            raise RpcFailure(400, "FILENAME_TOO_LONG")
        kind = _KINDS.get(mime.partition("/")[0], FileKind.DOCUMENT)
        if as_picture and mime in _PICTURES:
            name, kind = "", FileKind.PHOTO
        token = secrets.token_hex(8)
        self._uploads[token] = self._world.add_document(name, mime=mime or None, kind=kind, data=data)
        return token

    def post(self, chat_id: int, tokens: Sequence[str], caption: str, *, reply_to: int | None = None) -> list[Message]:
        """Write files that were uploaded, several as an album.

        Raises:
            RpcFailure: MEDIA_INVALID for unknown tokens or files that make no album, MEDIA_CAPTION_TOO_LONG, or the
                person may not write there.
        """
        try:
            ids = [self._uploads[token] for token in tokens]
        except KeyError:
            raise RpcFailure(400, "MEDIA_INVALID") from None
        chat = self.chats.chat(chat_id)
        if len(ids) > 1:
            posted = self._actor.post_album(chat_id, ids, caption, reply_to=reply_to)
        else:
            text, entities = checked_text(caption, None, is_caption=True)
            drafts = [Draft(text, entities, self._world.files[file_id], reply_to=reply_to) for file_id in ids]
            posted = [self._world.write(self._id, chat, draft) for draft in drafts]
        for token in tokens:
            del self._uploads[token]
        return posted

    def edit(self, chat_id: int, message_id: int, text: str) -> None:
        """Change the text or caption of a message.

        Raises:
            RpcFailure: MESSAGE_AUTHOR_REQUIRED or CHAT_ADMIN_REQUIRED for another's message, or the text is too long.
        """
        message, chat = self.chats.message(chat_id, message_id), self.chats.chat(chat_id)
        check_edit(self._id, message, chat if isinstance(chat, Channel) else None)
        self._world.edit(message, text)

    def delete(self, chat_id: int, message_id: int) -> None:
        """Delete a message for everybody.

        Raises:
            RpcFailure: MESSAGE_DELETE_FORBIDDEN for what is neither one's own nor in a chat that one administers.
        """
        message = self.chats.message(chat_id, message_id)
        chat = self.chats.chat(chat_id)
        may_all = isinstance(chat, Channel) and chat.may(self._id, "delete_messages")
        if message.body.sender_id != self._id and message.in_channel and not may_all:
            raise RpcFailure(403, "MESSAGE_DELETE_FORBIDDEN")
        if message.in_channel:
            self._actor.delete_posts(chat_id, [message_id], push=True)
        else:
            self._world.delete(message)

    def join(self, chat_id: int) -> None:
        """Enter a public channel or group.

        Raises:
            RpcFailure: CHANNEL_PRIVATE for one without a name.
        """
        chat = self.chats.chat(chat_id)
        if not isinstance(chat, Channel) or not chat.username:
            raise RpcFailure(400, "CHANNEL_PRIVATE")
        self._actor.join(chat_id)

    def leave(self, chat_id: int) -> None:
        """Go out of a channel or group.

        Raises:
            RpcFailure: USER_CREATOR for its founder, USER_NOT_PARTICIPANT for who is not in.
        """
        chat = self.chats.chat(chat_id)
        if not isinstance(chat, Channel) or not chat.is_member(self._id):
            raise RpcFailure(400, "USER_NOT_PARTICIPANT")
        if chat.may(self._id, "add_admins"):
            raise RpcFailure(400, "USER_CREATOR")
        self._actor.leave(chat_id)

    def named(self, message: Message) -> dict[str, int]:
        """Where a message stands, for an answer."""
        return {"chat": chat_id_of(message), "id": message.id}
