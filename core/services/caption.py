"""The text under a delivered file."""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

import structlog

from core.domain.caption_template import CaptionTemplate, TemplateError, parse_template
from core.domain.media import MediaKind, ReleaseMetadata
from core.services.caption_layout import TooLongError, cut_text, fill
from core.text.formatting import file_size, language_name, playing_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.domain.media import MediaFile
    from core.services.runtime_settings import RuntimeSettingsService
    from core.text.catalog import Catalogue, Texts

CAPTION_LIMIT = 1024  # UTF-16 code units after markup is read; Telegram's limit for a caption

_KIND_KEYS = {
    MediaKind.VIDEO: "caption-kind-video",
    MediaKind.AUDIO: "caption-kind-audio",
    MediaKind.DOCUMENT: "caption-kind-document",
    MediaKind.PHOTO: "caption-kind-photo",
    MediaKind.ANIMATION: "caption-kind-animation",
}
_LONGEST_EXTENSION = 10


class Captions:
    """Renders captions by the template in force.

    Args:
        runtime: `caption_template`; "" shows a file's own caption, or its name.
        catalogue: words for the kinds of files.
        username: the bot's own, without @.
    """

    def __init__(self, runtime: RuntimeSettingsService, catalogue: Catalogue, username: Callable[[], str]) -> None:
        self._runtime = runtime
        self._catalogue = catalogue
        self._username = username
        self._log = structlog.get_logger(__name__)

    def render(self, media: MediaFile, language: str | None = None, template: str | None = None) -> str:
        """The caption of a file as HTML of at most 1,024 UTF-16 units after markup is read; never fails.

        Args:
            media: what is delivered.
            language: of its reader, for units and words; None for the default.
            template: in place of the setting, e.g. a group's own; one that cannot be used counts as "".
        """
        text = self._runtime.current.caption_template if template is None else template
        if not text:
            return caption_html(media)
        try:
            html = fill(_parsed(text), self._values(media, self._catalogue.for_language(language)), CAPTION_LIMIT)
        except (TemplateError, TooLongError) as error:  # stored by another version of the bot
            self._log.warning("caption_template_ignored", problem=str(error))
            return caption_html(media)
        return html or caption_html(media)

    def _values(self, media: MediaFile, texts: Texts) -> dict[str, str]:
        release = media.metadata or ReleaseMetadata()
        return {
            "filename": media.name,
            "size": file_size(media.size, texts.language),
            "caption": (media.caption or "").strip(),
            "type": texts.plain(_KIND_KEYS[media.kind]),
            "quality": release.quality or "",
            "season": _number(release.season),
            "episode": _number(release.episode),
            "year": "" if release.year is None else str(release.year),
            "language": ", ".join(language_name(code, texts.language) for code in release.languages),
            "duration": "" if media.duration_s is None else playing_time(media.duration_s),
            "extension": _extension(media.name),
            "bot_username": self._username(),
        }


def caption_html(media: MediaFile) -> str:
    """The file's own caption, or its name, escaped and within Telegram's limit."""
    return escape(cut_text(media.caption or media.name, CAPTION_LIMIT), quote=False)


@lru_cache(maxsize=64)
def _parsed(template: str) -> CaptionTemplate:
    return parse_template(template)


def _number(value: int | None) -> str:
    """Two digits at least, so that "S{season}E{episode}" reads as usual."""
    return "" if value is None else f"{value:02}"


def _extension(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    return extension if dot and extension.isalnum() and len(extension) <= _LONGEST_EXTENSION else ""
