"""/addpremium and /removepremium."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.domain.premium import parse_period
from core.errors import BadInputError
from core.services.rate_limiter import Action
from core.text.formatting import zoned_moment
from handlers.admin.person import named_person
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from core.services.premium import PremiumService
    from core.telegram.gateway import TelegramGateway
    from core.telegram.lookups import TelegramLookups
    from handlers.incoming import IncomingMessage


class PremiumAdminHandler(BaseHandler):
    """Giving and taking premium.

    Args:
        zone: in which times are told.
    """

    def __init__(
        self, telegram: TelegramGateway, premium: PremiumService, lookups: TelegramLookups, zone: tzinfo
    ) -> None:
        self._telegram = telegram
        self._premium = premium
        self._lookups = lookups
        self._zone = zone

    def routes(self) -> Sequence[Route]:
        """Both commands."""
        may, action = Permission.PREMIUM, Action.CALLBACK
        add = Command("addpremium", "command-addpremium")
        remove = Command("removepremium", "command-removepremium")
        return (
            Route("addpremium", add, self.handle_add, action, permission=may),
            Route("removepremium", remove, self.handle_remove, action, permission=may),
        )

    async def handle_add(self, message: IncomingMessage, reader: Reader) -> None:
        """Lengthen the premium of whoever is named or answered; the same message does so once."""
        person = await named_person(self._lookups, message, "premium-give-usage")
        days = parse_period(person.words[0]) if person.words else None
        if len(person.words) > 1 or (person.words and days is None):
            raise BadInputError("premium-give-usage")
        grant, telling = await self._premium.give(reader.user.id, person.id, days, _key("addpremium", message))
        texts = reader.texts
        until = zoned_moment(grant.until, self._zone, texts.language) if grant.until else ""
        given = texts.html("premium-given-to", id=str(person.id), days=grant.days, until=until)
        told = texts.html("premium-person-told", outcome=telling.value)
        await self._telegram.send_text(message.chat_id, f"{given}\n{told}")

    async def handle_remove(self, message: IncomingMessage, reader: Reader) -> None:
        """End the premium of whoever is named or answered."""
        person = await named_person(self._lookups, message, "premium-take-usage")
        if person.words:
            raise BadInputError("premium-take-usage")
        telling = await self._premium.take(reader.user.id, person.id, _key("removepremium", message))
        taken = reader.texts.html("premium-taken-from", id=str(person.id))
        told = reader.texts.html("premium-taken-person-told", outcome=telling.value)
        await self._telegram.send_text(message.chat_id, f"{taken}\n{told}")


def _key(command: str, message: IncomingMessage) -> str:
    """Names the message, so that handling it again does nothing twice; the date tells two accounts of a bot apart."""
    return f"{command}:{message.chat_id}:{message.message_id}:{message.date}"
