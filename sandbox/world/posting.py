"""Writing, editing and deleting messages, in private chats and in channels; no rights are checked here."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.message_box import Body, Event, EventKind, Forward, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.clock import Clock
    from sandbox.world.accounts import Accounts
    from sandbox.world.chats import Channel, Channels
    from sandbox.world.delivery import Delivery
    from sandbox.world.files import File

KEPT_RANDOM_IDS = 100_000


@dataclass(slots=True)
class Draft:
    """What a sender hands in, already checked.

    Attributes:
        reply_to: id of the answered message as the sender numbers it.
        via_bot_id: the bot whose inline result it is.
        sent_as: bare id of the channel or group in whose name it is written; None for the sender's own.
        grouped_id: the album that it belongs to; see `new_album_id`.
        protected: nobody may forward or save it.
        action: a raw MessageAction; makes it a service message.
    """

    text: str = ""
    entities: list[Any] = field(default_factory=list)
    file: File | None = None
    markup: Any = None
    reply_to: int | None = None
    forward: Forward | None = None
    via_bot_id: int | None = None
    sent_as: int | None = None
    grouped_id: int | None = None
    protected: bool = False
    action: Any = None


class Posting:
    """Turns drafts into messages, and tells everybody concerned."""

    def __init__(self, accounts: Accounts, channels: Channels, delivery: Delivery, clock: Clock) -> None:
        self._accounts = accounts
        self._channels = channels
        self._delivery = delivery
        self._clock = clock
        self._random_ids: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._album_ids = itertools.count(13_500_000_000_000_001)

    def now(self) -> int:
        """Whole seconds since 1970."""
        return int(self._clock.unix())

    def new_album_id(self) -> int:
        """What the messages of one album have in common, and no other message has."""
        return next(self._album_ids)

    def claim_random_id(self, user_id: int, random_id: int) -> None:
        """Accept an account's random_id once; the newest hundred thousand are remembered.

        Raises:
            RpcFailure: 500 RANDOM_ID_DUPLICATE.
        """
        key = (user_id, random_id)
        if key in self._random_ids:
            raise RpcFailure(500, "RANDOM_ID_DUPLICATE")
        self._random_ids[key] = None
        if len(self._random_ids) > KEPT_RANDOM_IDS:
            self._random_ids.popitem(last=False)

    def send_private(self, sender_id: int, recipient_id: int, draft: Draft, *, tell_sender: bool = False) -> Event:
        """Write one message as two copies, one a side; returns the sender's event.

        Args:
            sender_id: an account; writing to a bot lets the bot answer from now on.
            recipient_id: an account; the sender's own id writes to Saved Messages, which is one copy.
            draft: what to write.
            tell_sender: push to the sender's clients too, for messages that no client of theirs has sent.
        """
        sender, recipient = self._accounts[sender_id], self._accounts[recipient_id]
        body = self._body(sender_id, draft)
        answered = sender.box.get(draft.reply_to) if draft.reply_to else None
        own = sender.box.add(sender_id, recipient_id, body, answered.id if answered else None)
        if recipient.is_bot:
            recipient.started.add(sender_id)
        if recipient_id != sender_id:
            other = answered.twin if answered else None
            event = recipient.box.add(recipient_id, sender_id, body, other.id if other else None)
            _link(own, event)
            self._delivery.private(recipient_id, event)
        self._tell_own(sender_id, own, push=tell_sender)
        return own

    def send_copies(
        self, sender_id: int, readers: Iterable[int], peer_id: int, draft: Draft, *, tell_sender: bool = False
    ) -> Event:
        """Write one message as a copy for its sender and for each reader; returns the sender's event.

        Args:
            sender_id: an account.
            readers: other accounts.
            peer_id: the chat, as the copies name it.
            draft: what to write; the answered message is found in every copy of the chat.
            tell_sender: as in `send_private`.
        """
        body = self._body(sender_id, draft)
        answered = self._accounts[sender_id].box.get(draft.reply_to) if draft.reply_to else None
        replies = {copy.owner_id: copy.id for copy in (answered, *answered.others)} if answered else {}
        events = {
            owner_id: self._accounts[owner_id].box.add(owner_id, peer_id, body, replies.get(owner_id))
            for owner_id in (sender_id, *readers)
        }
        body.copies = tuple(event.message for event in events.values() if event.message is not None)
        for owner_id, event in events.items():
            self._tell_own(owner_id, event, push=owner_id != sender_id or tell_sender)
        return events[sender_id]

    def send_channel(self, sender_id: int, channel: Channel, draft: Draft, *, tell_sender: bool = False) -> Event:
        """Write one message into a channel or group; returns its event."""
        answered = channel.history.get(draft.reply_to) if draft.reply_to else None
        event = channel.add_message(self._body(sender_id, draft), answered.id if answered else None)
        channel.read[sender_id] = channel.history.top_id
        self._delivery.channel(channel, event, but=None if tell_sender else sender_id)
        return event

    def edit(self, message: Message, draft: Draft, *, editor_id: int, tell_editor: bool = False) -> Event:
        """Replace text, entities, file and keyboard of a message, for both sides; returns the editor's event."""
        body = message.body
        body.text, body.entities, body.file, body.markup = draft.text, draft.entities, draft.file, draft.markup
        body.edited_at = self.now()
        body.edit_count += 1
        if message.in_channel:
            channel = self._channels[message.peer_id]
            event = channel.log.append(EventKind.EDIT, message)
            self._delivery.channel(channel, event, but=None if tell_editor else editor_id)
            return event
        event = self._accounts[message.owner_id].box.log.append(EventKind.EDIT, message)
        for copy in message.others:
            self._delivery.private(copy.owner_id, self._accounts[copy.owner_id].box.log.append(EventKind.EDIT, copy))
        self._tell_own(message.owner_id, event, push=tell_editor)
        return event

    def delete_private(
        self, owner_id: int, message_ids: Iterable[int], *, revoke: bool, tell_owner: bool = False
    ) -> Event | None:
        """Delete an account's copies, with `revoke` the other sides' too; None when there was nothing to delete."""
        box = self._accounts[owner_id].box
        messages = [message for message in map(box.get, message_ids) if message is not None]
        event = box.remove(message.id for message in messages)
        others: dict[int, list[int]] = {}
        for message in messages if revoke else ():
            for copy in message.others:
                others.setdefault(copy.owner_id, []).append(copy.id)
        for other_id, ids in others.items():
            removed = self._accounts[other_id].box.remove(ids)
            if removed is not None:
                self._delivery.private(other_id, removed)
        if event is not None:
            self._tell_own(owner_id, event, push=tell_owner)
        return event

    def delete_channel(
        self, channel: Channel, message_ids: Iterable[int], *, actor_id: int | None = None, push: bool | None = None
    ) -> Event | None:
        """Delete messages of a channel for everybody; None when none of them existed.

        With `push`, bots are told now or never; by default as `Delivery.push_channel_deletions_to_bots` says. The
        channel's difference tells them in any case.
        """
        gone = tuple(dict.fromkeys(i for i in message_ids if channel.history.remove(i) is not None))
        if not gone:
            return None
        event = channel.log.append(EventKind.DELETE, ids=gone)
        self._delivery.channel(channel, event, but=actor_id, push_deletion_to_bots=push)
        return event

    def _tell_own(self, owner_id: int, event: Event, *, push: bool) -> None:
        """What an account did itself: a client of it has the answer already, whoever else looks on has not."""
        (self._delivery.private if push else self._delivery.own)(owner_id, event)

    def _body(self, sender_id: int, draft: Draft) -> Body:
        return Body(
            sender_id,
            self.now(),
            draft.text,
            draft.entities,
            draft.file,
            draft.markup,
            draft.forward,
            draft.via_bot_id,
            draft.sent_as,
            draft.grouped_id,
            draft.protected,
            draft.action,
        )


def _link(one: Event, other: Event) -> None:
    if one.message is not None and other.message is not None:
        one.message.twin, other.message.twin = other.message, one.message
