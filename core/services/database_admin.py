"""What admins see of the databases, and what they may do about them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.database.capacity import usual_load
from core.database.write_choice import Standing
from core.domain.database import DatabaseView, FilesRole
from core.errors import BadInputError, DatabaseUnavailableError

if TYPE_CHECKING:
    from core.database.multi_pool import DatabaseStatus, MultiDatabaseManager
    from core.database.write_routing import WriteRouting, WriteStatus
    from core.services.audit_log import AuditLog
    from core.services.runtime_settings import RuntimeSettingsService
    from repositories.postponed_change import PostponedChangeRepository


class DatabaseAdminService:
    """Answers from what this process knows; breakers and measurements of other processes are their own."""

    def __init__(
        self,
        manager: MultiDatabaseManager,
        routing: WriteRouting,
        changes: PostponedChangeRepository,
        runtime: RuntimeSettingsService,
        audit: AuditLog,
    ) -> None:
        self._manager = manager
        self._routing = routing
        self._changes = changes
        self._runtime = runtime
        self._audit = audit

    @property
    def preferred(self) -> int:
        """Number of the database that an admin chose for new files; 0 for none."""
        return self._runtime.current.database_preferred

    @property
    def leaves_by_itself(self) -> bool:
        """Whether new files leave a full or failing database without an admin."""
        return self._runtime.current.database_auto_switch

    def all(self) -> list[DatabaseView]:
        """Every database by number; asks none."""
        space = {status.number: status for status in self._routing.status}
        taking = self._routing.next_database()
        return [self._view(status, space[status.number], taking) for status in self._manager.status()]

    def taking_files(self) -> DatabaseView | None:
        """The database that takes new files; None when none does."""
        return next((view for view in self.all() if view.role.takes_files), None)

    async def one(self, number: int) -> DatabaseView:
        """One database, with what waits for it.

        Raises:
            BadInputError: there is none of this number.
        """
        view = self._known(number)
        try:
            return replace(view, waiting=await self._changes.count(number))
        except DatabaseUnavailableError:
            return view

    async def prefer(self, admin_id: int, number: int) -> None:
        """Have new files go to a database while it is healthy and has room, 0 for any; obeyed everywhere within 2 s.

        Raises:
            BadInputError: there is none of this number.
            DatabaseUnavailableError: it is not stored.
        """
        if number:
            self._known(number)
        await self._runtime.change("database_preferred", number, admin_id)
        await self._audit.add(admin_id, "database_preferred", database=number)

    async def reset_breaker(self, admin_id: int, number: int) -> bool:
        """Ask a database again at once instead of waiting until its time has come; whether it answers.

        Raises:
            BadInputError: there is none of this number.
        """
        self._known(number)
        pool = self._manager.database(number)
        pool.breaker.reset()
        await self._audit.add(admin_id, "breaker_reset", database=number)
        try:
            await pool.ping()
        except DatabaseUnavailableError:
            return False
        return True

    def _known(self, number: int) -> DatabaseView:
        views = self.all()
        for view in views:
            if view.number == number:
                return view
        raise BadInputError("database-unknown", count=len(views))

    def _view(self, status: DatabaseStatus, space: WriteStatus, taking: int | None) -> DatabaseView:
        return DatabaseView(
            number=status.number,
            name=status.name,
            breaker=status.state.name.lower(),
            steady_s=status.steady_s,
            answer_s=status.answer_s,
            used_bytes=space.used_bytes,
            limit_bytes=space.limit_bytes if self._runtime.current.database_size_limit_gb else None,
            files=space.files,
            measured_s_ago=space.measured_s_ago,
            role=self._role(space, taking),
        )

    def _role(self, space: WriteStatus, taking: int | None) -> FilesRole:
        if space.number == taking:
            return self._why_taking(space.number)
        if space.standing is Standing.DOWN:
            return FilesRole.DOWN
        if space.used_bytes is None:
            return FilesRole.UNMEASURED
        if space.limit_bytes - space.used_bytes < usual_load(1).bytes:
            return FilesRole.FULL
        return FilesRole.SPARE if space.is_open and space.standing is Standing.STEADY else FilesRole.RESTING

    def _why_taking(self, number: int) -> FilesRole:
        if len(self._manager.databases) == 1:
            return FilesRole.ONLY
        if not self.preferred:
            return FilesRole.CURRENT
        return FilesRole.CHOSEN if number == self.preferred else FilesRole.STANDS_IN
