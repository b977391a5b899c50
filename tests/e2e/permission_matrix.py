"""The table of who may use what: one row for every command, button and other trigger of the bot."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.permission import Role


@dataclass(frozen=True, slots=True)
class Row:
    """What is expected of a route.

    Attributes:
        least: the least role that it serves.
        in_chats: whether it serves messages in the name of a group or channel, too.
        in_groups: whether a route for roles above a reader's is served outside of private chats.
    """

    least: Role
    in_chats: bool = False
    in_groups: bool = False


EVERYBODY = Row(Role.READER)
EVERYBODY_AND_CHATS = Row(Role.READER, in_chats=True)
MODERATORS = Row(Role.MODERATOR)
MODERATORS_ANYWHERE = Row(Role.MODERATOR, in_groups=True)
ADMINS = Row(Role.ADMIN)
OWNER = Row(Role.OWNER)

# One line for every route, by its name. A new command, button or other trigger goes beside those of its own subject.
MATRIX: dict[str, Row] = {
    "start": EVERYBODY,
    "start_link": EVERYBODY,
    "help": EVERYBODY,
    "unknown_command": EVERYBODY,
    "media": EVERYBODY,
    "search": EVERYBODY,
    "search_help": EVERYBODY,
    "page": EVERYBODY,
    "position": EVERYBODY,
    "narrow": EVERYBODY,
    "search_again": EVERYBODY,
    "search_for": EVERYBODY,
    "suggest": EVERYBODY,
    "open_own": EVERYBODY,
    "inline": EVERYBODY,
    "plans": EVERYBODY,
    "try_again": EVERYBODY,
    "group_search": EVERYBODY_AND_CHATS,
    "search_command": EVERYBODY_AND_CHATS,
    "search_mode": EVERYBODY_AND_CHATS,
    "cancel": EVERYBODY,
    "id": EVERYBODY_AND_CHATS,
    "fsub_group": EVERYBODY_AND_CHATS,
    "file": EVERYBODY,
    "send_all": EVERYBODY,
    "send_narrowed": EVERYBODY,
    "stop_delivery": EVERYBODY,
    "get_again": EVERYBODY,
    "forwarded_post": EVERYBODY,
    "post_link": EVERYBODY,
    "accept_request": MODERATORS,
    "reject_request": MODERATORS,
    "setskip": MODERATORS,
    "start_backfill": MODERATORS,
    "decline_backfill": MODERATORS,
    "pause_backfill": MODERATORS,
    "resume_backfill": MODERATORS,
    "cancel_backfill": MODERATORS,
    "ban": MODERATORS_ANYWHERE,
    "unban": MODERATORS_ANYWHERE,
    "banned": MODERATORS,
    "banned_page": MODERATORS,
    "addpremium": ADMINS,
    "removepremium": ADMINS,
    "role": OWNER,
    "roles": OWNER,
    "add_channel": ADMINS,
    "remove_channel": ADMINS,
    "toggle_channel": ADMINS,
    "list_channels": ADMINS,
    "delete": ADMINS,
    "takedown": ADMINS,
    "deleteall": ADMINS,
    "deleteall_confirm": ADMINS,
    "deleteall_cancel": ADMINS,
    "verify": ADMINS,
    "maintenance": ADMINS,
    "dbstats": ADMINS,
    "cache_stats": ADMINS,
    "cache_analyze": ADMINS,
    "cache_cleanup": ADMINS,
    "dbinfo": ADMINS,
    "dbswitch": ADMINS,
    "breaker_reset": ADMINS,
    "caption": ADMINS,
    "bsetting": ADMINS,
    "setting_sections": ADMINS,
    "setting_section": ADMINS,
    "setting": ADMINS,
    "setting_choose": ADMINS,
    "setting_edit": ADMINS,
    "setting_reset": ADMINS,
    "setting_value": ADMINS,
    "fsub": ADMINS,
    "fsub_add": ADMINS,
    "fsub_remove": ADMINS,
    "broadcast": ADMINS,
    "broadcasts": ADMINS,
    "broadcast_confirm": ADMINS,
    "broadcast_cancel": ADMINS,
    "broadcast_pause": ADMINS,
    "broadcast_resume": ADMINS,
    "broadcast_stop": ADMINS,
    "pause_broadcast": ADMINS,
    "resume_broadcast": ADMINS,
    "stop_broadcast": ADMINS,
    "reset_broadcast_limit": ADMINS,
    "stats": ADMINS,
    "users": ADMINS,
    "users_page": ADMINS,
    "user": ADMINS,
    "user_ban": MODERATORS,
    "user_unban": MODERATORS,
    "user_premium": ADMINS,
    "user_premium_end": ADMINS,
    "errors": ADMINS,
    "log": ADMINS,
    "performance": ADMINS,
    "audit": ADMINS,
    "restart": ADMINS,
    "restart_confirm": ADMINS,
    "restart_cancel": ADMINS,
}
