"""The whole state of the local Telegram, and the back doors by which tests, the demo and benchmarks move it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.clock import Clock
from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.access import Access
from sandbox.world.accounts import Account, Accounts, Usernames
from sandbox.world.basic_groups import BasicGroup, BasicGroups
from sandbox.world.callbacks import CallbackDesk, PressAnswer
from sandbox.world.chats import FULL_ID_BASE, Channel, Channels
from sandbox.world.delivery import Delivery, Observer, UpdateSink
from sandbox.world.files import FileKind, FileStore
from sandbox.world.group_life import GroupLife
from sandbox.world.inline_desk import InlineDesk
from sandbox.world.inline_mode import InlineMode
from sandbox.world.joining import Joining
from sandbox.world.membership import Membership
from sandbox.world.message_box import DEFAULT_LOG_SIZE, EventKind, Message
from sandbox.world.peers import Peers
from sandbox.world.permissions import check_send_as, check_write_channel, check_write_group, check_write_private
from sandbox.world.posting import Draft, Posting
from sandbox.world.presses import Presses
from sandbox.world.sharing import Sharing
from sandbox.world.uploads import Uploads
from sandbox.world.validation import checked_text
from sandbox.world.views import Views

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable


class World:
    """Accounts, chats, messages and files in memory; synchronous: state in, updates out.

    Channels and groups are named by their bare or their full (-100…) id throughout.

    Args:
        clock: dates of messages and deadlines of presses.
        dc_id: the data centre that files claim to be in.
        account_log_size: events kept per account; a client further behind gets differenceTooLong.
        channel_log_size: the same per channel, for channelDifferenceTooLong.

    Attributes:
        phones_with_code: phones whose owner has shown the right code and may sign up.
        short_sent: answer plain private texts with updateShortSentMessage, as Telegram does.
        difference_slice: events in one answer to updates.getDifference.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        dc_id: int = 2,
        account_log_size: int = DEFAULT_LOG_SIZE,
        channel_log_size: int = DEFAULT_LOG_SIZE,
    ) -> None:
        self.clock = clock or Clock()
        self.short_sent = True
        self.difference_slice = 500
        self.access = Access()
        self.accounts = Accounts(account_log_size)
        self.channels = Channels(channel_log_size)
        self.groups = BasicGroups()
        self.usernames = Usernames()
        self.files = FileStore()
        self.uploads = Uploads()
        self.phones_with_code: set[str] = set()
        self.views = Views(self.accounts, self.channels, self.groups, self.access, dc_id)
        self.delivery = Delivery(self.accounts, self.views, self.clock)
        self.posting = Posting(self.accounts, self.channels, self.delivery, self.clock)
        self.sharing = Sharing(self.accounts, self.channels, self.posting)
        self.membership = Membership(self.accounts, self.views, self.delivery, self.clock)
        self.joining = Joining(self.accounts, self.channels, self.membership, self.delivery, self.access, self.clock)
        self.group_life = GroupLife(self.accounts, self.groups, self.views, self.delivery, self.posting, self.clock)
        self.callbacks = CallbackDesk(self.clock)
        self.presses = Presses(self.accounts, self.access, self.delivery, self.callbacks)
        self.inline = InlineMode(self.accounts, self.delivery, InlineDesk(self.clock))
        self.peers = Peers(self.accounts, self.channels, self.groups, self.files, self.access)

    @property
    def push_channel_deletions_to_bots(self) -> bool:
        """Whether bots are told of deleted channel posts at once; Telegram does so unreliably, so off by default."""
        return self.delivery.push_channel_deletions_to_bots

    @push_channel_deletions_to_bots.setter
    def push_channel_deletions_to_bots(self, push: bool) -> None:
        self.delivery.push_channel_deletions_to_bots = push

    def attach(self, sink: UpdateSink | None) -> None:
        """Push updates to this sink from now on."""
        self.delivery.attach(sink)

    def observe(self, user_id: int, observer: Observer) -> Callable[[], None]:
        """Call `observer` with everything an account receives; returns the way to stop it."""
        return self.delivery.observe(user_id, observer)

    def now(self) -> int:
        """Whole seconds since 1970."""
        return self.posting.now()

    def add_user(
        self,
        first_name: str,
        *,
        phone: str | None = None,
        username: str | None = None,
        user_id: int | None = None,
        last_name: str | None = None,
        language: str = "en",
    ) -> Account:
        """Add a person; phone is digits only, 99966XYYYY for one who logs in by wire.

        Raises:
            ValueError: the id or the phone is taken.
            RpcFailure: the username is taken or malformed.
        """
        account = Account(user_id or self.accounts.new_id(), first_name, last_name, phone=phone, language=language)
        return self._named(self.accounts.add(account), username)

    def add_bot(
        self,
        token: str,
        first_name: str,
        username: str,
        *,
        sees_all_group_messages: bool = True,
        inline_placeholder: str | None = None,
    ) -> Account:
        """Add a bot; its id is the number before the colon of the token.

        Raises:
            ValueError: the id or the token is taken.
            RpcFailure: the username is taken or malformed.
        """
        account = Account(
            int(token.partition(":")[0]),
            first_name,
            token=token,
            sees_all_group_messages=sees_all_group_messages,
            inline_placeholder=inline_placeholder,
        )
        return self._named(self.accounts.add(account), username)

    def add_channel(
        self,
        title: str,
        *,
        creator: int,
        username: str | None = None,
        admins: Iterable[int] = (),
        members: Iterable[int] = (),
        channel_id: int | None = None,
    ) -> Channel:
        """Add a broadcast channel with its people and bots."""
        return self._found(title, creator, username, admins, members, channel_id, broadcast=True)

    def add_group(
        self,
        title: str,
        *,
        creator: int,
        username: str | None = None,
        admins: Iterable[int] = (),
        members: Iterable[int] = (),
        channel_id: int | None = None,
    ) -> Channel:
        """Add a (super)group with its people and bots."""
        return self._found(title, creator, username, admins, members, channel_id, broadcast=False)

    def add_document(
        self,
        name: str,
        size: int = 0,
        mime: str | None = None,
        *,
        kind: FileKind | str = FileKind.DOCUMENT,
        data: bytes | None = None,
        duration: int = 60,
    ) -> int:
        """Add a file and return its id; without `data` its `size` bytes are generated when somebody reads them."""
        return self.files.add(name, size, mime, kind=FileKind(kind), date=self.now(), duration=duration, data=data).id

    def says(
        self,
        user_id: int,
        bot_id: int,
        text: str = "",
        *,
        file: int | None = None,
        reply_to: int | None = None,
        entities: list[Any] | None = None,
    ) -> Message:
        """Write a private message as that account; returns the writer's copy.

        Raises:
            RpcFailure: what the same message from a client would be refused with.
        """
        return self.write(user_id, self.accounts[bot_id], self._draft(text, file, reply_to, entities))

    def post(
        self,
        channel_id: int,
        text: str = "",
        *,
        author: int | None = None,
        file: int | None = None,
        reply_to: int | None = None,
        entities: list[Any] | None = None,
        send_as: int | None = None,
    ) -> Message:
        """Write into a channel or group, as its creator when no author is named.

        With `send_as`, readers of the group see the group itself or one of the author's channels as the sender.

        Raises:
            RpcFailure: what the same message from a client would be refused with.
        """
        channel = self.channels[channel_id]
        author_id = next(iter(channel.members)) if author is None else author
        draft = self._draft(text, file, reply_to, entities)
        if send_as is not None:
            draft.sent_as = check_send_as(self.accounts[author_id], channel, self.channels[send_as])
        return self.write(author_id, channel, draft)

    def chat(self, chat_id: int) -> Account | Channel | BasicGroup:
        """An account by its id, a basic group by its negative id, or a channel or group by its bare or full id."""
        if chat_id > 0:
            return self.accounts.get(chat_id) or self.channels[chat_id]
        return self.channels[chat_id] if chat_id < FULL_ID_BASE else self.groups[chat_id]

    def write(self, author_id: int, chat: Account | Channel | BasicGroup, draft: Draft) -> Message:
        """Write a draft into a private chat, channel or group of either kind; returns the writer's copy.

        Raises:
            RpcFailure: the author may not write there.
        """
        author = self.accounts[author_id]
        # Telegram does not echo a bot's own messages to it; a person's other devices do get theirs.
        tell_sender = not author.is_bot
        if isinstance(chat, Account):
            check_write_private(author, chat)
            event = self.posting.send_private(author_id, chat.id, draft, tell_sender=tell_sender)
        elif isinstance(chat, BasicGroup):
            check_write_group(author, chat)
            event = self.group_life.send(author_id, chat, draft, tell_sender=tell_sender)
        else:
            check_write_channel(author, chat)
            event = self.posting.send_channel(author_id, chat, draft, tell_sender=tell_sender)
        return _message_of(event.message)

    def edit(self, message: Message, text: str, *, file: int | None = None, entities: list[Any] | None = None) -> None:
        """Change a message's text or caption, and its file when one is named, as its author.

        Raises:
            RpcFailure: MESSAGE_TOO_LONG and its like.
        """
        body = message.body
        kept = body.file if file is None else self.files[file]
        text, found = checked_text(text, entities, is_caption=kept is not None)
        draft = Draft(text, found, kept, body.markup)
        by_person = not self.accounts[body.sender_id].is_bot
        self.posting.edit(message, draft, editor_id=body.sender_id, tell_editor=by_person)

    def delete(self, *messages: Message) -> None:
        """Delete messages for both sides, or for everybody in their channel, one event each."""
        for message in messages:
            if message.in_channel:
                self.posting.delete_channel(self.channels[message.peer_id], [message.id])
            else:
                self.posting.delete_private(message.owner_id, [message.id], revoke=True, tell_owner=True)

    def press(self, user_id: int, bot_id: int, message_id: int, data: bytes) -> asyncio.Future[PressAnswer]:
        """Press a button of a bot's private message, as a modified client can: any data goes.

        Args:
            user_id: who presses.
            bot_id: whose message it is.
            message_id: as the person numbers it.
            data: sent as it is.

        Raises:
            RpcFailure: MESSAGE_ID_INVALID, or DATA_INVALID under `presses.check_data`.
        """
        message = self.accounts[user_id].box.get(message_id)
        if message is None or message.peer_id != bot_id:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        return self.presses.press(user_id, message, data)[1]

    def press_in_channel(
        self, user_id: int, channel_id: int, message_id: int, data: bytes
    ) -> asyncio.Future[PressAnswer]:
        """Press a button of a bot's message in a channel or group.

        Raises:
            RpcFailure: MESSAGE_ID_INVALID, CHANNEL_PRIVATE, or DATA_INVALID under `presses.check_data`.
        """
        channel = self.channels[channel_id]
        if not channel.is_member(user_id):
            raise RpcFailure(400, "CHANNEL_PRIVATE")
        message = channel.history.get(message_id)
        if message is None:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        return self.presses.press(user_id, message, data)[1]

    def messages_between(self, user_id: int, other_id: int) -> list[Message]:
        """The private chat of two accounts, oldest first, as the first one's copies."""
        return list(self.accounts[user_id].box.dialog(other_id).history)

    def expire_file_references(self) -> None:
        """Make every file reference handed out so far expire."""
        self.access.expire_file_references()

    def block(self, user_id: int, bot_id: int) -> None:
        """Let an account block another; a blocked bot is told."""
        self.membership.block(user_id, bot_id)

    def unblock(self, user_id: int, bot_id: int) -> None:
        """Undo `block`."""
        self.membership.unblock(user_id, bot_id)

    def deactivate(self, user_id: int) -> None:
        """Delete an account as its owner would: its chats stay, nobody can write to it."""
        account = self.accounts[user_id]
        account.deactivated = True
        self.usernames.release(account.username)

    def rename(self, owner: Account | Channel, username: str | None) -> None:
        """Give an account or channel another username, or none.

        Raises:
            RpcFailure: USERNAME_INVALID, USERNAME_OCCUPIED or USERNAME_NOT_MODIFIED.
        """
        if username == owner.username:
            raise RpcFailure(400, "USERNAME_NOT_MODIFIED")
        previous = owner.username
        if username:
            self.usernames.claim(username, "user" if isinstance(owner, Account) else "channel", owner.id)
        if previous and previous.lower() != (username or "").lower():
            self.usernames.release(previous)
        owner.username = username or None

    def _named(self, account: Account, username: str | None) -> Account:
        if username:
            self.rename(account, username)
        return account

    def _found(
        self,
        title: str,
        creator: int,
        username: str | None,
        admins: Iterable[int],
        members: Iterable[int],
        channel_id: int | None,
        *,
        broadcast: bool,
    ) -> Channel:
        channel = self.channels.add(title, broadcast=broadcast, created_at=self.now(), channel_id=channel_id)
        self.membership.found(channel, creator)
        for user_id in admins:
            self.membership.promote(channel, user_id, actor_id=creator)
        for user_id in members:
            self.membership.join(channel, user_id, actor_id=creator)
        if username:
            self.rename(channel, username)
        return channel

    def _draft(self, text: str, file: int | None, reply_to: int | None, entities: list[Any] | None) -> Draft:
        text, found = checked_text(text, entities, is_caption=file is not None)
        return Draft(text, found, None if file is None else self.files[file], reply_to=reply_to)


def _message_of(message: Message | None) -> Message:
    if message is None:
        raise AssertionError(f"an event of kind {EventKind.NEW} carries its message")
    return message
