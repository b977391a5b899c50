"""Unmodified Telegram clients, pointed at a local data centre."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

from core.telegram.datacenter import point_at_datacenter

if TYPE_CHECKING:
    from pyrogram import Client

    from sandbox.datacenter.server import DataCenter
    from sandbox.datacenter.server_key import ServerKey

_SESSION_STRING = struct.Struct(">BI?256sQ?")  # dc id, API id, test mode, auth key, user id, is a bot
_API_ID = 1


def attach_pyrofork(client: Client, host: str, port: int, public_key: str) -> Client:
    """Make a pyrofork client that has not started connect to host:port and trust the key there.

    Args:
        client: returned, for a builder in one expression.
        host: address of the data centre.
        port: its TCP port.
        public_key: PKCS#1 PEM, as `ServerKey.public_pem` gives it.

    Raises:
        ValueError: the PEM is no 2,048-bit public key.
    """
    point_at_datacenter(client, host, port, public_key)
    return client


def session_string(datacenter: DataCenter, user_id: int, *, is_bot: bool) -> str:
    """A pyrofork session string that is logged in already: such a client needs no handshake and no login."""
    auth = datacenter.issue_auth_key(user_id)
    packed = _SESSION_STRING.pack(datacenter.dc_id, _API_ID, False, auth.key, user_id, is_bot)
    return base64.urlsafe_b64encode(packed).decode("ascii").rstrip("=")


def telethon_client(
    host: str, port: int, key: ServerKey, *, session: Any = None, dc_id: int = 2, **options: Any
) -> Any:
    """A Telethon client for a local data centre; telethon is a development dependency and imported here only.

    Args:
        host: address of the data centre.
        port: its TCP port.
        key: the RSA key of the data centre.
        session: a telethon session; None for a new one in memory.
        dc_id: number of the data centre.
        options: further arguments of TelegramClient.
    """
    from telethon import TelegramClient
    from telethon.crypto import rsa
    from telethon.sessions import MemorySession

    rsa.add_key(key.public_pem, old=False)
    session = MemorySession() if session is None else session
    session.set_dc(dc_id, host, port)
    return TelegramClient(session, _API_ID, "local", **options)
