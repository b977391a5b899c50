"""Buttons in groups whose press goes on in the private chat with the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.domain.deep_link import LinkTarget
    from core.services.deep_link import DeepLinkService
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import CallbackQuery


def start_url(bot_username: str, payload: str) -> str:
    """The address that opens the private chat and starts the bot with a payload."""
    return f"https://t.me/{bot_username}?start={payload}"


class PrivateLinks:
    """Answers a press with a link into the private chat, which the app of who pressed opens by itself."""

    def __init__(self, telegram: TelegramGateway, links: DeepLinkService) -> None:
        self._telegram = telegram
        self._links = links

    async def open(self, query: CallbackQuery, target: LinkTarget) -> None:
        """Lead whoever pressed to `target`, on their own rights and their own quota."""
        payload = await self._links.issue(target)
        query.answered = True
        await self._telegram.answer_callback(query.id, url=start_url(self._telegram.username, payload))
