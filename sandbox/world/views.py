"""The world as one account sees it: TL objects with that account's access hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.world.chats import Role, every_right
from sandbox.world.files import SMALL_PHOTO_WIDTH, FileKind
from sandbox.world.message_box import Event, EventKind, Message
from sandbox.world.validation import mentioned_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sandbox.world.access import Access
    from sandbox.world.accounts import Accounts
    from sandbox.world.basic_groups import BasicGroup, BasicGroups
    from sandbox.world.chats import Channel, Channels, Member
    from sandbox.world.files import File
    from sandbox.world.message_box import Body

T = raw.types


class Views:
    """Renders accounts, channels, messages and events for a viewer.

    Rendering a user or a channel for a bot also makes the bot know it (`Account.met`).
    """

    def __init__(self, accounts: Accounts, channels: Channels, groups: BasicGroups, access: Access, dc_id: int) -> None:
        self._accounts = accounts
        self._channels = channels
        self._groups = groups
        self._access = access
        self._dc_id = dc_id

    def user(self, user_id: int, viewer: int) -> Any:
        """A raw User."""
        account = self._accounts[user_id]
        watcher = self._accounts[viewer]
        if watcher.is_bot:
            watcher.met.add(user_id)
        bot, gone = account.is_bot, account.deactivated
        return T.User(
            id=user_id,
            is_self=user_id == viewer or None,
            deleted=gone or None,
            bot=bot or None,
            bot_chat_history=(bot and account.sees_all_group_messages) or None,
            bot_can_edit=None,
            access_hash=self._access.user(viewer, user_id),
            first_name=None if gone else account.first_name,
            last_name=None if gone else account.last_name,
            username=None if gone else account.username,
            phone=account.phone if user_id == viewer else None,
            bot_info_version=1 if bot else None,
            bot_inline_placeholder=account.inline_placeholder,
            lang_code=None if bot or not watcher.is_bot else account.language,
        )

    def channel(self, channel: Channel, viewer: int) -> Any:
        """A raw Channel; ChannelForbidden for somebody who was kicked, and for everybody once it is gone."""
        watcher = self._accounts[viewer]
        access_hash = self._access.channel(viewer, channel.id)
        member = channel.members.get(viewer)
        if channel.gone or (member and member.role is Role.KICKED):
            return T.ChannelForbidden(
                id=channel.id,
                access_hash=access_hash,
                title=channel.title,
                broadcast=channel.broadcast or None,
                megagroup=not channel.broadcast or None,
            )
        if watcher.is_bot:
            watcher.met.add(channel.id)
        return T.Channel(
            id=channel.id,
            title=channel.title,
            photo=T.ChatPhotoEmpty(),
            date=channel.created_at,
            access_hash=access_hash,
            username=channel.username,
            broadcast=channel.broadcast or None,
            megagroup=not channel.broadcast or None,
            left=member is None or None,
            creator=(member is not None and member.role is Role.CREATOR) or None,
            admin_rights=member.rights if member else None,
            banned_rights=_banned_rights(member) if member and member.muted else None,
            default_banned_rights=T.ChatBannedRights(until_date=0),
            participants_count=len(channel.members),
            noforwards=channel.protected or None,
        )

    def group(self, group: BasicGroup, viewer: int) -> Any:
        """A raw Chat; ChatForbidden for somebody who is not in."""
        member = group.members.get(viewer)
        if member is None:
            return T.ChatForbidden(id=group.id, title=group.title)
        after = None
        if group.migrated_to is not None:
            access_hash = self._access.channel(viewer, group.migrated_to)
            after = T.InputChannel(channel_id=group.migrated_to, access_hash=access_hash)
        return T.Chat(
            id=group.id,
            title=group.title,
            photo=T.ChatPhotoEmpty(),
            participants_count=len(group.members),
            date=group.created_at,
            version=group.version,
            creator=member.role is Role.CREATOR or None,
            deactivated=after is not None or None,
            migrated_to=after,
            admin_rights=every_right() if member.role is Role.ADMIN else None,
            default_banned_rights=T.ChatBannedRights(until_date=0),
        )

    def group_participant(self, member: Member, user_id: int) -> Any:
        """A raw ChatParticipant from a membership that may be over already."""
        if member.role is Role.CREATOR:
            return T.ChatParticipantCreator(user_id=user_id)
        kind = T.ChatParticipantAdmin if member.role is Role.ADMIN else T.ChatParticipant
        return kind(user_id=user_id, inviter_id=member.actor_id, date=member.date)

    def participant(self, channel: Channel, user_id: int, viewer: int) -> Any:
        """A raw ChannelParticipant of the right kind; None when the account is not in the channel."""
        member = channel.members.get(user_id)
        return None if member is None else self.participant_of(member, user_id, viewer)

    def participant_of(self, member: Member, user_id: int, viewer: int) -> Any:
        """A raw ChannelParticipant from a membership that may be over already."""
        if member.role is Role.KICKED or member.muted:
            return T.ChannelParticipantBanned(
                peer=T.PeerUser(user_id=user_id),
                kicked_by=member.actor_id,
                date=member.date,
                left=member.role is Role.KICKED or None,
                banned_rights=_banned_rights(member),
            )
        if member.role is Role.CREATOR:
            return T.ChannelParticipantCreator(user_id=user_id, admin_rights=member.rights, rank=member.rank)
        if member.role is Role.ADMIN:
            return T.ChannelParticipantAdmin(
                user_id=user_id,
                promoted_by=member.actor_id,
                date=member.date,
                admin_rights=member.rights,
                can_edit=viewer == member.actor_id or None,
                # These two share one flag bit of the constructor: both or none.
                is_self=user_id == viewer or None,
                inviter_id=member.actor_id if user_id == viewer else None,
                rank=member.rank,
            )
        if user_id == viewer:
            return T.ChannelParticipantSelf(user_id=user_id, inviter_id=member.actor_id, date=member.date)
        return T.ChannelParticipant(user_id=user_id, date=member.date)

    def participants(self, channel: Channel, user_ids: Iterable[int], viewer: int) -> dict[str, list[Any]]:
        """Raw participants of accounts that are in a channel, with every user and chat that they name."""
        ids = list(user_ids)
        actors = [channel.members[user_id].actor_id for user_id in ids]
        users, chats = self.peers((), viewer, (*ids, *actors), (channel.id,))
        found = [self.participant(channel, user_id, viewer) for user_id in ids]
        return {"participants": found, "users": users, "chats": chats}

    def media(self, file: File | None, viewer: int) -> Any:
        """A raw MessageMedia with a reference that is good now; None without a file."""
        if file is None:
            return None
        if file.is_photo:
            return T.MessageMediaPhoto(photo=self.photo(file, viewer))
        return T.MessageMediaDocument(
            document=self.document(file, viewer),
            video=file.kind in {FileKind.VIDEO, FileKind.ANIMATION} or None,
            voice=file.kind is FileKind.VOICE or None,
        )

    def document(self, file: File, viewer: int) -> Any:
        """A raw Document."""
        return T.Document(
            id=file.id,
            access_hash=self._access.file(viewer, file.id),
            file_reference=self._access.file_reference(file.id),
            date=file.date,
            mime_type=file.mime,
            size=file.size,
            dc_id=self._dc_id,
            attributes=file.attributes,
        )

    def photo(self, file: File, viewer: int) -> Any:
        """A raw Photo with a small and a full size."""
        small_height = file.height * SMALL_PHOTO_WIDTH // file.width
        return T.Photo(
            id=file.id,
            access_hash=self._access.file(viewer, file.id),
            file_reference=self._access.file_reference(file.id),
            date=file.date,
            dc_id=self._dc_id,
            sizes=[
                T.PhotoSize(type="m", w=SMALL_PHOTO_WIDTH, h=small_height, size=file.size_of("m")),
                T.PhotoSize(type="x", w=file.width, h=file.height, size=file.size_of("x")),
            ],
        )

    def message(self, message: Message, viewer: int) -> Any:
        """A raw Message or MessageService; MessageEmpty when it was deleted meanwhile."""
        if message.deleted:
            return T.MessageEmpty(id=message.id)
        body = message.body
        if body.action is not None:
            return self._service_message(message, viewer)
        channel = self._channels[message.peer_id] if message.in_channel else None
        broadcast = channel is not None and channel.broadcast
        out = body.sender_id == viewer
        signed = not broadcast and (out or channel is not None or message.peer_id < 0)
        reply = message.reply_to
        return T.Message(
            id=message.id,
            out=out or None,
            mentioned=self._is_mentioned(message, viewer) or None,
            post=broadcast or None,
            from_id=_sender(body) if signed else None,
            peer_id=_peer_of(message),
            date=body.date,
            message=body.text,
            entities=body.entities or None,
            media=self.media(body.file, viewer),
            reply_markup=body.markup,
            reply_to=T.MessageReplyHeader(reply_to_msg_id=reply) if reply else None,
            fwd_from=_forward_header(body.forward),
            via_bot_id=body.via_bot_id,
            views=1 if broadcast else None,
            forwards=0 if broadcast else None,
            edit_date=body.edited_at,
            grouped_id=body.grouped_id,
            noforwards=body.protected or None,
            pinned=message.pinned or None,
        )

    def _is_mentioned(self, message: Message, viewer: int) -> bool:
        """Whether a message of a group names the viewer, or answers a message of theirs."""
        body, group = message.body, message.peer_id < 0
        if body.sender_id == viewer or not (group or message.in_channel):
            return False
        history = self._accounts[viewer].box if group else self._channels[message.peer_id].history
        answered = history.get(message.reply_to) if message.reply_to else None
        if answered is not None and answered.body.sender_id == viewer:
            return True
        names = any(getattr(entity, "user_id", None) == viewer for entity in body.entities)
        username = self._accounts[viewer].username
        return names or (username is not None and username.lower() in mentioned_names(body.text))

    def _service_message(self, message: Message, viewer: int) -> Any:
        body = message.body
        post = message.in_channel and self._channels[message.peer_id].broadcast
        return T.MessageService(
            id=message.id,
            out=body.sender_id == viewer or None,
            post=post or None,
            from_id=None if post else _sender(body),
            peer_id=_peer_of(message),
            date=body.date,
            action=body.action,
        )

    def update(self, event: Event, channel: Channel | None, viewer: int) -> Any:
        """The raw update of a log entry; pass the channel for entries of a channel's log."""
        if event.kind is EventKind.DELETE:
            ids = list(event.ids)
            if channel is not None:
                return T.UpdateDeleteChannelMessages(
                    channel_id=channel.id, messages=ids, pts=event.pts, pts_count=event.count
                )
            return T.UpdateDeleteMessages(messages=ids, pts=event.pts, pts_count=event.count)
        if channel is not None:
            kind = T.UpdateNewChannelMessage if event.kind is EventKind.NEW else T.UpdateEditChannelMessage
        else:
            kind = T.UpdateNewMessage if event.kind is EventKind.NEW else T.UpdateEditMessage
        return kind(message=self.message(event.message, viewer), pts=event.pts, pts_count=event.count)  # type: ignore[arg-type]

    def peers(
        self,
        messages: Iterable[Message],
        viewer: int,
        users: Iterable[int] = (),
        channels: Iterable[int] = (),
        groups: Iterable[int] = (),
    ) -> tuple[list[Any], list[Any]]:
        """Every user and chat that the messages name, the viewer among them, and the extra ones."""
        user_ids, channel_ids, group_ids = {viewer, *users}, set(channels), set(groups)
        for message in messages:
            if message.in_channel:
                channel_ids.add(message.peer_id)
            else:
                (user_ids if message.peer_id > 0 else group_ids).add(abs(message.peer_id))
            named_users, named_channels = _named(message.body)
            user_ids |= named_users
            channel_ids |= named_channels
        found = [self.user(user_id, viewer) for user_id in user_ids if user_id in self._accounts]
        chats = [self.channel(self._channels[channel_id], viewer) for channel_id in channel_ids]
        return found, chats + [self.group(self._groups[group_id], viewer) for group_id in group_ids]

    def updates(
        self,
        updates: list[Any],
        viewer: int,
        *,
        date: int,
        messages: Iterable[Message] = (),
        users: Iterable[int] = (),
        channels: Iterable[int] = (),
        groups: Iterable[int] = (),
    ) -> Any:
        """Raw Updates with the users and chats that clients need to read them."""
        found_users, found_chats = self.peers(messages, viewer, users, channels, groups)
        return T.Updates(updates=updates, users=found_users, chats=found_chats, date=date, seq=0)


