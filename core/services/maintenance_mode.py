"""Keeping readers out while the bot is worked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Role
from core.errors import UnderMaintenanceError

if TYPE_CHECKING:
    from core.domain.user import User
    from core.services.audit_log import AuditLog
    from core.services.roles import RoleService
    from core.services.runtime_settings import RuntimeSettingsService


class MaintenanceMode:
    """A runtime setting, so that every process obeys it within two seconds, and a restart changes nothing.

    It keeps updates of people out and nothing else: what runs goes on to its end, channels are indexed, broadcasts are
    sent. Whoever has a role is let in, so that nobody locks themselves out. A payment must not begin either: whoever
    is asked before one calls `check`.
    """

    def __init__(self, runtime: RuntimeSettingsService, roles: RoleService, audit: AuditLog) -> None:
        self._runtime = runtime
        self._roles = roles
        self._audit = audit

    @property
    def is_on(self) -> bool:
        """Whether readers are kept out."""
        return self._runtime.current.maintenance_mode

    @property
    def text(self) -> str:
        """What they are told; "" for the usual sentence."""
        return self._runtime.current.maintenance_text

    def check(self, user: User) -> None:
        """Return when an admitted person may go on; asks nobody.

        Raises:
            UnderMaintenanceError: not now.
        """
        if self.is_on and self._roles.role_in(user) is Role.READER:
            raise UnderMaintenanceError.saying(self.text)

    async def turn_on(self, admin_id: int, text: str) -> None:
        """Keep readers out, and tell them `text`, "" for the usual sentence; audited.

        Raises:
            BadInputError: the text contains a secret.
            DatabaseUnavailableError: it is not stored that it is on.
        """
        await self._runtime.change("maintenance_text", text, admin_id)
        await self._runtime.change("maintenance_mode", True, admin_id)
        await self._audit.add(admin_id, "maintenance_on", text=text)

    async def turn_off(self, admin_id: int) -> None:
        """Let everybody in again; audited.

        Raises:
            DatabaseUnavailableError: it is not stored that it is off.
        """
        await self._runtime.change("maintenance_mode", False, admin_id)
        await self._audit.add(admin_id, "maintenance_off")
