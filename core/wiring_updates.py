"""What receives the account's updates: their order, their bounds, and what is known of those before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.concurrency.chat_lanes import ChatLanes
from core.services.recent_updates import RecentUpdates
from core.telegram.missed_updates import MissedUpdates
from core.telegram.update_state import UpdateState

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.wiring import Base, Telegram


@dataclass(frozen=True, slots=True)
class Receiving:
    """How updates are received."""

    lanes: ChatLanes
    recent: RecentUpdates
    state: UpdateState
    missed: MissedUpdates


def build_receiving(base: Base, telegram: Telegram, in_doubt: Callable[[], None]) -> Receiving:
    """Nothing of it is under way yet; the state is kept beside the session. `in_doubt`: see `MissedUpdates`."""
    settings = base.settings
    account, _, _ = settings.bot_token.get_secret_value().partition(":")
    address = settings.telegram_datacenter
    place = "" if address is None else f"{address[0]}:{address[1]}"
    file = settings.session_file.with_name(settings.session_file.name + ".updates")
    state = UpdateState(file, base.clock, account=f"{account}@{place}")
    return Receiving(
        ChatLanes(base.tasks, base.clock),
        RecentUpdates(base.cache, base.clock),
        state,
        MissedUpdates(telegram.client, telegram.api, state, base.clock, in_doubt),
    )
