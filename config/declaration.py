"""What the declarations of the runtime settings say, for the editor and the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from annotated_types import Ge, Le, MaxLen

from config.runtime import SECTIONS
from core.domain.setting import DeclaredSetting, SettingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo

_KINDS: dict[Any, SettingKind] = {
    bool: SettingKind.SWITCH,
    int: SettingKind.WHOLE,
    float: SettingKind.NUMBER,
    str: SettingKind.TEXT,
}


def declared_settings() -> Mapping[str, DeclaredSetting]:
    """Every runtime setting by name, section after section, in the order of the declaration."""
    return {
        name: _declared(name, section.section, field)
        for section in SECTIONS
        for name, field in section.model_fields.items()
    }


def section_names() -> tuple[str, ...]:
    """The sections in their order."""
    return tuple(section.section for section in SECTIONS)


def _declared(name: str, section: str, field: FieldInfo) -> DeclaredSetting:
    extra: Mapping[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    is_choice = get_origin(field.annotation) is Literal
    kind = SettingKind.CHOICE if is_choice else extra.get("kind") or _KINDS[field.annotation]
    return DeclaredSetting(
        name=name,
        section=section,
        kind=SettingKind(kind),
        default=field.default,
        unit=str(extra.get("unit", "")),
        help=field.description or "",
        least=_bound(field.metadata, Ge, "ge"),
        most=_bound(field.metadata, Le, "le") or _bound(field.metadata, MaxLen, "max_length"),
        choices=tuple(map(str, get_args(field.annotation))) if is_choice else (),
        at_start=bool(extra.get("at_start", False)),
    )


def _bound(metadata: Iterable[object], kind: type, name: str) -> float | None:
    for item in metadata:
        if isinstance(item, kind):
            limit: float = getattr(item, name)
            return limit
    return None
