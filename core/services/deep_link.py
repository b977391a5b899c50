"""Links into the private chat: a random token that this bot knows, and nothing else."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
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
    from core.services.link_failures import LinkFailures
    from core.services.runtime_settings import RuntimeSettingsService

_PREFIX = "t"  # tells these tokens from other kinds of links
_TOKEN_BYTES = 16
_PAYLOAD = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{22}}")
_LOCAL_LINKS = 10_000  # at most 5 MB


class DeepLinkService:
    """Issues links to what a shared message or an answered press leads to, and opens them.

    A link names no person: whoever opens it gets what it leads to on their own rights and their own quota, as often as
    they like. A link to a file may be posted where others find it later and works for `deep_link_lifetime_s`; a search
    is opened at once by whoever pressed, or again from its page, and is kept for `search_session_lifetime_s`. Links are
    kept in Redis, and the newest of this process in memory as well, for when Redis is gone.

    Tokens are random, but of one target this process gives out one token, whose time begins anew whenever it is given
    out: what Redis keeps is bounded by the files that people come across, not by the results they were shown.

    Args:
        failures: limits how many wrong links a person may open.
    """

    def __init__(
        self, cache: RedisCache, runtime: RuntimeSettingsService, clock: Clock, failures: LinkFailures
    ) -> None:
        self._runtime = runtime
        self._failures = failures
        self._kept = KeptValues(cache, clock, keys.link, capacity=_LOCAL_LINKS)
        self._secret = secrets.token_bytes(32)

    async def issue(self, target: LinkTarget) -> str:
        """The payload of a link: 23 letters, digits, `_` and `-`, for `https://t.me/<bot>?start=<payload>`."""
        (payload,) = await self.issue_many((target,))
        return payload

    async def issue_many(self, targets: Sequence[LinkTarget]) -> list[str]:
        """Payloads of links, in the order of their targets; one round trip, which never fails for want of Redis."""
        settings = self._runtime.current
        payloads: list[str] = []
        files: dict[str, bytes] = {}
        searches: dict[str, bytes] = {}
        for target in targets:
            data = _FORM.encode(target)
            payloads.append(self._payload(data))
            (files if isinstance(target, FileLink) else searches)[payloads[-1]] = data
        also = [self._kept.entry(of, data, settings.search_session_lifetime_s) for of, data in searches.items()]
        await self._kept.put(files, settings.deep_link_lifetime_s, also=also)
        return payloads

    async def open(self, payload: str, opener_id: int) -> LinkTarget:
        """What a link leads to; it can be opened again.

        Whatever is wrong with a link, nobody learns what: unknown, too old and malformed ones get one answer.

        Raises:
            BadInputError: `error-bad-link`: nothing that was issued, or too old.
            LinkFailuresError: the person opened too many such links and has to wait, with right ones too.
            CacheUnavailableError: this process does not remember it, and Redis cannot be asked.
        """
        target = await self._find(payload)
        await self._failures.settle(opener_id, wrong=target is None)
        if target is None:
            raise BadInputError("error-bad-link")
        return target

    async def _find(self, payload: str) -> LinkTarget | None:
        if _PAYLOAD.fullmatch(payload) is None:
            return None
        data = await self._kept.get_strict(payload)
        return None if data is None else _FORM.decode(data)

    def _payload(self, data: bytes) -> str:
        """128 bits that nobody can tell from random ones without the secret of this process."""
        digest = hmac.digest(self._secret, data, "sha256")[:_TOKEN_BYTES]
        return _PREFIX + urlsafe_b64encode(digest).decode().rstrip("=")


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
