"""Forwards, copies and albums: the drafts that they become; whether a message may leave its chat is checked here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.message_box import Forward
from sandbox.world.posting import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.world.accounts import Accounts
    from sandbox.world.chats import Channels
    from sandbox.world.files import File
    from sandbox.world.message_box import Message
    from sandbox.world.posting import Posting

ALBUM_SIZES = range(2, 11)
FORWARD_LIMIT = 100


class Sharing:
    """Makes drafts out of messages that exist, and albums out of files."""

    def __init__(self, accounts: Accounts, channels: Channels, posting: Posting) -> None:
        self._accounts = accounts
        self._channels = channels
        self._posting = posting

    def album(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Tie drafts of one file each together.

        Raises:
            RpcFailure: MULTI_MEDIA_TOO_LONG for more than ten, MEDIA_INVALID for fewer than two, for one without a
                file, and where documents or music stand next to another kind.
        """
        if len(drafts) > ALBUM_SIZES[-1]:
            raise RpcFailure(400, "MULTI_MEDIA_TOO_LONG")
        files = [draft.file for draft in drafts]
        if len(drafts) not in ALBUM_SIZES or len({_album_kind(file) for file in files}) != 1:
            raise RpcFailure(400, "MEDIA_INVALID")
        album_id = self._posting.new_album_id()
        for draft in drafts:
            draft.grouped_id = album_id
        return list(drafts)

    def forwarded(
        self, messages: Iterable[Message], *, drop_author: bool = False, drop_captions: bool = False
    ) -> list[Draft]:
        """What forwarding these messages writes; albums stay together under a new id.

        Args:
            messages: of one chat, at most a hundred.
            drop_author: copies: they do not say where they come from.
            drop_captions: without the captions of files.

        Raises:
            RpcFailure: CHAT_FORWARDS_RESTRICTED for protected content, MESSAGE_ID_INVALID for a service message.
        """
        albums: dict[int, int] = {}
        drafts = []
        for message in messages:
            self._check_may_leave(message)
            body = message.body
            bare = drop_captions and body.file is not None
            draft = Draft("" if bare else body.text, [] if bare else list(body.entities), body.file)
            if body.grouped_id is not None:
                if body.grouped_id not in albums:
                    albums[body.grouped_id] = self._posting.new_album_id()
                draft.grouped_id = albums[body.grouped_id]
            if not drop_author:
                draft.forward = body.forward or self._origin(message)
            drafts.append(draft)
        return drafts

    def _check_may_leave(self, message: Message) -> None:
        if message.body.action is not None:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        if message.body.protected or (message.in_channel and self._channels[message.peer_id].protected):
            raise RpcFailure(400, "CHAT_FORWARDS_RESTRICTED")

    def _origin(self, message: Message) -> Forward:
        body = message.body
        if message.in_channel and self._channels[message.peer_id].broadcast:
            return Forward(body.date, channel_id=message.peer_id, channel_post=message.id)
        if body.sent_as:
            return Forward(body.date, channel_id=body.sent_as)
        author = self._accounts[body.sender_id]
        if author.hides_in_forwards:
            return Forward(body.date, user_name=f"{author.first_name} {author.last_name or ''}".strip())
        return Forward(body.date, user_id=author.id)


def _album_kind(file: File | None) -> str:
    """Photos and videos mix; documents and music stand among their own kind only.

    Raises:
        RpcFailure: MEDIA_INVALID without a file, and for kinds that are never in albums.
    """
    kind = "none" if file is None else file.kind.value
    group = {"photo": "visual", "video": "visual", "document": "document", "audio": "audio"}.get(kind)
    if group is None:
        raise RpcFailure(400, "MEDIA_INVALID")
    return group
