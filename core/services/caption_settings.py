"""Changing what stands under delivered files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.caption_template import TemplateError, parse_template
from core.domain.media import MediaFile, MediaKind, ReleaseMetadata
from core.errors import BadInputError

if TYPE_CHECKING:
    from core.services.audit_log import AuditLog
    from core.services.caption import Captions
    from core.services.runtime_settings import RuntimeSettingsService

_SETTING = "caption_template"
_EXAMPLE = MediaFile(
    id=0,
    unique_id="",
    file_id="",
    name="The.Long.Way.Home.S01E04.1080p.mkv",
    caption="The Long Way Home, a film by its makers",
    size=1_503_238_553,
    kind=MediaKind.VIDEO,
    duration_s=5_525,
    metadata=ReleaseMetadata(2024, 1, 4, "1080p", ("en",)),
)


class CaptionSettings:
    """The template of captions for admins; a change is checked, recorded, and in force at once."""

    def __init__(self, captions: Captions, runtime: RuntimeSettingsService, audit: AuditLog) -> None:
        self._captions = captions
        self._runtime = runtime
        self._audit = audit

    @property
    def template(self) -> str:
        """The one in force; "" for each file's own caption."""
        return self._runtime.current.caption_template

    def example(self, language: str) -> str:
        """HTML of what an invented file would have under it now."""
        return self._captions.render(_EXAMPLE, language)

    async def change(self, template: str, admin_id: int) -> None:
        """Put another template in force; "" for each file's own caption.

        Raises:
            BadInputError: it cannot be used; names what is wrong. Nothing changed.
            DatabaseUnavailableError: not stored, so nothing changed.
        """
        try:
            parse_template(template)
        except TemplateError as error:
            raise BadInputError(f"caption-{error.problem.value}", detail=error.detail) from error
        await self._runtime.change(_SETTING, template, admin_id)
        await self._audit.add(admin_id, "caption_changed", template=template)
