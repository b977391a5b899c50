"""From the peers that clients name to accounts and channels, with Telegram's refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.chats import Role

if TYPE_CHECKING:
    from sandbox.world.access import Access
    from sandbox.world.accounts import Account, Accounts
    from sandbox.world.basic_groups import BasicGroup, BasicGroups
    from sandbox.world.chats import Channel, Channels
    from sandbox.world.files import File, FileStore
    from sandbox.world.message_box import Message

T = raw.types

Chat: TypeAlias = "Account | Channel | BasicGroup"

SELF = (T.InputPeerSelf, T.InputUserSelf)
USER = (T.InputPeerUser, T.InputUser)
CHANNEL = (T.InputPeerChannel, T.InputChannel)


class Peers:
    """Checks access hashes and membership.

    A hash works only for the account that it was given to. A bot may also name whatever it has met with hash 0, which
    clients rely on after a restart without a stored session.
    """

    def __init__(
        self, accounts: Accounts, channels: Channels, groups: BasicGroups, files: FileStore, access: Access
    ) -> None:
        self._accounts = accounts
        self._channels = channels
        self._groups = groups
        self._files = files
        self._access = access

    def account(self, viewer: int, peer: Any) -> Account:
        """The account behind an InputUser or InputPeer.

        Raises:
            RpcFailure: PEER_ID_INVALID.
        """
        if isinstance(peer, SELF):
            return self._accounts[viewer]
        account = self._accounts.get(peer.user_id) if isinstance(peer, USER) else None
        if account is None or not self._may_name(
            viewer, account.id, peer.access_hash, self._access.user(viewer, account.id)
        ):
            raise RpcFailure(400, "PEER_ID_INVALID")
        return account

    def channel(self, viewer: int, peer: Any) -> Channel:
        """The channel behind an InputChannel or InputPeer, whether the viewer is in or not.

        Raises:
            RpcFailure: CHANNEL_INVALID.
        """
        channel = self._channels.get(peer.channel_id) if isinstance(peer, CHANNEL) else None
        if channel is None or not self._may_name(
            viewer, channel.id, peer.access_hash, self._access.channel(viewer, channel.id)
        ):
            raise RpcFailure(400, "CHANNEL_INVALID")
        return channel

    def readable_channel(self, viewer: int, peer: Any) -> Channel:
        """A channel whose messages the viewer may read: a member's, or a public one.

        Raises:
            RpcFailure: CHANNEL_INVALID or CHANNEL_PRIVATE.
        """
        channel = self.channel(viewer, peer)
        if channel.gone or channel.role(viewer) is Role.KICKED or not (channel.is_member(viewer) or channel.username):
            raise RpcFailure(400, "CHANNEL_PRIVATE")
        return channel

    def group(self, viewer: int, group_id: int) -> BasicGroup:
        """A basic group that the viewer is in; basic groups have no access hash.

        Raises:
            RpcFailure: PEER_ID_INVALID for an unknown group, CHAT_ID_INVALID for another's.
        """
        group = self._groups.known(group_id)
        if not group.is_member(viewer):
            raise RpcFailure(400, "CHAT_ID_INVALID")
        return group

    def chat(self, viewer: int, peer: Any) -> Chat:
        """Whatever the peer names: an account, a channel that the viewer may read, or a basic group it is in."""
        if isinstance(peer, T.InputPeerChat):
            return self.group(viewer, peer.chat_id)
        if isinstance(peer, CHANNEL):
            return self.readable_channel(viewer, peer)
        return self.account(viewer, peer)

    def message(self, viewer: int, peer: Any, message_id: int) -> Message:
        """A message of a chat; `peer` None looks in the viewer's own box.

        Raises:
            RpcFailure: MESSAGE_ID_INVALID, or what `chat` raises.
        """
        message = self.find_message(viewer, peer, message_id)
        if message is None:
            raise RpcFailure(400, "MESSAGE_ID_INVALID")
        return message

    def find_message(self, viewer: int, peer: Any, message_id: int) -> Message | None:
        """Like `message`, with None for a hole."""
        if isinstance(peer, CHANNEL):
            return self.readable_channel(viewer, peer).history.get(message_id)
        message = self._accounts[viewer].box.get(message_id)
        if message is None or peer is None:
            return message
        if isinstance(peer, T.InputPeerChat):
            return message if message.peer_id == self.group(viewer, peer.chat_id).full_id else None
        return message if message.peer_id == self.account(viewer, peer).id else None

    def file(self, viewer: int, given: Any) -> File:
        """The file behind an InputDocument, InputPhoto or file location.

        Raises:
            RpcFailure: MEDIA_EMPTY for an unknown file or a hash of another account's, FILE_REFERENCE_EMPTY or
                FILE_REFERENCE_EXPIRED.
        """
        file = self._files.get(getattr(given, "id", 0))
        if file is None or given.access_hash != self._access.file(viewer, file.id):
            raise RpcFailure(400, "MEDIA_EMPTY")
        if not given.file_reference:
            raise RpcFailure(400, "FILE_REFERENCE_EMPTY")
        if given.file_reference != self._access.file_reference(file.id):
            raise RpcFailure(400, "FILE_REFERENCE_EXPIRED")
        return file

    def _may_name(self, viewer: int, target: int, given: int, expected: int) -> bool:
        if given == expected:
            return True
        watcher = self._accounts[viewer]
        known = target in watcher.met or target in watcher.started or target in watcher.channels
        return given == 0 and watcher.is_bot and known
