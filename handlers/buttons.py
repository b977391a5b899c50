"""Every kind of button the bot sends: a session id and a place in it, never authority."""

from __future__ import annotations

from handlers.callback_data import CallbackData


class TurnPage(CallbackData, prefix="pg"):
    """Show page `number` (from 1) of a session."""

    session_id: str
    number: int


class FetchFile(CallbackData, prefix="f"):
    """Deliver one file of a session; `media_id` is the id in base64url."""

    session_id: str
    media_id: str


class SendAll(CallbackData, prefix="sa"):
    """Deliver every file of page `number` of a session."""

    session_id: str
    number: int


class StopDelivery(CallbackData, prefix="st"):
    """Stop a running `Send all`."""

    job_id: str


class ShowPosition(CallbackData, prefix="at"):
    """The page counter in the middle of the navigation row."""

    number: int
    pages: int
