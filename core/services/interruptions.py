"""What people were doing when a refusal came between: kept for an hour, to go on with exactly that."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.cache import codec, keys
from core.cache.kept_values import KeptValues
from core.domain.interruption import InterruptedMessage, InterruptedPress, Interruption
from core.errors import ExpiredError, NotYoursError

if TYPE_CHECKING:
    from core.cache.redis_cache import RedisCache
    from core.clock import Clock

_PREFIX = "s"  # tells these tokens from links to files and searches
_TOKEN_BYTES = 16
_TOKEN = re.compile(rf"{_PREFIX}[A-Za-z0-9_-]{{22}}")
_LOCAL = 10_000  # at most 5 MB


@dataclass(frozen=True, slots=True)
class KeptInterruption:
    """What was kept.

    Attributes:
        group_id: where it came between; None in private and inline.
        given: it was gone on with already.
    """

    work: Interruption
    group_id: int | None
    given: bool = False


class Interruptions:
    """Keeps work under random tokens, each bound to a person, in Redis and the newest of this process in memory too."""

    def __init__(self, cache: RedisCache, clock: Clock) -> None:
        self._kept = KeptValues(cache, clock, keys.interruption, capacity=_LOCAL)

    @staticmethod
    def is_token(text: str) -> bool:
        """Whether a text looks like a token; other links into the private chat never do."""
        return _TOKEN.fullmatch(text) is not None

    async def keep(self, user_id: int, work: Interruption, group_id: int | None = None) -> str:
        """A new token for what a person was doing: 23 letters, digits, `_` and `-`."""
        token = _PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
        await self._put(token, user_id, KeptInterruption(work, group_id))
        return token

    async def find(self, token: str, user_id: int) -> KeptInterruption:
        """What a person was doing; finding it takes nothing away.

        Raises:
            ExpiredError: older than an hour, or never kept.
            NotYoursError: another person's.
            CacheUnavailableError: this process does not remember it, and Redis cannot be asked.
        """
        fields = codec.decode(await self._kept.get_strict(token)) if self.is_token(token) else None
        owner_id, kept = _read(fields)
        if kept is None:
            raise ExpiredError("subscription-resume-expired")
        if owner_id != user_id:
            raise NotYoursError
        return kept

    async def settle(self, token: str, user_id: int, kept: KeptInterruption) -> None:
        """The person has got what they wanted: a repetition is told so."""
        await self._put(token, user_id, KeptInterruption(kept.work, kept.group_id, given=True))

    async def _put(self, token: str, user_id: int, kept: KeptInterruption) -> None:
        life_s = keys.interruption(token).ttl_s
        value = codec.encode([user_id, kept.group_id, kept.given, _to_json(kept.work)])
        await self._kept.put({token: value}, life_s)


def _to_json(work: Interruption) -> list[Any]:
    if isinstance(work, InterruptedPress):
        return ["press", work.chat_id, work.message_id, work.data.decode("latin-1")]
    text = work.text.encode("utf-8", "replace").decode()  # JSON has no lone surrogates
    return ["message", work.message_id, text, work.has_media, work.reply_to, work.forward]


def _read(fields: Any) -> tuple[int, KeptInterruption | None]:
    """(owner, what was kept); None for what is not one, whatever stands there."""
    match fields:
        case [int(owner_id), (int() | None) as group_id, bool(given), [kind, *values]]:
            work = _read_press(values) if kind == "press" else _read_message(values)
            return owner_id, None if work is None else KeptInterruption(work, group_id, given)
    return 0, None


def _read_press(values: list[Any]) -> InterruptedPress | None:
    match values:
        case [int(chat_id), int(message_id), str(data)]:
            return InterruptedPress(chat_id, message_id, data.encode("latin-1", "replace"))
    return None


def _read_message(values: list[Any]) -> InterruptedMessage | None:
    match values:
        case [int(message_id), str(text), bool(has_media), (int() | None) as reply_to, forward]:
            match forward:
                case [int(channel_id), int(post_id), int(album)]:
                    return InterruptedMessage(message_id, text, has_media, reply_to, (channel_id, post_id, album))
            return InterruptedMessage(message_id, text, has_media, reply_to)
    return None
