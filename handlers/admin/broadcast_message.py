"""The message that shows how a broadcast goes, with its buttons, and what is said about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.broadcast import BroadcastPace, BroadcastState
from core.telegram.gateway import Button, SendClass
from core.text.formatting import duration, language_name, moment
from handlers.buttons import (
    CancelBroadcast,
    ConfirmBroadcast,
    PauseBroadcast,
    ResumeBroadcast,
    StopBroadcast,
)

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from core.clock import Clock
    from core.domain.audience import Segment
    from core.domain.broadcast import Broadcast
    from core.telegram.gateway import Keyboard, TelegramGateway
    from core.text.catalog import Catalogue, Texts


class BroadcastMessage:
    """Shows a broadcast in the private chat of who started it, in that person's language; a `BroadcastView`.

    Args:
        zone: on whose clock moments are told.
    """

    def __init__(self, telegram: TelegramGateway, catalogue: Catalogue, clock: Clock, zone: ZoneInfo) -> None:
        self._telegram = telegram
        self._catalogue = catalogue
        self._clock = clock
        self._zone = zone

    async def show(self, broadcast: Broadcast, pace: BroadcastPace) -> None:
        """In place of the question that was confirmed; see `BroadcastView`."""
        texts = self._catalogue.for_language(broadcast.language)
        html = "\n".join(self.lines(texts, broadcast, pace))
        keyboard = steering(texts, broadcast)
        await self._telegram.edit_text(broadcast.owner_id, broadcast.message_id, html, keyboard)

    async def tell(self, broadcast: Broadcast) -> None:
        """How it is in a message of its own, which is noticed; see `BroadcastView`."""
        texts = self._catalogue.for_language(broadcast.language)
        html = "\n".join(self.lines(texts, broadcast, BroadcastPace()))
        keyboard = steering(texts, broadcast)
        await self._telegram.send_text(broadcast.owner_id, html, keyboard, send_class=SendClass.NOTICE)

    def lines(self, texts: Texts, broadcast: Broadcast, pace: BroadcastPace) -> list[str]:
        """What there is to say of it, a paragraph each."""
        found = [texts.html(f"broadcast-state-{broadcast.state.value}"), audience(texts, broadcast.segment)]
        if broadcast.pause is not None:
            found.append(texts.html(f"broadcast-pause-{broadcast.pause.value}"))
        if broadcast.state is BroadcastState.WAITING and not broadcast.tally.done:
            return [*found, self._beginning(texts, broadcast)]
        found += _counts(texts, broadcast)
        if broadcast.state is BroadcastState.RUNNING and pace.per_second is not None and pace.left_s is not None:
            left = duration(pace.left_s, texts.language)
            found.append(texts.html("broadcast-pace", rate=max(1, round(pace.per_second)), left=left))
        if broadcast.began_at is not None and broadcast.ended_at is not None:
            took_s = round((broadcast.ended_at - broadcast.began_at).total_seconds())
            found.append(texts.html("broadcast-took", took=duration(took_s, texts.language)))
        return found

    def _beginning(self, texts: Texts, broadcast: Broadcast) -> str:
        if broadcast.due_at <= self._clock.utc_now():
            return texts.html("broadcast-in-turn")
        return texts.html("broadcast-due", moment=moment(broadcast.due_at, self._zone, texts.language))

    def question(self, texts: Texts, draft: Broadcast, *, is_later: bool) -> str:
        """What is asked below the preview."""
        found = [texts.html("broadcast-question", count=draft.total), audience(texts, draft.segment)]
        if is_later:
            found.append(texts.html("broadcast-due", moment=moment(draft.due_at, self._zone, texts.language)))
        if draft.is_pinned:
            found.append(texts.html("broadcast-pinned"))
        return "\n".join(found)


def audience(texts: Texts, segment: Segment) -> str:
    """For whom it is."""
    language = language_name(segment.language, texts.language) if segment.language else ""
    return texts.html(f"broadcast-to-{segment.kind.value}", days=segment.days, language=language)


def answers(texts: Texts, draft: Broadcast) -> Keyboard:
    """The buttons below the question."""
    confirm = Button(texts.plain("button-send-broadcast"), ConfirmBroadcast(draft.id).pack())
    return [[confirm, Button(texts.plain("button-cancel"), CancelBroadcast(draft.id).pack())]]


def steering(texts: Texts, broadcast: Broadcast) -> Keyboard | None:
    """The buttons below the progress; None when nothing is left to steer."""
    stop = Button(texts.plain("button-stop"), StopBroadcast(broadcast.id).pack())
    if broadcast.state is BroadcastState.RUNNING:
        return [[Button(texts.plain("button-pause"), PauseBroadcast(broadcast.id).pack()), stop]]
    if broadcast.state is BroadcastState.PAUSED:
        return [[Button(texts.plain("button-resume"), ResumeBroadcast(broadcast.id).pack()), stop]]
    return None if broadcast.state.is_over else [[stop]]


def _counts(texts: Texts, broadcast: Broadcast) -> list[str]:
    tally = broadcast.tally
    found = [texts.html("broadcast-sent", sent=tally.sent, total=max(broadcast.total, tally.done))]
    for why, count in sorted(tally.unreachable.items()):
        found.append(texts.html(f"broadcast-lost-{why.replace('_', '-')}", count=count))
    found += [texts.html("broadcast-failed", name=name, count=count) for name, count in sorted(tally.failed.items())]
    if broadcast.state.is_over and broadcast.unsettled:
        found.append(texts.html("broadcast-unsettled", count=len(broadcast.unsettled)))
    return found
