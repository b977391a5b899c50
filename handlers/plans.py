"""/plans: what free and premium give, and how the reader stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.services.rate_limiter import Action
from core.text.formatting import zoned_moment
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from core.domain.premium import Plans
    from core.services.premium import PremiumService
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage


class PlansHandler(BaseHandler):
    """Explains premium to everybody; a reader's own standing is told in private alone.

    Args:
        zone: in which times are told.
    """

    def __init__(self, telegram: TelegramGateway, premium: PremiumService, zone: tzinfo) -> None:
        self._telegram = telegram
        self._premium = premium
        self._zone = zone

    def routes(self) -> Sequence[Route]:
        """The command."""
        return (Route("plans", Command("plans", "command-plans"), self.handle_plans, Action.CALLBACK, gated=False),)

    async def handle_plans(self, message: IncomingMessage, reader: Reader) -> None:
        """Say what both give, and in private what the reader has."""
        plans, texts = await self._premium.plans(reader.user), reader.texts
        lines = [
            texts.html("plans-title"),
            texts.html("plans-free", limit=plans.free_limit),
            texts.html("plans-premium", limit=plans.premium_limit),
        ]
        if message.is_private:
            lines += ["", *self._own(plans, texts)]
        reply_to = None if message.is_private else message.message_id
        await self._telegram.send_text(message.chat_id, "\n".join(lines), reply_to=reply_to)

    def _own(self, plans: Plans, texts: Texts) -> Iterator[str]:
        if plans.until is None:
            yield texts.html("plans-own-free")
        else:
            until = zoned_moment(plans.until, self._zone, texts.language)
            yield texts.html("plans-own-premium" if plans.is_premium else "plans-own-over", until=until)
        if plans.quota.left is not None:
            yield texts.html("plans-left", left=plans.quota.left)
        if not plans.is_premium:
            yield texts.html("plans-ask")
