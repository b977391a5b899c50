"""/ban, /unban and /banned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from core.telegram.gateway import Button
from core.text.formatting import moment
from handlers.admin.person import named_person, shown_name
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import ShowBanned

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from core.domain.ban import BannedPage, BannedPerson
    from core.services.ban import BanService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from core.text.catalog import Texts
    from handlers.incoming import CallbackQuery, IncomingMessage

_REASON_LENGTH = 200
_SHOWN_LENGTH = 64


class BanHandler(BaseHandler):
    """Refusing people, and allowing them again.

    Args:
        zone: in which times are told.
    """

    def __init__(self, telegram: TelegramGateway, bans: BanService, lookups: TelegramLookups, zone: tzinfo) -> None:
        self._telegram = telegram
        self._bans = bans
        self._lookups = lookups
        self._zone = zone

    def routes(self) -> Sequence[Route]:
        """The commands, also in groups, where a message can be answered; and the pages of the list."""
        ban, unban, banned = (Command(name, f"command-{name}") for name in ("ban", "unban", "banned"))
        may, action = Permission.BAN, Action.CALLBACK
        return (
            Route("ban", ban, self.handle_ban, action, permission=may, anywhere=True),
            Route("unban", unban, self.handle_unban, action, permission=may, anywhere=True),
            Route("banned", banned, self.handle_banned, action, permission=may),
            Route("banned_page", Press(ShowBanned), self.handle_page_callback, action, permission=may),
        )

    async def handle_ban(self, message: IncomingMessage, reader: Reader) -> None:
        """Ban whoever is named or answered, for the reason that follows."""
        person = await named_person(self._lookups, message, "ban-usage")
        reason = " ".join(person.words)
        if len(reason) > _REASON_LENGTH:
            raise BadInputError("ban-long-reason", count=_REASON_LENGTH)
        banned = await self._bans.ban(reader.user, person.id, reason)
        await self._answer(message, reader.texts.html("ban-done", name=shown_name(banned), id=str(banned.id)))

    async def handle_unban(self, message: IncomingMessage, reader: Reader) -> None:
        """Allow whoever is named or answered again."""
        person = await named_person(self._lookups, message, "unban-usage")
        if person.words:
            raise BadInputError("unban-usage")
        allowed = await self._bans.unban(reader.user, person.id)
        await self._answer(message, reader.texts.html("unban-done", name=shown_name(allowed), id=str(allowed.id)))

    async def handle_banned(self, message: IncomingMessage, reader: Reader) -> None:
        """Show who was banned last."""
        page = await self._bans.page(1)
        await self._telegram.send_text(message.chat_id, self._html(page, reader.texts), _arrows(page))

    async def handle_page_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Turn a page."""
        page = await self._bans.page(ShowBanned.unpack(query.data).number)
        html = self._html(page, reader.texts)
        await self._telegram.edit_text(query.chat_id, query.message_id, html, _arrows(page))

    async def _answer(self, message: IncomingMessage, html: str) -> None:
        reply_to = None if message.is_private else message.message_id
        await self._telegram.send_text(message.chat_id, html, reply_to=reply_to)

    def _html(self, page: BannedPage, texts: Texts) -> str:
        if not page.total:
            return texts.html("banned-nobody")
        title = texts.html("banned-title", count=page.total)
        return "\n\n".join([title, *(self._row(person, texts) for person in page.people)])

    def _row(self, person: BannedPerson, texts: Texts) -> str:
        name = person.first_name[:_SHOWN_LENGTH] or str(person.id)
        if person.username:
            name = f"{name} @{person.username}"
        at = moment(person.at, self._zone, texts.language)
        row = texts.html("banned-row", name=name, id=str(person.id), at=at, by=str(person.by))
        return f"{row}\n{texts.html('banned-reason', reason=person.reason)}" if person.reason else row


def _arrows(page: BannedPage) -> Keyboard | None:
    """The pages before and after this one."""
    row = []
    if page.number > 1:
        row.append(Button("‹", ShowBanned(page.number - 1).pack()))
    if page.number < page.pages:
        row.append(Button("›", ShowBanned(page.number + 1).pack()))
    return [row] if row else None
