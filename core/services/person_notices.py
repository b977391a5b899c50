"""What people have to know though they did not ask, told once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

from core.domain.random_id import random_id_of
from core.errors import TelegramUnavailableError
from core.telegram.gateway import RecipientUnreachableError, SendClass, TelegramRefusedError
from core.text.formatting import zoned_moment

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from core.services.reachability import Reachability
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Catalogue


class Telling(StrEnum):
    """What became of telling somebody; the values name it in sentences and metrics."""

    TOLD = "told"
    LATER = "later"
    """Telegram is away, or it is not known whether it arrived: tell again."""
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    NEVER_STARTED = "never_started"
    REFUSED = "refused"

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be gained by telling again."""
        return self is not Telling.LATER


class PersonNotices:
    """Tells one person one sentence in their language, behind answers and files, and never twice.

    Args:
        time_zone: of the moments in sentences.
    """

    def __init__(
        self, telegram: TelegramGateway, catalogue: Catalogue, reachability: Reachability, time_zone: ZoneInfo
    ) -> None:
        self._telegram = telegram
        self._catalogue = catalogue
        self._reachability = reachability
        self._time_zone = time_zone
        self._log = structlog.get_logger(__name__)

    async def tell(
        self, user_id: int, language: str | None, once: str, key: str, /, **values: str | float | datetime
    ) -> Telling:
        """Send a sentence of the catalogue; never raises for Telegram. Who cannot be written to is remembered as such.

        Args:
            user_id: a person.
            language: as of `User.spoken_language`; None for English.
            once: names what is told; telling the same person the same again arrives only once, also after a crash.
            key: of the sentence.
            values: what it needs; moments are shown in the configured zone.
        """
        texts = self._catalogue.for_language(language)
        shown = {
            name: zoned_moment(value, self._time_zone, texts.language) if isinstance(value, datetime) else value
            for name, value in values.items()
        }
        number = random_id_of(once, user_id)
        try:
            await self._telegram.send_text(
                user_id, texts.html(key, **shown), send_class=SendClass.NOTICE, random_id=number
            )
        except RecipientUnreachableError as error:
            await self._reachability.lost(user_id, error.why)
            return Telling.REFUSED if error.why is None else Telling(error.why.value)
        except TelegramRefusedError as error:
            self._log.warning("person_not_told", user_id=user_id, notice=key, error=error.name)
            return Telling.REFUSED
        except TelegramUnavailableError as error:
            self._log.warning("person_told_later", user_id=user_id, notice=key, error=type(error).__name__)
            return Telling.LATER
        return Telling.TOLD
