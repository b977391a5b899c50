"""What happens around every update: log context, ban, language, maintenance, gate, rate limit, permission, replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars

from core.domain.deep_link import HELP_PAYLOAD
from core.domain.permission import Role
from core.domain.user import User
from core.errors import (
    BannedError,
    InfrastructureError,
    NotPermittedError,
    RateLimitedError,
    UnderMaintenanceError,
    UserFacingError,
)
from core.telegram.gateway import (
    OutcomeUnknownError,
    RecipientUnreachableError,
    TelegramGateway,
    TelegramRefusedError,
)
from handlers.base import Command, Reader
from handlers.incoming import CallbackQuery, Incoming, IncomingMessage, InlineQuery
from handlers.inline_results import hint

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.clock import Clock
    from core.observability.metrics import Metrics
    from core.services.access import AccessService
    from core.services.maintenance_mode import MaintenanceMode
    from core.services.rate_limiter import RateLimiter
    from core.services.roles import RoleService
    from core.text.catalog import Catalogue, Texts
    from handlers.answers import AnswerRoutes
    from handlers.base import Gate, Route
    from handlers.refusal_tellers import RefusalTellers

_ALERT_LIMIT = 200  # Telegram's limit for the answer to a button press
_PASSED_OVER = "passed_over"


class UpdatePipeline:
    """Runs a route for an update; whatever happens, the person gets an answer and the log one line.

    Args:
        roles: knows what the sender may do; nothing else gives a right.
        gate: what else a person has to pass; None for nothing.
        tellers: tell some refusals in their own way; None when none does.
        note_error: told of every fault and its route, see `ErrorLog.note`; None for nobody.
        maintenance: keeps readers out while the bot is worked on; None never does.
        answers: knows whose message answers a question; None where nobody is asked anything.
    """

    def __init__(
        self,
        access: AccessService,
        limiter: RateLimiter,
        telegram: TelegramGateway,
        catalogue: Catalogue,
        metrics: Metrics,
        clock: Clock,
        roles: RoleService,
        gate: Gate | None = None,
        tellers: RefusalTellers | None = None,
        note_error: Callable[[BaseException, str], None] | None = None,
        maintenance: MaintenanceMode | None = None,
        answers: AnswerRoutes | None = None,
    ) -> None:
        self._access = access
        self._limiter = limiter
        self._telegram = telegram
        self._catalogue = catalogue
        self._metrics = metrics
        self._clock = clock
        self._roles = roles
        self._gate = gate
        self._tellers = tellers
        self._note_error = note_error
        self._maintenance = maintenance
        self._answers = answers
        self._log = structlog.get_logger(__name__)

    async def run(self, route: Route, event: Incoming) -> None:
        """Serve one update; never raises anything but cancellation."""
        started = self._clock.monotonic()
        with bound_contextvars(route=route.name, user_id=event.sender.id, **_place(event)):
            outcome, route = await self._serve(route, event)
            if outcome == _PASSED_OVER:
                return
            took_s = self._clock.monotonic() - started
            self._metrics.updates.labels(route.name, outcome).inc()
            self._metrics.update_seconds.labels(route.name).observe(took_s)
            self._log.info("update_handled", outcome=outcome, took_ms=round(took_s * 1000, 1))

    async def turn_away(self, event: Incoming) -> None:
        """Tell somebody whose update will not be handled that it was too much at a time; never raises."""
        await self._tell(event, self._catalogue.for_language(event.sender.language_code), "error-too-fast")

    async def _serve(self, route: Route, event: Incoming) -> tuple[str, Route]:
        """How it went, and the route that served."""
        texts = self._catalogue.for_language(event.sender.language_code)
        try:
            if not await _is_wanted(route, event):
                return _PASSED_OVER, route
            user = await self._admit(event)
            if user.language is not None:
                texts = self._catalogue.for_language(user.language)
            route = await self._taken_by(route, event, user)
            await self._let_through(route, event, user)
            await route.handle(event, Reader(user, texts))
        except UserFacingError as refusal:
            outcome = "rate_limited" if isinstance(refusal, RateLimitedError) else "refused"
            await self._tell_refusal(route, event, texts, refusal)
        except RecipientUnreachableError:
            outcome = "unreachable"
        except Exception as fault:
            outcome, key = self._note_fault(fault, route)
            if await _may_be_told(route, event, fault):
                await self._tell(event, texts, key)
        else:
            outcome = "ok"
        await self._settle_press(event)
        return outcome, route

    async def _taken_by(self, route: Route, event: Incoming, user: User) -> Route:
        """The route that serves an update: of a question that it answers, or the one that was found for it."""
        if self._answers is None:
            return route
        route = await self._answers.route_for(route, event, user)
        bind_contextvars(route=route.name)
        return route

    def _note_fault(self, fault: Exception, route: Route) -> tuple[str, str]:
        """(outcome, key of what is told) of anything that is no refusal."""
        if self._note_error is not None:
            self._note_error(fault, route.name)
        if isinstance(fault, OutcomeUnknownError):
            return "unknown", "error-outcome-unknown"
        if isinstance(fault, InfrastructureError):
            self._log.warning("dependency_unavailable", error=type(fault).__name__, detail=str(fault))
            return "unavailable", fault.text_key
        self._log.error("handler_failed", exc_info=fault)
        return "failed", "error-internal"

    async def _let_through(self, route: Route, event: Incoming, user: User) -> None:
        """Everything between who somebody is and what they want.

        Raises:
            UserFacingError: they are refused.
        """
        if self._maintenance is not None:
            await self._keep_out(self._maintenance, route, user)
        if self._gate is not None and not event.sender.is_chat:
            await self._gate.check(route, event, user)
        if route.permission is None or not self._roles.may(user, route.permission):
            await self._limiter.check(user.id, route.action)  # no limit keeps admins from setting it right
        self._permit(route, event, user)

    async def _keep_out(self, maintenance: MaintenanceMode, route: Route, user: User) -> None:
        """Whoever is told to come back later is told so no more often than they may ask."""
        try:
            maintenance.check(user)
        except UnderMaintenanceError:
            await self._limiter.check(user.id, route.action)
            raise

    def _permit(self, route: Route, event: Incoming, user: User) -> None:
        """What needs a permission is done for nobody else, and only where nobody else reads the answer."""
        if route.permission is None:
            return
        if event.sender.is_chat:
            raise NotPermittedError("admin-sender-unknown")
        if not self._roles.may(user, route.permission):
            is_staff = self._roles.role_in(user) is not Role.READER
            raise NotPermittedError("admin-not-your-role" if is_staff else "admin-only")
        if isinstance(event, IncomingMessage) and event.is_forwarded and isinstance(route.trigger, Command):
            raise NotPermittedError("admin-forwarded")  # somebody else's words give nobody's orders
        if isinstance(event, IncomingMessage | CallbackQuery) and not (event.is_private or route.anywhere):
            raise NotPermittedError("admin-private-only")

    async def _admit(self, event: Incoming) -> User:
        """The stored person; a chat is nobody whom the bot remembers."""
        sender = event.sender
        if sender.is_chat:
            return User(sender.id, sender.first_name)
        is_private = isinstance(event, IncomingMessage | CallbackQuery) and event.is_private
        return await self._access.admit(
            sender.id, sender.first_name, sender.username, language_code=sender.language_code, is_private=is_private
        )

    async def _tell_refusal(self, route: Route, event: Incoming, texts: Texts, refusal: UserFacingError) -> None:
        told_before = isinstance(refusal, RateLimitedError) and not refusal.first_in_window
        if told_before and isinstance(event, IncomingMessage):
            return  # once per window; a press or a query is always answered, or the person's app keeps waiting
        if not await _may_be_told(route, event, refusal):
            return
        if isinstance(refusal, BannedError) and refusal.language is not None:
            texts = self._catalogue.for_language(refusal.language)
        teller = self._tellers.teller_of(refusal) if self._tellers is not None else None
        if teller is not None:
            await self._try(teller.tell(event, texts, refusal))
        else:
            await self._tell(event, texts, refusal.text_key, **refusal.values)

    async def _tell(self, event: Incoming, texts: Texts, key: str, **values: str | float) -> None:
        """Say one sentence where the person looks; telling is best effort, its failure is only logged."""
        if isinstance(event, CallbackQuery) and not event.answered:
            event.answered = True
            alert = texts.plain(key, **values)[:_ALERT_LIMIT]
            await self._try(self._telegram.answer_callback(event.id, alert, alert=True))
        elif isinstance(event, InlineQuery):
            line = hint(texts.plain(key, **values), HELP_PAYLOAD)
            await self._try(self._telegram.answer_inline(event.id, (), cache_s=0, hint=line))
        else:
            is_talk = isinstance(event, IncomingMessage) and not event.is_private
            reply_to = event.message_id if is_talk else None
            await self._try(self._telegram.send_text(event.chat_id, texts.html(key, **values), reply_to=reply_to))

    async def _settle_press(self, event: Incoming) -> None:
        """A press that nobody answered is answered with nothing, so that its button stops spinning."""
        if not isinstance(event, CallbackQuery) or event.answered:
            return
        event.answered = True
        await self._try(self._telegram.answer_callback(event.id))

    async def _try(self, reply: Awaitable[object]) -> None:
        try:
            await reply
        except (InfrastructureError, RecipientUnreachableError, TelegramRefusedError) as error:
            self._log.warning("reply_failed", error=type(error).__name__)


async def _is_wanted(route: Route, event: Incoming) -> bool:
    attention = route.attention
    return attention is None or not isinstance(event, IncomingMessage) or await attention.wants(event)


async def _may_be_told(route: Route, event: Incoming, error: Exception) -> bool:
    attention = route.attention
    return attention is None or not isinstance(event, IncomingMessage) or await attention.tells(event, error)


def _place(event: Incoming) -> dict[str, str | int]:
    """Where the update is from, for the log."""
    return {"chat_type": event.chat_type} if isinstance(event, InlineQuery) else {"message_id": event.message_id}
