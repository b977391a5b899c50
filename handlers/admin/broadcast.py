"""/broadcast and what steers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.broadcast import BroadcastState
from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from handlers.admin.broadcast_arguments import read_plan
from handlers.admin.broadcast_message import answers, steering
from handlers.base import BaseHandler, Command, Press, Reader, Route
from handlers.buttons import (
    CancelBroadcast,
    ConfirmBroadcast,
    PauseBroadcast,
    ResumeBroadcast,
    StopBroadcast,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.domain.broadcast import Broadcast
    from core.services.broadcast import BroadcastService
    from core.services.broadcast_draft import BroadcastDrafts
    from core.telegram.gateway import TelegramGateway
    from handlers.admin.broadcast_message import BroadcastMessage
    from handlers.incoming import CallbackQuery, IncomingMessage

_MAY = Permission.BROADCAST


class BroadcastHandler(BaseHandler):
    """Shows, asks, and passes orders on; how it goes is shown by `BroadcastMessage`."""

    def __init__(
        self,
        telegram: TelegramGateway,
        drafts: BroadcastDrafts,
        broadcasts: BroadcastService,
        shown: BroadcastMessage,
        clock: Clock,
        zone: ZoneInfo,
    ) -> None:
        self._telegram = telegram
        self._drafts = drafts
        self._broadcasts = broadcasts
        self._shown = shown
        self._clock = clock
        self._zone = zone

    def routes(self) -> Sequence[Route]:
        """The commands, the answers to the question, and the buttons of the progress."""
        command, stop, reset = self._route, "stop_broadcast", "reset_broadcast_limit"
        press = Action.CALLBACK
        return (
            command("broadcast", "command-broadcast", self.handle_command),
            command("broadcasts", "command-broadcasts", self.handle_list_command),
            command(stop, "command-stop-broadcast", self.stop_broadcast_command),
            command("pause_broadcast", "command-pause-broadcast", self.handle_pause_command),
            command("resume_broadcast", "command-resume-broadcast", self.handle_resume_command),
            command(reset, "command-reset-broadcast-limit", self.handle_reset_command),
            Route("broadcast_confirm", Press(ConfirmBroadcast), self.handle_confirm_callback, press, permission=_MAY),
            Route("broadcast_cancel", Press(CancelBroadcast), self.handle_cancel_callback, press, permission=_MAY),
            Route("broadcast_pause", Press(PauseBroadcast), self.handle_pause_callback, press, permission=_MAY),
            Route("broadcast_resume", Press(ResumeBroadcast), self.handle_resume_callback, press, permission=_MAY),
            Route("broadcast_stop", Press(StopBroadcast), self.handle_stop_callback, press, permission=_MAY),
        )

    async def handle_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Show the answered message as everybody would get it, and ask."""
        if message.reply_to is None:
            raise BadInputError("broadcast-usage")
        plan = read_plan(message.text, self._clock.utc_now(), self._zone)
        draft = await self._drafts.draft(reader.user.id, reader.texts.language, message.reply_to, plan)
        html = self._shown.question(reader.texts, draft, is_later=plan.due_at is not None)
        await self._telegram.send_text(message.chat_id, html, answers(reader.texts, draft))

    async def handle_confirm_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Begin, for who was shown it; the question becomes the progress."""
        press = ConfirmBroadcast.unpack(query.data)
        await self._acknowledge(query)
        await self._broadcasts.confirm(reader.user.id, press.broadcast_id, query.message_id)

    async def handle_cancel_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Send nothing."""
        press = CancelBroadcast.unpack(query.data)
        await self._broadcasts.discard(reader.user.id, press.broadcast_id)
        await self._telegram.edit_text(query.chat_id, query.message_id, reader.texts.html("broadcast-cancelled"))

    async def handle_list_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Everything that runs, waits or is paused, a message with its buttons each."""
        listed = await self._broadcasts.under_way()
        if not listed:
            await self._telegram.send_text(message.chat_id, reader.texts.html("broadcast-none-listed"))
        for broadcast, pace in listed:
            html = "\n".join(self._shown.lines(reader.texts, broadcast, pace))
            await self._telegram.send_text(message.chat_id, html, steering(reader.texts, broadcast))

    async def stop_broadcast_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Stop what runs, else what is paused, else what waits, whatever process sends it."""
        order = (BroadcastState.RUNNING, BroadcastState.PAUSED, BroadcastState.WAITING)
        broadcast = await self._first(order)
        await self._broadcasts.stop(reader.user.id, broadcast.id)
        await self._telegram.send_text(message.chat_id, reader.texts.html("broadcast-stopping"))

    async def handle_pause_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Let what runs stand still."""
        broadcast = await self._first((BroadcastState.RUNNING,))
        await self._broadcasts.pause(reader.user.id, broadcast.id)
        await self._telegram.send_text(message.chat_id, reader.texts.html("broadcast-pausing"))

    async def handle_resume_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Let what is paused go on."""
        broadcast = await self._first((BroadcastState.PAUSED,))
        await self._broadcasts.resume(reader.user.id, broadcast.id)
        await self._telegram.send_text(message.chat_id, reader.texts.html("broadcast-resumed"))

    async def handle_reset_command(self, message: IncomingMessage, reader: Reader) -> None:
        """Let the next broadcast be confirmed at once."""
        await self._broadcasts.reset_limit(reader.user.id)
        await self._telegram.send_text(message.chat_id, reader.texts.html("broadcast-limit-reset"))

    async def handle_pause_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Let one stand still."""
        press = PauseBroadcast.unpack(query.data)
        await self._broadcasts.pause(reader.user.id, press.broadcast_id)
        await self._acknowledge(query, reader.texts.plain("broadcast-pausing"))

    async def handle_resume_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Let one go on."""
        press = ResumeBroadcast.unpack(query.data)
        await self._broadcasts.resume(reader.user.id, press.broadcast_id)
        await self._acknowledge(query, reader.texts.plain("broadcast-resumed"))

    async def handle_stop_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """End one."""
        press = StopBroadcast.unpack(query.data)
        await self._broadcasts.stop(reader.user.id, press.broadcast_id)
        await self._acknowledge(query, reader.texts.plain("broadcast-stopping"))

    async def _first(self, states: Sequence[BroadcastState]) -> Broadcast:
        listed = [broadcast for broadcast, _ in await self._broadcasts.under_way()]
        for state in states:
            for broadcast in listed:
                if broadcast.state is state:
                    return broadcast
        raise BadInputError("broadcast-none")

    async def _acknowledge(self, query: CallbackQuery, text: str | None = None) -> None:
        """Before anything slow: Telegram forgets a press after some seconds."""
        query.answered = True
        await self._telegram.answer_callback(query.id, text)

    @staticmethod
    def _route(name: str, description_key: str, handle: object) -> Route:
        return Route(name, Command(name, description_key), handle, Action.CALLBACK, permission=_MAY)  # type: ignore[arg-type]
