"""Links into the private chat: a random token that this bot knows, and nothing else."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from core.cache import keys
from core.cache.codec import ValueForm
from core.cache.kept_values import KeptValues
from core.domain.deep_link import FileLink, LinkTarget, SearchLink
from core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.services.runtime_settings import RuntimeSettingsService

_PREFIX = "t"  # tells these tokens from other kinds of links
_TOKEN_BYTES = 16
_PAYLOAD = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{22}}")
_LOCAL_LINKS = 10_000  # at most 5 MB


class DeepLinkService:
    """Issues links to what a shared message or an answered press leads to, and opens them.

    A link names no person: whoever opens it gets what it leads to on their own rights and their own quota, as often as
    they like for `search_session_lifetime_s`. It is kept in Redis, and the newest of this process in memory as well,
    for when Redis is gone.
    """

    def __init__(self, cache: RedisCache, runtime: RuntimeSettingsService, clock: Clock) -> None:
        self._runtime = runtime
        self._kept = KeptValues(cache, clock, keys.link, capacity=_LOCAL_LINKS)

    async def issue(self, target: LinkTarget) -> str:
        """The payload of a new link: 23 letters, digits, `_` and `-`, for `https://t.me/<bot>?start=<payload>`."""
        (payload,) = await self.issue_many((target,))
        return payload

    async def issue_many(self, targets: Sequence[LinkTarget]) -> list[str]:
        """Payloads of new links, in the order of their targets; one round trip, which never fails for want of Redis."""
        lifetime_s = self._runtime.current.search_session_lifetime_s
        payloads = [_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES) for _ in targets]
        links = zip(payloads, targets, strict=True)
        await self._kept.put({payload: _FORM.encode(target) for payload, target in links}, lifetime_s)
        return payloads

    async def open(self, payload: str) -> LinkTarget:
        """What a link leads to; it can be opened again.

        Raises:
            BadInputError: `error-bad-link`: nothing that was issued, or too old.
            CacheUnavailableError: this process does not remember it, and Redis cannot be asked.
        """
        if _PAYLOAD.fullmatch(payload) is None:
            raise BadInputError("error-bad-link")
        data = await self._kept.get_strict(payload)
        target = None if data is None else _FORM.decode(data)
        if target is None:
            raise BadInputError("error-bad-link")
        return target


def _to_json(target: LinkTarget) -> list[Any]:
    if isinstance(target, FileLink):
        return ["file", target.media_id]
    return ["search", target.text.encode("utf-8", "replace").decode()]  # JSON has no lone surrogates


def _from_json(found: Any) -> LinkTarget | None:
    match found:
        case ["file", int(media_id)] if type(media_id) is int:
            return FileLink(media_id)
        case ["search", str(text)]:
            return SearchLink(text)
    return None


_FORM: ValueForm[LinkTarget] = ValueForm(_to_json, _from_json)
