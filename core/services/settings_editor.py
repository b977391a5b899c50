"""Looking at runtime settings and changing them, as an admin does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.declaration import declared_settings, section_names
from config.runtime import RuntimeSettings
from core.domain.caption_template import TemplateError, parse_template
from core.domain.setting import SettingChange, SettingKind, SettingView, StoredSetting, ValueSource, fingerprint
from core.domain.setting_rule import broken_rule
from core.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from core.domain.setting import DeclaredSetting, SettingValue
    from core.services.audit_log import AuditLog
    from core.services.runtime_settings import RuntimeSettingsService
    from repositories.user import UserRepository

    Check = Callable[[SettingValue], Awaitable[None]]
    """Raises BadInputError for a value that is well formed and cannot be used here and now."""

_DECLARED = declared_settings()
_BY_ENVIRONMENT = "environment"
_SHOWN = 100


class SettingChangedError(BadInputError):
    """Another value is in force than the one that was seen."""

    default_key = "setting-changed-meanwhile"


class SettingsEditor:
    """Every setting that `RuntimeSettings` declares, and nothing else: what comes from the environment is out of reach.

    Of two admins who change what they have both seen, one does, and the other is told.

    Args:
        checks: by name, what a value has to pass besides its declaration.
    """

    def __init__(
        self,
        runtime: RuntimeSettingsService,
        audit: AuditLog,
        users: UserRepository,
        checks: Mapping[str, Check],
    ) -> None:
        self._runtime = runtime
        self._audit = audit
        self._users = users
        self._checks = checks

    @property
    def sections(self) -> tuple[str, ...]:
        """Their names in order."""
        return section_names()

    def section(self, name: str) -> Sequence[tuple[DeclaredSetting, SettingValue]]:
        """The settings of a section with the values in force.

        Raises:
            BadInputError: there is no such section.
        """
        current = self._runtime.current
        found = [(each, getattr(current, each.name)) for each in _DECLARED.values() if each.section == name]
        if not found:
            raise BadInputError("setting-unknown", name=name[:_SHOWN])
        return found

    async def look(self, name: str) -> SettingView:
        """A setting as it is stored now.

        Raises:
            BadInputError: there is no such setting.
            DatabaseUnavailableError: it cannot be read.
        """
        declared = self._declared(name)
        stored = await self._runtime.stored(name)
        source, value = _effective(declared, stored)
        changed_by = stored.by if isinstance(stored.by, int) and stored.by else None
        person = await self._users.get_user(changed_by) if changed_by is not None else None
        return SettingView(
            declared, value, source, changed_by, person.first_name if person is not None else "", stored.at
        )

    async def change(self, admin_id: int, name: str, value: SettingValue, seen: str | None = None) -> SettingChange:
        """Change a setting; audited, and obeyed by every process within two seconds.

        Args:
            admin_id: who wants it.
            name: of the setting.
            value: typed, or text as a person wrote it.
            seen: `SettingView.seen` of the value that is to be replaced; None for whichever it is.

        Raises:
            SettingChangedError: it is not the one seen any more.
            BadInputError: no such setting, or a value that cannot be used; says what can. The last one stays.
            DatabaseUnavailableError: it is not known whether it was stored; look at it.
        """
        declared = self._declared(name)
        stored, before = await self._seen(declared, seen)
        after = self._typed(declared, value)
        self._check_rules(declared, after)
        if name in self._checks:
            await self._checks[name](after)
        await self._exchange(admin_id, declared, stored, after)
        await self._audit.add(admin_id, "setting_changed", setting=name, before=before, after=after)
        return SettingChange(declared, before, after)

    async def reset(self, admin_id: int, name: str, seen: str) -> SettingChange:
        """Let the default rule, in later versions too; as `change`."""
        declared = self._declared(name)
        stored, before = await self._seen(declared, seen)
        self._check_rules(declared, declared.default)
        await self._exchange(admin_id, declared, stored, None)
        await self._audit.add(admin_id, "setting_reset", setting=name, before=before, after=declared.default)
        return SettingChange(declared, before, declared.default)

    @staticmethod
    def _declared(name: str) -> DeclaredSetting:
        if name not in _DECLARED:
            raise BadInputError("setting-unknown", name=name[:_SHOWN])
        return _DECLARED[name]

    async def _seen(self, declared: DeclaredSetting, seen: str | None) -> tuple[StoredSetting, SettingValue]:
        """What is stored and what rules, when that is what the admin saw."""
        stored = await self._runtime.stored(declared.name)
        _, value = _effective(declared, stored)
        if seen is not None and seen != fingerprint(value):
            raise SettingChangedError(name=declared.name)
        return stored, value

    def _typed(self, declared: DeclaredSetting, value: SettingValue) -> SettingValue:
        self._runtime.refuse_secret(value)
        if declared.kind is SettingKind.TEMPLATE:
            _check_template(str(value))
        try:
            typed: SettingValue = getattr(self._runtime.current.with_value(declared.name, value), declared.name)
        except ValueError as error:
            raise _refusal(declared) from error
        return typed

    def _check_rules(self, declared: DeclaredSetting, value: SettingValue) -> None:
        values = {**self._runtime.current.model_dump(), declared.name: value}
        rule = broken_rule(declared.name, values)
        if rule is None:
            return
        other = rule.larger if declared.name == rule.smaller else rule.smaller
        key = "setting-rule-endless" if rule.zero_is_endless else "setting-rule"
        raise BadInputError(
            key, smaller=rule.smaller, larger=rule.larger, other=other, value=shown_value(values[other])
        )

    async def _exchange(
        self, admin_id: int, declared: DeclaredSetting, stored: StoredSetting, value: SettingValue | None
    ) -> None:
        if not await self._runtime.exchange(declared.name, stored, value, admin_id):
            raise SettingChangedError(name=declared.name)


def shown_value(value: SettingValue) -> str:
    """A value as it may be written to change a setting."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _effective(declared: DeclaredSetting, stored: StoredSetting) -> tuple[ValueSource, SettingValue]:
    """Why which value rules."""
    if stored.value is None:
        return ValueSource.DEFAULT, declared.default
    settings, problems = RuntimeSettings.from_stored({declared.name: stored.value})
    if problems:
        return ValueSource.SPOILT, declared.default
    value: SettingValue = getattr(settings, declared.name)
    if stored.by == _BY_ENVIRONMENT:
        return ValueSource.ENVIRONMENT, value
    return (ValueSource.PERSON if stored.by else ValueSource.BOT), value


def _check_template(text: str) -> None:
    try:
        parse_template(text)
    except TemplateError as error:
        raise BadInputError(f"caption-{error.problem.value}", detail=error.detail) from error


def _refusal(declared: DeclaredSetting) -> BadInputError:
    """The sentence with what a setting takes."""
    bounds: dict[str, str] = {}
    if declared.choices:
        bounds["choices"] = ", ".join(declared.choices)
    for name, bound in (("least", declared.least), ("most", declared.most)):
        if bound is not None:
            bounds[name] = f"{bound:.15g}"
    return BadInputError(f"setting-bad-{declared.kind.value}", **bounds)
