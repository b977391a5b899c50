"""/cache_stats, /cache_analyze and /cache_cleanup: the cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Permission
from core.errors import BadInputError
from core.services.rate_limiter import Action
from core.text.formatting import file_size
from handlers.admin.arguments import words_after
from handlers.base import BaseHandler, Command, Reader, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.cache import CacheCensus, CacheServer, KindCount
    from core.services.cache_admin import CacheAdminService, OwnReads
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import IncomingMessage

_RIGHT_POLICY = "volatile-ttl"
_ALL = "all"


class CacheHandler(BaseHandler):
    """Shows what the cache holds, and has it forget copies."""

    def __init__(self, telegram: TelegramGateway, cache: CacheAdminService) -> None:
        self._telegram = telegram
        self._cache = cache

    def routes(self) -> Sequence[Route]:
        """The commands."""
        may, action = Permission.OPERATIONS, Action.CALLBACK
        stats = Command("cache_stats", "command-cache-stats")
        analyze = Command("cache_analyze", "command-cache-analyze")
        cleanup = Command("cache_cleanup", "command-cache-cleanup")
        return (
            Route("cache_stats", stats, self.handle_stats, action, permission=may),
            Route("cache_analyze", analyze, self.handle_analyze, action, permission=may),
            Route("cache_cleanup", cleanup, self.handle_cleanup, action, permission=may),
        )

    async def handle_stats(self, message: IncomingMessage, reader: Reader) -> None:
        """How the server is, and how well it serves."""
        server, own, texts = await self._cache.server(), self._cache.own_reads(), reader.texts
        lines = [texts.html("cache-title"), texts.html("cache-keys", count=server.keys), *_memory(server, texts)]
        await self._telegram.send_text(message.chat_id, "\n".join([*lines, _own(own, texts)]))

    async def handle_analyze(self, message: IncomingMessage, reader: Reader) -> None:
        """What it holds of the bot's, by kind."""
        census = await self._cache.census()
        await self._telegram.send_text(message.chat_id, "\n".join(_analysis(census, reader.texts)))

    async def handle_cleanup(self, message: IncomingMessage, reader: Reader) -> None:
        """Forget the copies of one kind, or of all of them."""
        words = words_after(message)
        if len(words) > 1:
            raise BadInputError("cache-cleanup-kind", kinds=", ".join(self._cache.cleanable))
        kind = words[0].lower() if words and words[0].lower() != _ALL else None
        done, texts = await self._cache.clean(reader.user.id, kind), reader.texts
        lines = [texts.html("cache-cleaned", count=done.forgotten)]
        if done.ended:
            lines.append(texts.html("cache-ended", count=done.ended))
        if not done.is_complete:
            lines.append(texts.html("cache-cleanup-cut"))
        await self._telegram.send_text(message.chat_id, "\n".join(lines))


def _memory(server: CacheServer, texts: Texts) -> list[str]:
    if server.used_bytes is None:
        return [texts.html("cache-memory-unknown")]
    used = file_size(server.used_bytes, texts.language)
    if server.limit_bytes is None:
        lines = [texts.html("cache-memory-unlimited", used=used)]
    else:
        lines = [texts.html("cache-memory", used=used, limit=file_size(server.limit_bytes, texts.language))]
    key = "cache-policy" if server.policy == _RIGHT_POLICY else "cache-policy-wrong"
    lines += [texts.html(key, policy=server.policy), texts.html("cache-evicted", count=server.evicted)]
    asked = server.hits + server.misses
    return [*lines, texts.html("cache-hits", percent=_percent(server.hits, asked), count=asked)] if asked else lines


def _own(own: OwnReads, texts: Texts) -> str:
    asked = own.hits + own.misses
    if not asked:
        return texts.html("cache-asked-nothing")
    return texts.html("cache-own-hits", percent=_percent(own.hits, asked), count=asked)


def _percent(part: int, whole: int) -> int:
    return part * 100 // whole


def _analysis(census: CacheCensus, texts: Texts) -> list[str]:
    lines = [texts.html("cache-analysis", count=census.keys)]
    lines += [_kind(kind, texts) for kind in census.kinds]
    endless = sum(kind.endless for kind in census.kinds)
    if endless:
        lines.append(texts.html("cache-endless", count=endless))
    if not census.is_complete:
        lines.append(texts.html("cache-cut"))
    return lines


def _kind(kind: KindCount, texts: Texts) -> str:
    name = kind.prefix or texts.plain("cache-kind-unknown")
    return texts.html("cache-kind", kind=name, count=kind.keys, size=file_size(kind.value_bytes, texts.language))
