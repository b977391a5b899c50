"""How settings are shown: sections, the settings of one, and one with what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.setting import SettingKind, ValueSource
from core.services.settings_editor import shown_value
from core.telegram.gateway import Button
from core.text.formatting import zoned_moment
from handlers.buttons import ChooseValue, EditSetting, ResetSetting, ShowSection, ShowSections, ShowSetting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from core.domain.setting import DeclaredSetting, SettingChange, SettingValue, SettingView
    from core.telegram.gateway import Keyboard
    from core.text.catalog import Texts

_ON_A_PAGE = 8
_ON_A_BUTTON = 24
_IN_A_SENTENCE = 300
_SWITCH = {True: "on", False: "off"}


def sections_page(texts: Texts, sections: Sequence[str]) -> tuple[str, Keyboard]:
    """Every section as a button, two in a row."""
    buttons = [
        Button(texts.plain(f"setting-section-{name}"), ShowSection(section=name, number=1).pack()) for name in sections
    ]
    return texts.html("setting-sections"), [buttons[at : at + 2] for at in range(0, len(buttons), 2)]


def section_page(
    texts: Texts, settings: Sequence[tuple[DeclaredSetting, SettingValue]], number: int
) -> tuple[str, Keyboard]:
    """Page `number` (from 1; the nearest where there is none) of a section, a button for each setting."""
    name = settings[0][0].section
    pages = -(-len(settings) // _ON_A_PAGE)
    number = min(max(1, number), pages)
    shown = settings[(number - 1) * _ON_A_PAGE : number * _ON_A_PAGE]
    rows = [[Button(_labelled(texts, *each), ShowSetting(name=each[0].name).pack())] for each in shown]
    html = texts.html("setting-section", section=texts.plain(f"setting-section-{name}"), number=number, pages=pages)
    turning = [
        Button(texts.plain(key), ShowSection(section=name, number=to).pack())
        for key, to in (("setting-previous", number - 1), ("setting-next", number + 1))
        if 1 <= to <= pages
    ]
    back = [Button(texts.plain("setting-back"), ShowSections().pack())]
    return html, [*rows, *([turning] if turning else []), back]


def setting_page(texts: Texts, view: SettingView, page: int, zone: tzinfo) -> tuple[str, Keyboard]:
    """One setting; `page` is where its section shows it."""
    declared = view.declared
    html = [
        texts.html("setting-title", name=declared.name, help=declared.help),
        texts.html("setting-value", value=_with_unit(texts, declared, view.value)),
        texts.html("setting-default", value=_with_unit(texts, declared, declared.default)),
        texts.html("setting-takes", takes=takes(texts, declared)),
        _origin(texts, view, zone),
    ]
    if declared.at_start:
        html.append(texts.html("setting-at-start"))
    back = Button(texts.plain("setting-back"), ShowSection(section=declared.section, number=page).pack())
    return "\n".join(html), [*_ways(texts, view), [back]]


def question(texts: Texts, view: SettingView) -> tuple[str, Keyboard]:
    """What is asked of who wants to edit a setting."""
    declared = view.declared
    html = texts.html("setting-ask", name=declared.name, takes=takes(texts, declared), value=_shown(texts, view.value))
    return html, [[Button(texts.plain("setting-back"), ShowSetting(name=declared.name).pack())]]


def change_line(texts: Texts, change: SettingChange) -> str:
    """What was changed into what."""
    before, after = (_cut(_shown(texts, value), _IN_A_SENTENCE) for value in (change.before, change.after))
    return texts.html("setting-changed", name=change.declared.name, before=before, after=after)


def page_of(settings: Sequence[tuple[DeclaredSetting, SettingValue]], name: str) -> int:
    """On which page of its section a setting is."""
    return [each.name for each, _ in settings].index(name) // _ON_A_PAGE + 1


def takes(texts: Texts, declared: DeclaredSetting) -> str:
    """What a setting takes, in words."""
    bounds = {"least": f"{declared.least or 0:.15g}", "most": f"{declared.most or 0:.15g}"}
    return texts.plain(f"setting-takes-{declared.kind.value}", choices=", ".join(declared.choices), **bounds)


def _ways(texts: Texts, view: SettingView) -> list[list[Button]]:
    """The buttons that change a setting."""
    declared, seen = view.declared, view.seen
    if declared.kind in {SettingKind.SWITCH, SettingKind.CHOICE}:
        ways = [
            [Button(_choice(texts, choice), ChooseValue(name=declared.name, seen=seen, value=choice).pack())]
            for choice in declared.choices or _SWITCH.values()
            if choice != shown_value(view.value)
        ]
    else:
        ways = [[Button(texts.plain("setting-edit"), EditSetting(name=declared.name, seen=seen).pack())]]
    if not view.is_default:
        ways.append([Button(texts.plain("setting-reset"), ResetSetting(name=declared.name, seen=seen).pack())])
    return ways


def _choice(texts: Texts, choice: str) -> str:
    if choice in _SWITCH.values():
        return texts.plain("setting-turn-on" if choice == _SWITCH[True] else "setting-turn-off")
    return texts.plain("setting-choose", choice=choice)


def _origin(texts: Texts, view: SettingView, zone: tzinfo) -> str:
    """Why the value is as it is, and who changed it when."""
    at = zoned_moment(view.changed_at, zone, texts.language) if view.changed_at is not None else ""
    values = {"id": str(view.changed_by or ""), "name": view.name, "at": at}
    if view.source is ValueSource.DEFAULT and view.changed_by is not None:
        return texts.html("setting-source-reset", **values)
    return texts.html(f"setting-source-{view.source.value}", **values)


def _labelled(texts: Texts, declared: DeclaredSetting, value: SettingValue) -> str:
    return texts.plain("setting-button", name=declared.name, value=_cut(_shown(texts, value), _ON_A_BUTTON))


def _with_unit(texts: Texts, declared: DeclaredSetting, value: SettingValue) -> str:
    shown = _shown(texts, value)
    return f"{shown} {declared.unit}" if declared.unit else shown


def _shown(texts: Texts, value: SettingValue) -> str:
    return texts.plain("setting-empty") if value == "" else shown_value(value)


def _cut(text: str, length: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else f"{text[: length - 1]}…"
