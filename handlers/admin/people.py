"""/users and /user: who is here, and one person closely, with what may be done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission, Role
from core.errors import BadInputError
from core.services.person import MOST_PAGES
from core.services.rate_limiter import Action
from core.telegram.gateway import Button
from core.text.formatting import moment
from handlers.admin.arguments import words_after
from handlers.admin.person import named_person, shown_name
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import BanPerson, EndPremium, GivePremium, ShowPeople, UnbanPerson

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from core.domain.person import PeoplePage, Profile
    from core.domain.user import User
    from core.services.ban import BanService
    from core.services.person import PersonService
    from core.services.premium import PremiumService
    from core.services.roles import RoleService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from core.text.catalog import Texts
    from handlers.incoming import CallbackQuery, IncomingMessage


class PeopleHandler(BaseHandler):
    """A profile has a button for each thing that the admin who looks at it may do; pressing one shows it anew.

    Args:
        zone: in which times are told.
    """

    def __init__(
        self,
        *,
        telegram: TelegramGateway,
        people: PersonService,
        roles: RoleService,
        bans: BanService,
        premium: PremiumService,
        lookups: TelegramLookups,
        zone: tzinfo,
    ) -> None:
        self._telegram = telegram
        self._people = people
        self._roles = roles
        self._bans = bans
        self._premium = premium
        self._lookups = lookups
        self._zone = zone

    def routes(self) -> Sequence[Route]:
        """Both commands, pages, and what a profile's buttons do."""
        may, ban, premium, action = Permission.PEOPLE, Permission.BAN, Permission.PREMIUM, Action.CALLBACK
        users, user = Command("users", "command-users"), Command("user", "command-user")
        return (
            Route("users", users, self.handle_users, action, permission=may),
            Route("users_page", Press(ShowPeople), self.handle_page_callback, action, permission=may),
            Route("user", user, self.handle_user, action, permission=may),
            Route("user_ban", Press(BanPerson), self.handle_ban_callback, action, permission=ban),
            Route("user_unban", Press(UnbanPerson), self.handle_unban_callback, action, permission=ban),
            Route("user_premium", Press(GivePremium), self.handle_premium_callback, action, permission=premium),
            Route("user_premium_end", Press(EndPremium), self.handle_end_callback, action, permission=premium),
        )

    async def handle_users(self, message: IncomingMessage, reader: Reader) -> None:
        """Show who was here last, a page at a time."""
        page = await self._people.page(_page_number(words_after(message)))
        await self._telegram.send_text(message.chat_id, self._list(page, reader.texts), _arrows(page))

    async def handle_page_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Turn a page."""
        page = await self._people.page(ShowPeople.unpack(query.data).number)
        html = self._list(page, reader.texts)
        await self._telegram.edit_text(query.chat_id, query.message_id, html, _arrows(page))

    async def handle_user(self, message: IncomingMessage, reader: Reader) -> None:
        """Show whoever is named or answered."""
        person = await named_person(self._lookups, message, "user-usage")
        if person.words:
            raise BadInputError("user-usage")
        profile = await self._people.profile(person.id)
        keyboard = self._keyboard(profile, reader)
        await self._telegram.send_text(message.chat_id, self._profile(profile, reader.texts), keyboard)

    async def handle_ban_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Ban without a reason; `/ban` takes one."""
        person_id = BanPerson.unpack(query.data).person_id
        await self._bans.ban(reader.user, person_id, "")
        await self._show_again(query, person_id, reader)

    async def handle_unban_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Allow again."""
        person_id = UnbanPerson.unpack(query.data).person_id
        await self._bans.unban(reader.user, person_id)
        await self._show_again(query, person_id, reader)

    async def handle_premium_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Lengthen premium by the usual number of days, once for each profile that is shown."""
        press = GivePremium.unpack(query.data)
        key = f"user:{query.chat_id}:{query.message_id}:{press.person_id}:{press.until}"
        await self._premium.give(reader.user.id, press.person_id, None, key)
        await self._show_again(query, press.person_id, reader)

    async def handle_end_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """End premium now."""
        person_id = EndPremium.unpack(query.data).person_id
        await self._premium.take(reader.user.id, person_id, f"user:{query.chat_id}:{query.message_id}:{query.id}")
        await self._show_again(query, person_id, reader)

    async def _show_again(self, query: CallbackQuery, person_id: int, reader: Reader) -> None:
        profile = await self._people.profile(person_id)
        html, keyboard = self._profile(profile, reader.texts), self._keyboard(profile, reader)
        await self._telegram.edit_text(query.chat_id, query.message_id, html, keyboard)

    def _list(self, page: PeoplePage, texts: Texts) -> str:
        if not page.people:
            return texts.html("users-nobody")
        title = texts.html("users-title", page=page.number)
        return "\n".join([title, "", *(self._row(user, texts) for user in page.people)])

    def _row(self, user: User, texts: Texts) -> str:
        row = texts.html("users-row", name=_full_name(user), id=str(user.id), day=user.seen_on or "")
        return f"{row} {marks}" if (marks := self._marks(user)) else row

    def _marks(self, user: User) -> str:
        """Signs for what is special about somebody."""
        signs = (
            ("👑", self._roles.role_in(user) is not Role.READER),
            ("⛔", user.is_banned),
            ("📵", user.unreachable is not None),
        )
        return "".join(sign for sign, is_so in signs if is_so)

    def _profile(self, profile: Profile, texts: Texts) -> str:
        user = profile.user
        lines = [
            texts.html("user-title", name=_full_name(user), id=str(user.id)),
            texts.html("user-role", role=texts.plain(f"role-name-{profile.role}")),
            self._premium_line(profile, texts),
            _quota_line(profile, texts),
            texts.html("user-seen", day=user.seen_on) if user.seen_on else texts.html("user-never-seen"),
        ]
        if user.spoken_language:
            lines.append(texts.html("user-language", language=user.spoken_language))
        if user.is_banned:
            reason = user.ban_reason or ""
            lines.append(texts.html("user-banned-reason", reason=reason) if reason else texts.html("user-banned"))
        if user.unreachable is not None:
            lines.append(texts.html("user-unreachable", why=user.unreachable.value))
        return "\n".join(lines)

    def _premium_line(self, profile: Profile, texts: Texts) -> str:
        until = profile.user.premium_until
        if not profile.is_premium or until is None:
            return texts.html("user-no-premium")
        return texts.html("user-premium", until=moment(until, self._zone, texts.language))

    def _keyboard(self, profile: Profile, reader: Reader) -> Keyboard | None:
        """What the admin who looks may do, and the person's rank allows."""
        user, texts = profile.user, reader.texts
        person_id = int(user.id)  # the driver's own integers do not pass for ints in buttons
        own = self._roles.role_in(reader.user)
        row = []
        if self._roles.may(reader.user, Permission.BAN) and own.outranks(profile.role):
            ban = (texts.plain("button-unban"), UnbanPerson(person_id).pack())
            row.append(
                Button(*ban) if user.is_banned else Button(texts.plain("button-ban"), BanPerson(person_id).pack())
            )
        if self._roles.may(reader.user, Permission.PREMIUM):
            until = int(user.premium_until.timestamp()) if user.premium_until is not None else 0
            row.append(Button(texts.plain("button-give-premium"), GivePremium(person_id, until).pack()))
            if profile.is_premium:
                row.append(Button(texts.plain("button-end-premium"), EndPremium(person_id).pack()))
        return [row] if row else None


def _full_name(user: User) -> str:
    return f"{shown_name(user)} @{user.username}" if user.username else shown_name(user)


def _quota_line(profile: Profile, texts: Texts) -> str:
    quota = profile.quota
    if quota.limit == 0:
        return texts.html("user-quota-unlimited")
    return texts.html("user-quota", used=quota.charged, limit=quota.limit)


def _page_number(words: Sequence[str]) -> int:
    """The page behind the command.

    Raises:
        BadInputError: something else stands there.
    """
    if not words:
        return 1
    if len(words) > 1 or not words[0].isascii() or not words[0].isdecimal():
        raise BadInputError("users-usage", most=MOST_PAGES)
    return int(words[0][:6])


def _arrows(page: PeoplePage) -> Keyboard | None:
    """The pages before and after this one."""
    row = []
    if page.number > 1:
        row.append(Button("‹", ShowPeople(page.number - 1).pack()))
    if page.has_more:
        row.append(Button("›", ShowPeople(page.number + 1).pack()))
    return [row] if row else None
