"""The part of the composition root that serves readers: searching in every place, quota and links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.services.deep_link import DeepLinkService
from core.services.group_search import GroupSearchService
from core.services.inline_search import InlineSearchService
from core.services.link_failures import LinkFailures
from core.services.quota import QuotaService
from core.services.rate_limiter import RateLimiter
from core.services.search_again import RepeatableSearches
from core.services.suggestions import SuggestionLists, SuggestionService
from core.telegram.file_reference import FileReferences
from core.wiring import build_search

if TYPE_CHECKING:
    from core.services.search import SearchService
    from core.services.search_dictionary import SearchDictionary
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from core.wiring import Base, Bookkeeping, Databases, Repositories


@dataclass(frozen=True, slots=True)
class Searching:
    """What readers use, in private chats, groups and inline."""

    limiter: RateLimiter
    quota: QuotaService
    search: SearchService
    repeatable: RepeatableSearches
    suggestion_lists: SuggestionLists
    suggestions: SuggestionService
    groups: GroupSearchService
    links: DeepLinkService
    inline: InlineSearchService


def build_searching(
    base: Base,
    databases: Databases,
    repositories: Repositories,
    books: Bookkeeping,
    words: SearchDictionary,
    telegram: PyrogramGateway,
) -> Searching:
    """Hand every service of readers what it needs."""
    runtime, clock, cache = databases.runtime, base.clock, base.cache
    limiter = RateLimiter(cache, runtime, base.metrics, clock)
    quota = QuotaService(repositories.users, runtime, clock, base.settings.time_zone, base.metrics)
    repeatable = RepeatableSearches(cache, clock)
    search = build_search(base, databases, repositories, books, words, repeatable.entry)
    lists = SuggestionLists(cache, runtime, clock)
    links = DeepLinkService(cache, runtime, clock, LinkFailures(cache, runtime, base.metrics, clock))
    references = FileReferences(telegram)
    return Searching(
        limiter=limiter,
        quota=quota,
        search=search,
        repeatable=repeatable,
        suggestion_lists=lists,
        suggestions=SuggestionService(words, lists, runtime),
        groups=GroupSearchService(
            groups=repositories.groups, limiter=limiter, runtime=runtime, telegram=telegram, cache=cache, clock=clock
        ),
        links=links,
        inline=InlineSearchService(
            search=search, media=repositories.media, quota=quota, links=links, references=references, runtime=runtime
        ),
    )
