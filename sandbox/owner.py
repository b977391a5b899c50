"""What a test person does with the chats that it owns or moderates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.accounts import Account
from sandbox.world.chats import Channel
from sandbox.world.permissions import check_admin
from sandbox.world.posting import Draft
from sandbox.world.sharing import FORWARD_LIMIT
from sandbox.world.validation import checked_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.world import World
    from sandbox.world.basic_groups import BasicGroup
    from sandbox.world.files import FileKind
    from sandbox.world.message_box import Message


class Owner:
    """Drives one person as the owner or an admin of channels and groups.

    Chats are named as in `World.chat`: the other's id for private chats, negative for basic groups, bare or -100… for
    channels and supergroups. Whatever Telegram would refuse is refused with its error.

    Args:
        world: where the person lives.
        user_id: the person.
        bot_id: the bot whose rights the person gives and takes.
    """

    def __init__(self, world: World, user_id: int, bot_id: int) -> None:
        self.user_id = user_id
        self.bot_id = bot_id
        self._world = world

    def post_album(
        self,
        chat_id: int,
        files: Sequence[str | int],
        caption: str = "",
        *,
        kind: FileKind | str = "document",
        size: int = 1,
        reply_to: int | None = None,
    ) -> list[Message]:
        """Post two to ten files as one album, the caption at the first of them as clients do; oldest first.

        Args:
            chat_id: a channel or a group.
            files: names of new files, or ids of files that exist.
            caption: of the whole.
            kind: of the new files.
            size: bytes of each new file.
            reply_to: id of the message that the album answers, as the person numbers it.

        Raises:
            RpcFailure: MULTI_MEDIA_TOO_LONG, MEDIA_INVALID, or the person may not write there.
        """
        world = self._world
        ids = [file if isinstance(file, int) else world.add_document(file, size, kind=kind) for file in files]
        text, entities = checked_text(caption, None, is_caption=True)
        drafts = [Draft(file=world.files[file_id], reply_to=reply_to) for file_id in ids]
        if drafts:
            drafts[0].text, drafts[0].entities = text, entities
        chat = world.chat(chat_id)
        return [world.write(self.user_id, chat, draft) for draft in world.sharing.album(drafts)]

    def forward(
        self, to: int, from_chat: int, message_ids: Sequence[int], *, drop_author: bool = False
    ) -> list[Message]:
        """Forward messages, holes left out; returns this person's copies, in the order of the ids.

        Raises:
            RpcFailure: MESSAGE_ID_INVALID when none of them exists, CHAT_FORWARDS_RESTRICTED, CHANNEL_PRIVATE, or the
                person may not write there.
        """
        if not 1 <= len(message_ids) <= FORWARD_LIMIT:
            raise RpcFailure(400, "LIMIT_INVALID" if message_ids else "MESSAGE_IDS_EMPTY")
        found = [message for message in (self._message(from_chat, i) for i in message_ids) if message is not None]
        if not found:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        target = self._world.chat(to)
        drafts = self._world.sharing.forwarded(found, drop_author=drop_author)
        return [self._world.write(self.user_id, target, draft) for draft in drafts]

    def copy(self, to: int, from_chat: int, message_ids: Sequence[int]) -> list[Message]:
        """Forward messages without saying where they come from; otherwise as `forward`."""
        return self.forward(to, from_chat, message_ids, drop_author=True)

    def create_channel(self, title: str, *, username: str | None = None) -> Channel:
        """Found a broadcast channel."""
        return self._world.add_channel(title, creator=self.user_id, username=username)

    def create_supergroup(
        self, title: str, *, members: Iterable[int] = (), admins: Iterable[int] = (), username: str | None = None
    ) -> Channel:
        """Found a supergroup with its people and bots."""
        return self._world.add_group(title, creator=self.user_id, username=username, admins=admins, members=members)

    def create_basic_group(self, title: str, members: Iterable[int]) -> BasicGroup:
        """Found a basic group; everybody in it gets the service message about it."""
        return self._world.group_life.found(title, self.user_id, members)

    def migrate(self, group: BasicGroup) -> Channel:
        """Make a supergroup of a basic group; both get a service message, and the old one takes no messages any more.

        Raises:
            RpcFailure: CHAT_ADMIN_REQUIRED unless the person founded it, CHAT_ID_INVALID when it has migrated.
        """
        if not group.is_creator(self.user_id):
            raise RpcFailure(400, "CHAT_ADMIN_REQUIRED")
        world = self._world
        return world.group_life.migrate(group, world.channels, world.membership, actor_id=self.user_id)

    def edit_post(self, chat_id: int, message_id: int, text: str, *, file: int | None = None) -> None:
        """Change the text or caption of a post, and its file when one is named.

        Raises:
            RpcFailure: MESSAGE_ID_INVALID, MESSAGE_TOO_LONG and its like.
        """
        self._world.edit(self._existing(chat_id, message_id), text, file=file)

    def delete_posts(self, chat_id: int, message_ids: Iterable[int], *, push: bool | None = None) -> None:
        """Delete posts of a channel or supergroup; ids without a post pass unnoticed.

        Bots learn it now with `push`, and only from the channel's difference without; None leaves it to the world.
        """
        channel = self._world.channels[chat_id]
        self._world.posting.delete_channel(channel, message_ids, push=push)

    def set_bot_rights(self, chat_id: int, *, admin: bool, rights: Any = None) -> None:
        """Make the bot an admin, or take its rights; taken in a channel, the bot is out, as on Telegram.

        Args:
            chat_id: a channel or supergroup, whether the bot is in or not.
            admin: whether the bot is an admin afterwards.
            rights: raw ChatAdminRights; None for all but naming other admins.

        Raises:
            RpcFailure: CHAT_ADMIN_REQUIRED.
        """
        channel = self._managed(chat_id, "add_admins")
        membership = self._world.membership
        if admin:
            membership.promote(channel, self.bot_id, rights=rights, actor_id=self.user_id)
        elif channel.is_admin(self.bot_id):
            membership.dismiss(channel, self.bot_id, actor_id=self.user_id)

    def remove_bot(self, chat_id: int) -> None:
        """Throw the bot out of a channel or supergroup, so that it cannot come back by itself.

        Raises:
            RpcFailure: CHAT_ADMIN_REQUIRED.
        """
        self._world.membership.kick(self._managed(chat_id, "ban_users"), self.bot_id, actor_id=self.user_id)

    def add_bot(self, chat_id: int) -> None:
        """Make the bot an ordinary member of a supergroup or basic group.

        Raises:
            RpcFailure: USER_BOT in a channel, where bots are admins or nothing.
        """
        chat = self._world.chat(chat_id)
        if isinstance(chat, Account) or (isinstance(chat, Channel) and chat.broadcast):
            raise RpcFailure(400, "USER_BOT")
        if isinstance(chat, Channel):
            self._world.membership.join(chat, self.bot_id, actor_id=self.user_id)
        else:
            self._world.group_life.add(chat, self.bot_id, actor_id=self.user_id)

    def make_private(self, chat_id: int) -> None:
        """Take the username of a channel or supergroup; who is not in gets CHANNEL_PRIVATE from now on."""
        self.rename(chat_id, None)

    def rename(self, chat_id: int, username: str | None) -> None:
        """Give a channel or supergroup another username, or none.

        Raises:
            RpcFailure: CHAT_ADMIN_REQUIRED, USERNAME_OCCUPIED and its like.
        """
        channel = self._managed(chat_id, "change_info")
        self._world.rename(channel, username)
        self._world.membership.tell_changed(channel)

    def protect(self, chat_id: int, *, protected: bool = True) -> None:
        """Forbid or allow forwarding out of a channel or supergroup."""
        self._managed(chat_id, "change_info").protected = protected

    def delete_channel(self, chat_id: int) -> None:
        """Delete a channel or supergroup; everybody, the bot included, gets CHANNEL_PRIVATE from now on."""
        self._world.membership.close(self._managed(chat_id, "change_info"))

    def join(self, chat_id: int) -> None:
        """Be a member of a channel or supergroup, however the person got in."""
        self._world.membership.join(self._world.channels[chat_id], self.user_id)

    def leave(self, chat_id: int) -> None:
        """Go out of a channel or supergroup."""
        self._world.membership.leave(self._world.channels[chat_id], self.user_id)

    def invite_link(self, chat_id: int, *, needs_approval: bool = False) -> str:
        """A link that lets people in, at once or when an admin agrees.

        Raises:
            RpcFailure: CHAT_ADMIN_REQUIRED.
        """
        channel = self._managed(chat_id, "invite_users")
        return self._world.joining.new_link(channel, self.user_id, needs_approval=needs_approval).link

    def follow_link(self, link: str) -> bool:
        """Tap an invite link; whether the person is in now, False while an admin has to agree.

        Raises:
            RpcFailure: INVITE_HASH_EXPIRED or USER_ALREADY_PARTICIPANT.
        """
        try:
            self._world.joining.follow(self.user_id, link.rpartition("+")[2])
        except RpcFailure as failure:
            if failure.name != "INVITE_REQUEST_SENT":
                raise
            return False
        return True

    def decide_request(self, chat_id: int, user_id: int, *, approved: bool) -> None:
        """Let somebody in who asked to be, or not.

        Raises:
            RpcFailure: CHAT_ADMIN_REQUIRED, or HIDE_REQUESTER_MISSING when they did not ask.
        """
        channel = self._managed(chat_id, "invite_users")
        self._world.joining.decide(channel, user_id, approved=approved, actor_id=self.user_id)

    def _managed(self, chat_id: int, right: str) -> Channel:
        channel = self._world.channels[chat_id]
        check_admin(self.user_id, channel, right)
        return channel

    def _existing(self, chat_id: int, message_id: int) -> Message:
        message = self._message(chat_id, message_id)
        if message is None:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        return message

    def _message(self, chat_id: int, message_id: int) -> Message | None:
        chat = self._world.chat(chat_id)
        if isinstance(chat, Channel):
            if chat.gone or not (chat.is_member(self.user_id) or chat.username):
                raise RpcFailure(400, "CHANNEL_PRIVATE")
            return chat.history.get(message_id)
        message = self._world.accounts[self.user_id].box.get(message_id)
        return message if message is not None and message.peer_id == chat_id else None
