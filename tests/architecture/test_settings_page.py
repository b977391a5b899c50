"""The page about settings is written from their declarations, and those say enough to write it."""

from __future__ import annotations

from config.declaration import declared_settings
from config.settings import BootstrapSettings
from config.settings_page import PAGE, page
from core.domain.setting import SettingKind
from core.domain.setting_rule import RULES


def test_the_page_is_up_to_date() -> None:
    """Whoever changes a declaration runs `make docs`."""
    assert PAGE.read_text("utf-8") == page(), "docs/settings.md is old: run make docs"


def test_every_variable_says_what_it_is_for() -> None:
    """Each field of BootstrapSettings has a `description`."""
    assert [name for name, field in BootstrapSettings.model_fields.items() if not field.description] == []


def test_every_runtime_setting_is_bounded() -> None:
    """Scenario 130: a number has two bounds and a text a longest length, which the editor tells."""
    endless = [
        declared.name
        for declared in declared_settings().values()
        if (declared.kind in {SettingKind.WHOLE, SettingKind.NUMBER} and None in {declared.least, declared.most})
        or (declared.kind is SettingKind.TEXT and declared.most is None)
    ]

    assert endless == []


def test_the_defaults_keep_every_rule() -> None:
    """What is shipped does not contradict itself, and a setting may be set back while the others are as shipped."""
    declared = declared_settings()
    defaults = {name: setting.default for name, setting in declared.items()}

    assert {name for rule in RULES for name in (rule.smaller, rule.larger)} <= declared.keys()
    assert [rule for rule in RULES if not rule.holds(defaults)] == []