def _peer_of(message: Message) -> Any:
    if message.in_channel:
        return T.PeerChannel(channel_id=message.peer_id)
    return T.PeerUser(user_id=message.peer_id) if message.peer_id > 0 else T.PeerChat(chat_id=-message.peer_id)


def _sender(body: Body) -> Any:
    return T.PeerChannel(channel_id=body.sent_as) if body.sent_as else T.PeerUser(user_id=body.sender_id)


def _named(body: Body) -> tuple[set[int], set[int]]:
    """Users and channels that a message names; whoever writes in the name of a channel stays unnamed."""
    forward = body.forward
    users = (None if body.sent_as else body.sender_id, body.via_bot_id, forward and forward.user_id)
    channels = (body.sent_as, forward and forward.channel_id, getattr(body.action, "channel_id", None))
    named = {user for user in users if user} | {*getattr(body.action, "users", ())}
    return named, {channel for channel in channels if channel}


def _forward_header(forward: Any) -> Any:
    if forward is None:
        return None
    source = None
    if forward.channel_id or forward.user_id:
        by_channel = forward.channel_id is not None
        source = T.PeerChannel(channel_id=forward.channel_id) if by_channel else T.PeerUser(user_id=forward.user_id)
    return T.MessageFwdHeader(
        date=forward.date, from_id=source, from_name=forward.user_name, channel_post=forward.channel_post
    )


def _banned_rights(member: Member) -> Any:
    kicked = member.role is Role.KICKED
    return T.ChatBannedRights(until_date=0, view_messages=kicked or None, send_messages=True)
