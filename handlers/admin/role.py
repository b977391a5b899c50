"""/role and /roles: who helps to run the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission, Role
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.admin.person import named_person, shown_name
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.roles import RoleService
    from core.telegram.gateway import TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage

_IN_ONE_MESSAGE = 40


class RoleHandler(BaseHandler):
    """Appointing people and dismissing them."""

    def __init__(self, telegram: TelegramGateway, roles: RoleService, lookups: TelegramLookups) -> None:
        self._telegram = telegram
        self._roles = roles
        self._lookups = lookups

    def routes(self) -> Sequence[Route]:
        """Both commands."""
        role, roles = Command("role", "command-role"), Command("roles", "command-roles")
        may = Permission.ROLES
        return (
            Route("role", role, self.handle_role, Action.CALLBACK, permission=may),
            Route("roles", roles, self.handle_roles, Action.CALLBACK, permission=may),
        )

    async def handle_role(self, message: IncomingMessage, reader: Reader) -> None:
        """Tell the role of whoever is named or answered, or give the one that follows."""
        person = await named_person(self._lookups, message, "role-usage")
        if len(person.words) > 1:
            raise BadInputError("role-usage")
        texts, shown = reader.texts, {"id": str(person.id)}
        if not person.words:
            role = await self._roles.role_of(person.id)
            html = texts.html("role-is", role=texts.plain(f"role-name-{role}"), **shown)
        else:
            role = _read_role(person.words[0])
            appointed = await self._roles.appoint(reader.user, person.id, role)
            role_name, name = texts.plain(f"role-name-{role}"), shown_name(appointed)
            html = texts.html("role-given", name=name, role=role_name, **shown)
        await self._telegram.send_text(message.chat_id, html)

    async def handle_roles(self, message: IncomingMessage, reader: Reader) -> None:
        """Show everybody who has a role, in as many messages as it needs."""
        rows = [_row(shown_name(user), user.id, role, reader.texts) for user, role in await self._roles.staff()]
        for first in range(0, len(rows), _IN_ONE_MESSAGE):
            part = rows[first : first + _IN_ONE_MESSAGE]
            if first == 0:
                part.insert(0, reader.texts.html("role-list-title"))
            await self._telegram.send_text(message.chat_id, "\n".join(part))


def _read_role(word: str) -> Role:
    try:
        return Role(word.lower())
    except ValueError:
        raise BadInputError("role-not-given") from None


def _row(name: str, user_id: int, role: Role, texts: Texts) -> str:
    return texts.html("role-row", name=name, id=str(user_id), role=texts.plain(f"role-name-{role}"))
