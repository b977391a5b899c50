"""What happens around every update: log context, ban, language, rate limit, handler, errors to replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bound_contextvars

from core.domain.deep_link import HELP_PAYLOAD
from core.errors import InfrastructureError, RateLimitedError, UserFacingError
from core.telegram.gateway import (
    OutcomeUnknownError,
    RecipientUnreachableError,
    TelegramGateway,
    TelegramRefusedError,
)
from handlers.base import Reader
from handlers.incoming import CallbackQuery, Incoming, IncomingMessage, InlineQuery
from handlers.inline_results import hint

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from core.clock import Clock
    from core.observability.metrics import Metrics
    from core.services.access import AccessService
    from core.services.rate_limiter import RateLimiter
    from core.text.catalog import Catalogue, Texts
    from handlers.base import Route

_ALERT_LIMIT = 200  # Telegram's limit for the answer to a button press


class UpdatePipeline:
    """Runs a route for an update; whatever happens, the person gets an answer and the log one line."""

    def __init__(
        self,
        access: AccessService,
        limiter: RateLimiter,
        telegram: TelegramGateway,
        catalogue: Catalogue,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._access = access
        self._limiter = limiter
        self._telegram = telegram
        self._catalogue = catalogue
        self._metrics = metrics
        self._clock = clock
        self._log = structlog.get_logger(__name__)

    async def run(self, route: Route, event: Incoming) -> None:
        """Serve one update; never raises anything but cancellation."""
        started = self._clock.monotonic()
        with bound_contextvars(route=route.name, user_id=event.sender.id, **_place(event)):
            outcome = await self._serve(route, event)
            took_s = self._clock.monotonic() - started
            self._metrics.updates.labels(route.name, outcome).inc()
            self._metrics.update_seconds.labels(route.name).observe(took_s)
            self._log.info("update_handled", outcome=outcome, took_ms=round(took_s * 1000, 1))

    async def _serve(self, route: Route, event: Incoming) -> str:
        sender = event.sender
        texts = self._catalogue.for_language(sender.language_code)
        try:
            user = await self._access.admit(sender.id, sender.first_name, sender.username)
            if user.language is not None:
                texts = self._catalogue.for_language(user.language)
            await self._limiter.check(user.id, route.action)
            await route.handle(event, Reader(user, texts))
        except UserFacingError as refusal:
            outcome = "rate_limited" if isinstance(refusal, RateLimitedError) else "refused"
            await self._tell_refusal(event, texts, refusal)
        except RecipientUnreachableError:
            outcome = "unreachable"
        except OutcomeUnknownError:
            outcome = "unknown"
            await self._tell(event, texts, "error-outcome-unknown")
        except InfrastructureError as error:
            outcome = "unavailable"
            self._log.warning("dependency_unavailable", error=type(error).__name__, detail=str(error))
            await self._tell(event, texts, error.text_key)
        except Exception:
            outcome = "failed"
            self._log.exception("handler_failed")
            await self._tell(event, texts, "error-internal")
        else:
            outcome = "ok"
        await self._settle_press(event)
        return outcome

    async def _tell_refusal(self, event: Incoming, texts: Texts, refusal: UserFacingError) -> None:
        told_before = isinstance(refusal, RateLimitedError) and not refusal.first_in_window
        if told_before and isinstance(event, IncomingMessage):
            return  # once per window; a press or a query is always answered, or the person's app keeps waiting
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
            await self._try(self._telegram.send_text(event.chat_id, texts.html(key, **values)))

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


def _place(event: Incoming) -> dict[str, str | int]:
    """Where the update is from, for the log."""
    return {"chat_type": event.chat_type} if isinstance(event, InlineQuery) else {"message_id": event.message_id}
