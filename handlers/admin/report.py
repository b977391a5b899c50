"""/errors, /log, /performance and /audit: what an admin looks at when something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from core.text.formatting import moment
from handlers.admin.arguments import words_after
from handlers.admin.performance_lines import performance_lines
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo
    from typing import Any

    from core.domain.audit import AuditEntry
    from core.domain.error_log import NotedError
    from core.observability.log_ring import LogRing
    from core.services.audit_log import AuditLog
    from core.services.error_log import ErrorLog
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.admin.long_answers import LongAnswers
    from handlers.incoming import IncomingMessage

_LINES, _MOST_LINES = 30, 1_000
_ON_PAGE, _MOST_PAGES = 20, 50
_DETAILS_LENGTH = 300


class ReportHandler(BaseHandler):
    """What is shown is free of secrets before it comes here.

    Args:
        performance: the report of the sidecar's page, as JSON values.
        zone: in which times are told.
    """

    def __init__(
        self,
        *,
        telegram: TelegramGateway,
        answers: LongAnswers,
        errors: ErrorLog,
        log: LogRing,
        performance: Callable[[], dict[str, Any]],
        audit: AuditLog,
        zone: tzinfo,
    ) -> None:
        self._telegram = telegram
        self._answers = answers
        self._errors = errors
        self._log = log
        self._performance = performance
        self._audit = audit
        self._zone = zone

    def routes(self) -> Sequence[Route]:
        """The commands."""
        may, action = Permission.OPERATIONS, Action.CALLBACK
        names = {
            "errors": self.handle_errors,
            "log": self.handle_log,
            "performance": self.handle_performance,
            "audit": self.handle_audit,
        }
        return tuple(
            Route(name, Command(name, f"command-{name}"), handle, action, permission=may)
            for name, handle in names.items()
        )

    async def handle_errors(self, message: IncomingMessage, reader: Reader) -> None:
        """Show the last distinct errors, or forget them."""
        words = [word.lower() for word in words_after(message)]
        if words == ["clear"]:
            cleared = await self._errors.clear()
            await self._audit.add(reader.user.id, "errors_cleared", errors=cleared)
            await self._telegram.send_text(message.chat_id, reader.texts.html("errors-cleared", count=cleared))
            return
        if words:
            raise BadInputError("errors-usage")
        found = await self._errors.latest()
        if not found:
            await self._telegram.send_text(message.chat_id, reader.texts.html("errors-none"))
            return
        lines = [reader.texts.html("errors-title", count=len(found))]
        for error in found:
            lines += self._error_lines(error, reader.texts)
        await self._answers.send(message.chat_id, lines, file_name="errors.txt")

    async def handle_log(self, message: IncomingMessage, reader: Reader) -> None:
        """Show the last lines of this process's log, or send all that are kept as a file."""
        words = [word.lower() for word in words_after(message)]
        as_file = words == ["file"]
        number = _MOST_LINES if as_file else _number(words, 1, _MOST_LINES, "log-usage", default=_LINES)
        kept = self._log.lines(number)
        if not kept:
            await self._telegram.send_text(message.chat_id, reader.texts.html("log-empty"))
            return
        lines = [reader.texts.html("log-line", line=line) for line in kept]
        await self._audit.add(reader.user.id, "log_read", lines=len(kept))
        if as_file:
            caption = reader.texts.html("log-file", count=len(kept))
            await self._answers.send_file(message.chat_id, lines, file_name="log.txt", caption_html=caption)
        else:
            await self._answers.send(message.chat_id, lines, file_name="log.txt")

    async def handle_performance(self, message: IncomingMessage, reader: Reader) -> None:
        """Show what the page of the same name shows."""
        lines = performance_lines(self._performance(), reader.texts)
        await self._answers.send(message.chat_id, lines, file_name="performance.txt")

    async def handle_audit(self, message: IncomingMessage, reader: Reader) -> None:
        """Show what admins did, the newest first, a page at a time."""
        number = _number(words_after(message), 1, _MOST_PAGES, "audit-usage", default=1)
        found = await self._audit.latest(number * _ON_PAGE)
        shown = found[(number - 1) * _ON_PAGE :]
        if not shown:
            await self._telegram.send_text(message.chat_id, reader.texts.html("audit-none"))
            return
        lines = [self._entry_line(entry, reader.texts) for entry in shown]
        if len(shown) == _ON_PAGE and number < _MOST_PAGES:
            lines.append(reader.texts.html("audit-more", page=str(number + 1)))
        await self._answers.send(message.chat_id, lines, file_name="audit.txt")

    def _error_lines(self, error: NotedError, texts: Texts) -> list[str]:
        first, last = (moment(at, self._zone, texts.language) for at in (error.first, error.last))
        head = texts.html("errors-row", kind=error.kind, where=error.where)
        times = texts.html("errors-times", count=error.count, first=first, last=last)
        told = [texts.html("errors-message", message=error.message)] if error.message else []
        return ["", head, *told, times]

    def _entry_line(self, entry: AuditEntry, texts: Texts) -> str:
        details = ", ".join(f"{name}: {value}" for name, value in entry.details.items())
        at = moment(entry.at, self._zone, texts.language)
        return texts.html(
            "audit-row", at=at, admin=str(entry.admin_id), action=entry.action, details=details[:_DETAILS_LENGTH]
        )


def _number(words: Sequence[str], least: int, most: int, usage: str, *, default: int) -> int:
    """The one number behind a command.

    Raises:
        BadInputError: `usage`: something else stands there.
    """
    if not words:
        return default
    if len(words) > 1 or not words[0].isascii() or not words[0].isdecimal() or len(words[0]) > 6:
        raise BadInputError(usage)
    return min(max(int(words[0]), least), most)
