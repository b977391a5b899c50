"""/dbstats, /dbinfo and /dbswitch: the databases."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from core.telegram.gateway import Button
from core.text.formatting import duration, file_size
from handlers.admin.arguments import words_after
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import ResetBreaker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.database import DatabaseView
    from core.services.database_admin import DatabaseAdminService
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import CallbackQuery, IncomingMessage

_ANY = "auto"
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")


class DatabaseHandler(BaseHandler):
    """Shows the databases, says where new files go, and has one asked again."""

    def __init__(self, telegram: TelegramGateway, databases: DatabaseAdminService) -> None:
        self._telegram = telegram
        self._databases = databases

    def routes(self) -> Sequence[Route]:
        """The commands, and the button below a database that is not asked."""
        may, action = Permission.OPERATIONS, Action.CALLBACK
        stats, info, switch = (Command(name, f"command-{name}") for name in ("dbstats", "dbinfo", "dbswitch"))
        return (
            Route("dbstats", stats, self.handle_dbstats, action, permission=may),
            Route("dbinfo", info, self.handle_dbinfo, action, permission=may),
            Route("dbswitch", switch, self.handle_dbswitch, action, permission=may),
            Route("breaker_reset", Press(ResetBreaker), self.handle_reset_callback, action, permission=may),
        )

    async def handle_dbstats(self, message: IncomingMessage, reader: Reader) -> None:
        """Every database in two lines."""
        views = self._databases.all()
        await self._telegram.send_text(message.chat_id, self._overview(views, reader.texts), _resets(views, reader))

    async def handle_dbinfo(self, message: IncomingMessage, reader: Reader) -> None:
        """One database in all detail."""
        view = await self._databases.one(_number(message, "dbinfo-usage"))
        await self._telegram.send_text(message.chat_id, _details(view, reader.texts), _resets([view], reader))

    async def handle_dbswitch(self, message: IncomingMessage, reader: Reader) -> None:
        """Choose a database for new files, or leave that to the bot."""
        words = words_after(message)
        number = 0 if [word.lower() for word in words] == [_ANY] else _number(message, "dbswitch-usage")
        await self._databases.prefer(reader.user.id, number)
        taking = self._databases.taking_files()
        html = reader.texts.html("dbswitch-done" if number else "dbswitch-auto", number=str(number))
        await self._telegram.send_text(message.chat_id, f"{html}\n{self._where(taking, number, reader.texts)}")

    async def handle_reset_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Ask a database again, and show how all of them are now."""
        number = ResetBreaker.unpack(query.data).number
        answers = await self._databases.reset_breaker(reader.user.id, number)
        text = reader.texts.plain("breaker-reset-answers" if answers else "breaker-reset-silent", number=str(number))
        query.answered = True
        await self._telegram.answer_callback(query.id, text)
        views = self._databases.all()
        html = self._overview(views, reader.texts)
        await self._telegram.edit_text(query.chat_id, query.message_id, html, _resets(views, reader))

    def _overview(self, views: Sequence[DatabaseView], texts: Texts) -> str:
        rows = [
            "\n".join((texts.html("database-title", number=str(view.number)), *_state(view, texts))) for view in views
        ]
        if len(views) == 1:
            return rows[0]
        key = "databases-switch-alone" if self._databases.leaves_by_itself else "databases-switch-by-hand"
        return "\n\n".join([*rows, texts.html(key)])

    def _where(self, taking: DatabaseView | None, wanted: int, texts: Texts) -> str:
        """Where new files go now, and why not where they were wanted."""
        if taking is None:
            return texts.html("dbswitch-nowhere")
        if not wanted or taking.number == wanted:
            room = taking.room_bytes
            if room is None:
                return texts.html("dbswitch-goes-unlimited", number=str(taking.number))
            size = file_size(room, texts.language)
            return texts.html("dbswitch-goes", number=str(taking.number), room=size)
        chosen = next(view for view in self._databases.all() if view.number == wanted)
        reason = texts.html(f"database-role-{chosen.role}")
        return f"{reason}\n{texts.html('dbswitch-stands-in', number=str(taking.number))}"


def _number(message: IncomingMessage, usage: str) -> int:
    words = words_after(message)
    if len(words) != 1 or not _NUMBER.fullmatch(words[0]):
        raise BadInputError(usage)
    return int(words[0])


def _state(view: DatabaseView, texts: Texts) -> list[str]:
    since = duration(int(view.steady_s), texts.language)
    lines = [texts.html(f"database-breaker-{view.breaker.replace('_', '-')}", since=since), _size(view, texts)]
    return [*lines, texts.html(f"database-role-{view.role}")]


def _size(view: DatabaseView, texts: Texts) -> str:
    if view.used_bytes is None:
        return texts.html("database-size-unknown")
    used = file_size(view.used_bytes, texts.language)
    if view.limit_bytes is None:
        return texts.html("database-size-unlimited", used=used, count=view.files)
    return texts.html("database-size", used=used, limit=file_size(view.limit_bytes, texts.language), count=view.files)


def _details(view: DatabaseView, texts: Texts) -> str:
    lines = [texts.html("database-title-named", number=str(view.number), name=view.name), *_state(view, texts)]
    if view.room_bytes is not None:
        lines.append(texts.html("database-room", room=file_size(view.room_bytes, texts.language)))
    if view.measured_s_ago is not None:
        lines.append(texts.html("database-measured", since=duration(int(view.measured_s_ago), texts.language)))
    if view.answer_s is not None:
        lines.append(texts.html("database-answer", count=round(view.answer_s * 1000)))
    key = "database-waiting-unknown" if view.waiting is None else "database-waiting"
    lines.append(texts.html(key, count=view.waiting or 0))
    return "\n".join(lines)


def _resets(views: Sequence[DatabaseView], reader: Reader) -> Keyboard | None:
    rows = [
        [Button(reader.texts.plain("button-reset-breaker", number=str(view.number)), ResetBreaker(view.number).pack())]
        for view in views
        if not view.is_answering
    ]
    return rows or None
