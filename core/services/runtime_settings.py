"""The runtime settings in force: loaded, changed and followed while the bot runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from config.runtime import RuntimeSettings
from core.errors import BadInputError, DatabaseUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.clock import Clock
    from core.concurrency.task_registry import TaskRegistry
    from core.domain.setting import SettingValue, StoredSetting
    from repositories.runtime_settings import RuntimeSettingsRepository

_POLL_S = 1.0  # so that, with the time that reading takes on a busy machine, every process follows within two


class RuntimeSettingsService:
    """Holds the current settings; everybody reads `current` at the moment of use.

    Args:
        repository: where admins' changes are kept.
        environ: variables by upper-case name, which seed the store at the first start.
        holds_secret: whether a text contains a secret of the environment; such a text is not stored.
    """

    def __init__(
        self,
        repository: RuntimeSettingsRepository,
        environ: Mapping[str, str],
        clock: Clock,
        tasks: TaskRegistry,
        holds_secret: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._tasks = tasks
        self._holds_secret = holds_secret
        self._log = structlog.get_logger(__name__)
        seeds, problems = RuntimeSettings.from_environment(environ)
        self._seed = {name: value for name, value in seeds.items() if not self._is_secret(value)}
        self._report(problems | dict.fromkeys(seeds.keys() - self._seed.keys(), "it contains a secret"))
        self._stored: dict[str, Any] | None = None
        self._current, _ = RuntimeSettings.from_stored(self._seed)
        self._version = 0

    @property
    def current(self) -> RuntimeSettings:
        """The settings in force; immutable, so a caller that needs agreeing values keeps the object."""
        return self._current

    @property
    def version(self) -> int:
        """Grows by one whenever this process starts to obey other values."""
        return self._version

    @property
    def is_loaded(self) -> bool:
        """Whether the store was read at least once; before that, defaults and the environment rule."""
        return self._stored is not None

    async def load(self) -> None:
        """Seed the store, read it, and follow it in the background; a store that is down is tried again there."""
        try:
            await self.refresh()
        except DatabaseUnavailableError:
            self._log.warning("runtime_settings_not_loaded")
        self._tasks.supervise(self._follow, name="runtime_settings")

    async def refresh(self) -> None:
        """Obey what is stored now, whoever changed it.

        Raises:
            DatabaseUnavailableError: the settings stay as they are.
        """
        if self._stored is None:
            await self._repository.seed(self._seed)
        known = self._stored
        stored = await self._repository.get_all()
        if stored == known or self._stored is not known:  # a change of our own came between: what was read is old
            return
        settings, problems = RuntimeSettings.from_stored(stored)
        self._report(problems)
        self._stored = stored
        self._obey(settings)

    async def change(self, name: str, value: Any, by: int) -> RuntimeSettings:
        """Change one setting for good; other processes follow within two seconds.

        Args:
            name: a field of RuntimeSettings.
            value: typed, or text as a person wrote it.
            by: the admin's user id.

        Raises:
            ValueError: no such setting, or a value that cannot be used, and why; nothing changed.
            BadInputError: it contains a secret; nothing changed.
            DatabaseUnavailableError: not stored, so nothing changed.
        """
        self.refuse_secret(value)
        typed = getattr(self._current.with_value(name, value), name)
        await self._repository.put(name, typed, by)
        self._changed(name, typed, by)
        return self._current

    def refuse_secret(self, value: object) -> None:
        """Return when a value may be stored, and so be shown.

        Raises:
            BadInputError: it contains a secret.
        """
        if self._is_secret(value):
            raise BadInputError("setting-holds-secret")

    async def stored(self, name: str) -> StoredSetting:
        """What the database holds of a setting now.

        Raises:
            DatabaseUnavailableError: it cannot be asked.
        """
        return await self._repository.find(name)

    async def exchange(self, name: str, seen: StoredSetting, value: SettingValue | None, by: int) -> bool:
        """As `change`, with a typed value, where the stored one still is the one seen; None lets the default rule.

        Returns:
            False when somebody else was faster: then nothing changed.

        Raises:
            DatabaseUnavailableError: it is not known whether it was stored; look at it.
        """
        if not await self._repository.replace(name, seen, value, by):
            return False
        self._changed(name, value, by)
        return True

    def _changed(self, name: str, value: SettingValue | None, by: int) -> None:
        """Obey what was stored by this process; None for the default."""
        if self._stored is not None:
            others = {other: kept for other, kept in self._stored.items() if other != name}
            self._stored = others if value is None else {**others, name: value}
        rules = RuntimeSettings.model_fields[name].default if value is None else value
        self._obey(self._current.with_value(name, rules))
        self._log.info("runtime_setting_changed", name=name, by=by)

    async def _follow(self) -> None:
        while True:
            await self._clock.sleep(_POLL_S)
            try:
                await self.refresh()
            except DatabaseUnavailableError:
                self._log.debug("runtime_settings_not_refreshed")

    def _obey(self, settings: RuntimeSettings) -> None:
        if settings != self._current:
            self._current = settings
            self._version += 1

    def _is_secret(self, value: object) -> bool:
        return isinstance(value, str) and self._holds_secret(value)

    def _report(self, problems: Mapping[str, str]) -> None:
        for name, problem in problems.items():
            self._log.warning("runtime_setting_ignored", name=name, problem=problem)
