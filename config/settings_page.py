"""docs/settings.md, written from the declarations: `python -m config.settings_page`."""

from __future__ import annotations

from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from config.declaration import declared_settings, section_names
from config.settings import BootstrapSettings
from core.domain.setting import SettingKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic.fields import FieldInfo

    from core.domain.setting import DeclaredSetting, SettingValue

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

_INTRODUCTION = """\
# Settings

Written by `make docs` from `config/settings.py` and `config/sections`; a test compares.

## Variables of the environment

Read at the start, from the environment or from `.env` (see `.env.example`); a change needs a restart. They are never
stored in a database, and no command shows or changes them.
"""
_RUNTIME = """\
## Runtime settings

Stored in MongoDB, changed with `/bsetting`, `/caption`, `/fsub_add` and `/maintenance`, and obeyed by every process
within two seconds, without a restart, unless the table says otherwise. A variable of the same name in upper case seeds
a setting at the first start; afterwards the database rules. A value that cannot be used is refused, and the last good
one stays.
"""
_KINDS: dict[Any, str] = {
    bool: "switch",
    int: "whole number",
    float: "number",
    str: "text",
    SecretStr: "secret",
    tuple: "list",
    Path: "file",
    ZoneInfo: "time zone",
}


def page() -> str:
    """The whole page."""
    tables = [
        _INTRODUCTION,
        _table(("variable", "kind", "default", "accepts", "what it is for"), _variables()),
        _RUNTIME,
    ]
    by_section = declared_settings().values()
    for name in section_names():
        settings = [declared for declared in by_section if declared.section == name]
        tables += [
            f"### {name}\n",
            _table(("setting", "kind", "default", "unit", "accepts", "change", "what it is for"), map(_row, settings)),
        ]
    return "\n".join(tables)


def _variables() -> Iterable[Sequence[str]]:
    names = list(BootstrapSettings.variables())
    for name, field in zip(names, BootstrapSettings.model_fields.values(), strict=True):
        yield f"`{name}`", _kind(field.annotation), _default(field), _bounds(field), field.description or ""


def _row(declared: DeclaredSetting) -> Sequence[str]:
    kind = "whole number" if declared.kind is SettingKind.WHOLE else declared.kind.value
    change = "at the next start" if declared.at_start else "live"
    return f"`{declared.name}`", kind, _code(declared.default), declared.unit, _accepts(declared), change, declared.help


def _accepts(declared: DeclaredSetting) -> str:
    if declared.choices:
        return ", ".join(f"`{choice}`" for choice in declared.choices)
    if declared.least is not None:
        return f"{declared.least:.15g} to {declared.most:.15g}"
    if declared.kind is SettingKind.SWITCH:
        return "`on`, `off`"
    return f"at most {declared.most:g} characters" if declared.most else ""


def _kind(annotation: Any) -> str:
    """What a variable holds; a list says so, whatever it is of."""
    origin = get_origin(annotation)
    if origin is tuple and "SecretStr" in str(annotation):
        return "secrets"
    if origin is Annotated:
        return _kind(get_args(annotation)[0])
    if origin is Literal:
        return "choice"
    if origin in {Union, UnionType}:
        kinds = dict.fromkeys(_kind(part) for part in get_args(annotation) if part is not type(None))
        return " or ".join(kinds)
    return _KINDS[origin or annotation]


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "has to be given"
    default = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "" if default in (None, ()) else _code(default if isinstance(default, bool) else str(default))


def _bounds(field: FieldInfo) -> str:
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    words = []
    for item in field.metadata:
        if isinstance(item, Ge):
            words.append(f"at least {item.ge}")
        elif isinstance(item, Gt):
            words.append(f"more than {item.gt}")
        elif isinstance(item, Le):
            words.append(f"at most {item.le}")
    return ", ".join(words)


def _code(value: SettingValue) -> str:
    if isinstance(value, bool):
        return "`on`" if value else "`off`"
    return f"`{value}`" if value != "" else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
