"""What the data centre answers, one module per namespace or part of one; importing the package registers all."""

from __future__ import annotations

from sandbox.datacenter.methods import (
    account,
    auth,
    bots,
    callbacks,
    channels,
    contacts,
    dialogs,
    editing,
    groups,
    help,  # noqa: A004  (Telegram's name of the namespace)
    inline,
    invites,
    participants,
    pinning,
    reading,
    sending,
    sharing,
    updates,
    upload,
    users,
)

__all__ = [
    "account",
    "auth",
    "bots",
    "callbacks",
    "channels",
    "contacts",
    "dialogs",
    "editing",
    "groups",
    "help",
    "inline",
    "invites",
    "participants",
    "pinning",
    "reading",
    "sending",
    "sharing",
    "updates",
    "upload",
    "users",
]
