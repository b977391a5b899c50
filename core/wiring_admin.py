"""The part of the composition root that admins use: what they are told, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.services.admin_notices import AdminNotices
from core.services.audit_log import AuditLog
from repositories.audit_log import AuditLogRepository

if TYPE_CHECKING:
    from core.telegram.pyrogram_gateway import PyrogramGateway
    from core.text.catalog import Catalogue
    from core.wiring import Base, Databases


@dataclass(frozen=True, slots=True)
class Administration:
    """What admins are told, and the record of what they do."""

    notices: AdminNotices
    audit: AuditLog


def build_administration(
    base: Base, databases: Databases, telegram: PyrogramGateway, catalogue: Catalogue
) -> Administration:
    """What may be needed by every service, so it is built before them."""
    notices = AdminNotices(telegram, catalogue, base.settings.admins, base.tasks, base.clock)
    audit = AuditLog(AuditLogRepository(databases.manager.primary), base.clock)
    return Administration(notices, audit)
