"""The lists of chats that people have to be in: the bot's own, and those of groups."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from core.domain.subscription import MOST_REQUIRED, RequiredChat, pack_chat_ids, parse_chat_ids
from core.errors import BadInputError, DatabaseUnavailableError, NotPermittedError
from core.telegram.gateway import SourceGoneError, TelegramRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.domain.setting import SettingValue, StoredSetting
    from core.services.audit_log import AuditLog
    from core.services.memberships import Memberships
    from core.services.required_chats import RequiredChats
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.subscription_watch import SubscriptionWatch
    from core.telegram.gateway import TelegramGateway
    from core.telegram.members import TelegramMembers
    from repositories.group import GroupRepository

_INVITE = re.compile(r"https://(?:t|telegram)\.me/(?:\+|joinchat/)[A-Za-z0-9_-]{4,64}")
_NOT_READABLE = (SourceGoneError, TelegramRefusedError)
_SETTING = "force_subscribe_chats"
_TRIES = 5


class SubscriptionAdminService:
    """Changes the lists; a chat gets on one only where the bot sees its members, so that nobody is locked out.

    Changes of the bot's own list are made one after the other, each to what is stored at that moment. Every method
    that changes something raises DatabaseUnavailableError when the primary database is gone, and
    TelegramUnavailableError when Telegram is.
    """

    def __init__(
        self,
        *,
        chats: RequiredChats,
        memberships: Memberships,
        watch: SubscriptionWatch,
        members: TelegramMembers,
        telegram: TelegramGateway,
        groups: GroupRepository,
        runtime: RuntimeSettingsService,
        audit: AuditLog,
    ) -> None:
        self._chats = chats
        self._memberships = memberships
        self._watch = watch
        self._members = members
        self._telegram = telegram
        self._groups = groups
        self._runtime = runtime
        self._audit = audit
        self._changing = asyncio.Lock()

    async def listed(self) -> tuple[RequiredChat, ...]:
        """The bot's own list."""
        return await self._chats.show(self._chats.listed())

    async def add(
        self, admin_id: int, name: int | str, *, link: str | None = None, needs_approval: bool = False
    ) -> RequiredChat:
        """Require a chat of everybody; on the list already, it gets the new way in.

        Args:
            admin_id: who wants it.
            name: full id, or the name without @, which is pinned to the id that it has now.
            link: an invitation to show in place of one that the bot makes.
            needs_approval: show a link by which people ask to be let in.

        Raises:
            BadInputError: the bot does not see the members, cannot make a link, or the list is full.
        """
        chat = await self._checked(name, link=link, needs_approval=needs_approval)
        await self._relist(admin_id, lambda ids: _with(chat.id, ids))
        self._watch.working(chat.id)
        await self._audit.add(admin_id, "subscription_added", chat_id=chat.id, title=chat.title)
        return chat

    async def remove(self, admin_id: int, name: int | str) -> RequiredChat:
        """Require a chat no more.

        Raises:
            BadInputError: it is not on the list.
        """
        await self._runtime.refresh()
        chat = await self._found(name, self._chats.listed())
        await self._relist(admin_id, lambda ids: tuple(listed for listed in ids if listed != chat.id))
        self._watch.forget(chat.id)
        await self._audit.add(admin_id, "subscription_removed", chat_id=chat.id, title=chat.title)
        return chat

    async def check_list(self, value: SettingValue) -> None:
        """Whether a list that an admin wrote may take the place of the bot's own.

        Raises:
            BadInputError: of one of the chats that are new on it the bot does not see the members.
        """
        for chat_id in parse_chat_ids(str(value)):
            if chat_id not in self._chats.listed():
                await self._checked(chat_id)

    async def group_list(self, group_id: int) -> tuple[RequiredChat, ...]:
        """The list of a group."""
        group = await self._groups.get_group(group_id)
        return await self._chats.show(group.required_chats)

    async def add_in_group(self, group_id: int, sender_id: int, name: int | str) -> RequiredChat:
        """Require a chat of everybody who wants to be served in a group.

        Args:
            group_id: the group.
            sender_id: who asks; the group itself for its anonymous admin.
            name: as of `add`.

        Raises:
            NotPermittedError: no admin of the group; or of the chat, where that is not public: a link into it would be
                shown to everybody.
            BadInputError: as of `add`.
        """
        await self._check_admin(group_id, sender_id)
        await self._check_own(name, sender_id)
        chat = await self._checked(name)
        if not await self._groups.require(group_id, chat.id, MOST_REQUIRED):
            raise BadInputError("subscription-list-full", most=MOST_REQUIRED)
        await self._audit.add(sender_id, "group_subscription_added", group_id=group_id, chat_id=chat.id)
        return chat

    async def remove_in_group(self, group_id: int, sender_id: int, name: int | str) -> RequiredChat:
        """Require a chat no more in a group.

        Raises:
            NotPermittedError: no admin of the group.
            BadInputError: it is not on the group's list.
        """
        await self._check_admin(group_id, sender_id)
        group = await self._groups.get_group(group_id)
        chat = await self._found(name, group.required_chats)
        if not await self._groups.require_no_more(group_id, chat.id):
            raise BadInputError("subscription-not-listed")
        if not await self.is_required(chat.id):
            self._watch.forget(chat.id)
        await self._audit.add(sender_id, "group_subscription_removed", group_id=group_id, chat_id=chat.id)
        return chat

    async def is_required(self, chat_id: int) -> bool:
        """Whether a chat is on any list."""
        return await self._chats.is_required(chat_id)

    async def move(self, old_id: int, new_id: int) -> None:
        """A required group became a supergroup, which takes its place on every list. Done again it changes nothing."""
        await self._relist(
            0, lambda ids: tuple(dict.fromkeys(new_id if listed == old_id else listed for listed in ids))
        )
        for group_id in await self._groups.requiring(old_id):
            await self._groups.require(group_id, new_id, MOST_REQUIRED + 1)
            await self._groups.require_no_more(group_id, old_id)
        self._watch.forget(old_id)

    async def _relist(self, by: int, change: Callable[[tuple[int, ...]], tuple[int, ...]]) -> None:
        """Change the bot's own list as it is stored at that moment, whoever else is changing it, in whatever process.

        Raises:
            DatabaseUnavailableError: it is not known whether it was stored, or others keep changing it.
        """
        async with self._changing:
            await self._runtime.refresh()
            for _ in range(_TRIES):
                seen = await self._runtime.stored(_SETTING)
                ids = _stored_ids(seen)
                wanted = change(ids)
                if wanted == ids or await self._runtime.exchange(_SETTING, seen, pack_chat_ids(wanted), by):
                    return
        raise DatabaseUnavailableError(f"the list of chats was changed {_TRIES} times meanwhile")

    async def _checked(self, name: int | str, *, link: str | None = None, needs_approval: bool = False) -> RequiredChat:
        """A chat whose members the bot sees, with a way in."""
        if link is not None and _INVITE.fullmatch(link) is None:
            raise BadInputError("subscription-bad-link")
        shown = str(name) if isinstance(name, int) else f"@{name}"
        try:
            card = await self._members.chat_card(name)
        except _NOT_READABLE as error:
            raise BadInputError("subscription-not-readable", chat=shown) from error
        try:
            rights = await self._members.own_rights(card.id)
        except _NOT_READABLE as error:
            raise BadInputError("subscription-not-admin", chat=card.title) from error
        if not rights.is_admin:
            raise BadInputError("subscription-not-admin", chat=card.title)
        try:
            chat = await self._chats.describe(card.id, link=link, needs_approval=needs_approval)
        except _NOT_READABLE as error:
            raise BadInputError("subscription-no-link", chat=card.title) from error
        self._memberships.rights_changed(chat.id)
        return chat

    async def _check_admin(self, group_id: int, sender_id: int) -> None:
        if sender_id == group_id:
            return
        if sender_id < 0 or not await self._is_admin(group_id, sender_id):
            raise NotPermittedError("group-admins-only")

    async def _check_own(self, name: int | str, sender_id: int) -> None:
        """Whoever makes the bot show a way into a chat that is not public has to be an admin of it."""
        try:
            card = await self._members.chat_card(name)
        except _NOT_READABLE as error:
            shown = str(name) if isinstance(name, int) else f"@{name}"
            raise BadInputError("subscription-not-readable", chat=shown) from error
        if card.username is None and (sender_id < 0 or not await self._is_admin(card.id, sender_id)):
            raise NotPermittedError("subscription-not-yours")

    async def _is_admin(self, chat_id: int, user_id: int) -> bool:
        try:
            return await self._telegram.is_group_admin(chat_id, user_id)
        except SourceGoneError as error:
            raise NotPermittedError("group-rights-unknown") from error

    async def _found(self, name: int | str, ids: tuple[int, ...]) -> RequiredChat:
        """A chat of a list by its id, the name it was listed under, or the name it has now."""
        if isinstance(name, str):
            by_name = [chat for chat in await self._chats.show(ids) if _is_named(chat, name)]
            if by_name:
                return by_name[0]
            try:
                name = (await self._members.chat_card(name)).id
            except _NOT_READABLE as error:
                raise BadInputError("subscription-not-listed") from error
        if name not in ids:
            raise BadInputError("subscription-not-listed")
        [chat] = await self._chats.show([name])
        return chat


def _with(chat_id: int, ids: tuple[int, ...]) -> tuple[int, ...]:
    if chat_id in ids:
        return ids
    if len(ids) >= MOST_REQUIRED:
        raise BadInputError("subscription-list-full", most=MOST_REQUIRED)
    return (*ids, chat_id)


def _stored_ids(seen: StoredSetting) -> tuple[int, ...]:
    """The list as the bot obeys it: none where nothing is stored that can be used."""
    try:
        return parse_chat_ids(str(seen.value or ""))
    except ValueError:
        return ()


def _is_named(chat: RequiredChat, name: str) -> bool:
    return chat.is_public and (chat.link or "").rpartition("/")[2].lower() == name.lower()
