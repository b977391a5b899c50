"""The peers a client has met, in memory and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pyrogram import raw

from core.telegram.incoming import full_channel_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Peer(NamedTuple):
    """A peer as pyrogram reports it.

    Attributes:
        id: positive for people and bots, negative for basic groups, -100… for channels and supergroups.
        access_hash: only valid for the account that was given it.
        kind: "user", "bot", "group", "channel" or "supergroup".
        username: lower-case, without "@".
        phone_number: of people whose number the account may see.
    """

    id: int
    access_hash: int | None
    kind: str
    username: str | None
    phone_number: str | None


class PeerBook:
    """Finds input peers by id, username and phone number; forgets the peers met longest ago.

    Args:
        capacity: most peers to remember.
        unix: tells the time; usernames are believed for eight hours, since they change hands.
    """

    _USERNAME_TTL_S = 8 * 3600

    def __init__(self, capacity: int, unix: Callable[[], float]) -> None:
        self._capacity = capacity
        self._unix = unix
        self._peers: dict[int, Peer] = {}
        self._usernames: dict[str, tuple[int, float]] = {}
        self._phones: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._peers)

    def meet(self, peers: Iterable[tuple[int, int | None, str, str | None, str | None]]) -> None:
        """Remember peers; what was known about the same id is replaced."""
        for row in peers:
            peer = Peer(*row)
            known = self._peers.pop(peer.id, None)
            self._peers[peer.id] = peer
            if known is not None and known != peer:
                self._forget_names(known)
            if peer.username:
                self._usernames[peer.username] = (peer.id, self._unix())
            if peer.phone_number:
                self._phones[peer.phone_number] = peer.id
        while len(self._peers) > self._capacity:
            self._forget_names(self._peers.pop(next(iter(self._peers))))

    def meet_usernames(self, usernames: Iterable[tuple[int, str]]) -> None:
        """Remember further usernames of peers: (peer id, lower-case name) pairs."""
        for peer_id, name in usernames:
            if peer_id in self._peers:
                self._usernames[name] = (peer_id, self._unix())
        while len(self._usernames) > 2 * self._capacity:
            del self._usernames[next(iter(self._usernames))]

    def by_id(self, peer_id: int) -> Any:
        """The input peer of an id.

        Raises:
            KeyError: it was never met, or is forgotten.
        """
        peer = self._peers.get(peer_id)
        if peer is None:
            raise KeyError(f"ID not found: {peer_id}")
        if peer.kind in {"user", "bot"}:
            return raw.types.InputPeerUser(user_id=peer.id, access_hash=peer.access_hash or 0)
        if peer.kind == "group":
            return raw.types.InputPeerChat(chat_id=-peer.id)
        return raw.types.InputPeerChannel(channel_id=full_channel_id(peer.id), access_hash=peer.access_hash or 0)

    def by_username(self, username: str) -> Any:
        """The input peer of a lower-case username.

        Raises:
            KeyError: nobody met has it, or it was last seen more than eight hours ago.
        """
        peer_id, seen_at = self._usernames.get(username, (0, 0.0))
        if self._unix() - seen_at > self._USERNAME_TTL_S:
            raise KeyError(f"Username not found or expired: {username}")
        return self.by_id(peer_id)

    def by_phone_number(self, phone_number: str) -> Any:
        """The input peer of a phone number.

        Raises:
            KeyError: nobody met has it.
        """
        peer_id = self._phones.get(phone_number)
        if peer_id is None:
            raise KeyError(f"Phone number not found: {phone_number}")
        return self.by_id(peer_id)

    def _forget_names(self, peer: Peer) -> None:
        if peer.username and self._usernames.get(peer.username, (0,))[0] == peer.id:
            del self._usernames[peer.username]
        if peer.phone_number and self._phones.get(peer.phone_number) == peer.id:
            del self._phones[peer.phone_number]
