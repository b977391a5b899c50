"""Everything that people ask of the bot, put together from the parts of the composition root that build it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.wiring_access import build_people
from core.wiring_admin import build_editing
from core.wiring_broadcast import build_broadcasting
from core.wiring_delivery import build_delivering
from core.wiring_premium import build_premium
from core.wiring_search import build_searching
from core.wiring_subscription import build_subscribing

if TYPE_CHECKING:
    from core.services.search_dictionary import SearchDictionary
    from core.wiring import Base, Bookkeeping, Databases, Repositories, Telegram
    from core.wiring_access import People
    from core.wiring_admin import Administration, Editing
    from core.wiring_broadcast import Broadcasting
    from core.wiring_delivery import Delivering
    from core.wiring_premium import Premium
    from core.wiring_search import Searching
    from core.wiring_subscription import Subscribing


@dataclass(frozen=True, slots=True)
class Serving:
    """Who may use the bot, what they search and are sent, and what is written to all of them."""

    people: People
    searching: Searching
    subscribing: Subscribing
    delivering: Delivering
    premium: Premium
    broadcasting: Broadcasting
    editing: Editing


def build_serving(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    words: SearchDictionary,
    telegram: Telegram,
    administration: Administration,
) -> Serving:
    """Build bottom-up: who, then what they find, then how they get it."""
    stored, gateway = (base, databases, repositories), telegram.gateway
    people = build_people(*stored, books, administration)
    searching = build_searching(*stored, books, words, gateway)
    subscribing = build_subscribing(*stored, telegram=telegram, administration=administration, roles=people.roles)
    return Serving(
        people=people,
        searching=searching,
        subscribing=subscribing,
        delivering=build_delivering(*stored, books, searching, people, administration, gateway),
        premium=build_premium(*stored, people, administration, gateway, searching.quota),
        broadcasting=build_broadcasting(base, databases, telegram, administration, people, searching.limiter),
        editing=build_editing(*stored, administration, subscribing.lists),
    )
