"""/verify: what is wrong with the set-up, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.domain.self_check import CheckReport
    from core.services.self_check import SelfCheckService
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage

_MESSAGE_LENGTH = 3500


class VerifyHandler(BaseHandler):
    """Looks at everything anew."""

    def __init__(self, telegram: TelegramGateway, check: SelfCheckService) -> None:
        self._telegram = telegram
        self._check = check

    def routes(self) -> Sequence[Route]:
        """The command."""
        command = Command("verify", "command-verify")
        return (Route("verify", command, self.handle_verify, Action.CALLBACK, permission=Permission.OPERATIONS),)

    async def handle_verify(self, message: IncomingMessage, reader: Reader) -> None:
        """Say what was found, in as many messages as it needs."""
        report = await self._check.check()
        text = ""
        for paragraph in _paragraphs(report, reader.texts):
            if text and len(text) + len(paragraph) > _MESSAGE_LENGTH:
                await self._telegram.send_text(message.chat_id, text)
                text = ""
            text = f"{text}\n\n{paragraph}" if text else paragraph
        await self._telegram.send_text(message.chat_id, text)


def _paragraphs(report: CheckReport, texts: Texts) -> Iterator[str]:
    readable = report.channels - len(report.unreadable)
    yield texts.html("check-channels", readable=readable, count=report.channels)
    if not report.channels:
        yield texts.html("check-no-channels")
    findings = (*report.unreadable, *report.other)
    for finding in findings:
        yield texts.html(finding.key, **finding.values)
    if report.channels and not findings:
        yield texts.html("check-all-well")
    yield texts.html("check-inline-feedback")
