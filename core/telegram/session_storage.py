"""The client's session: in memory while it runs, its login in one small file.

Only the login is kept on disk. Peers need not be: bots address whoever they have met by id alone. Update states must
not be: the client would replay private messages from before a crash, which are handled at most once on purpose.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from pyrogram.storage import Storage

from core.errors import ConfigurationError
from core.telegram.peer_book import PeerBook

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from core.clock import Clock

_FORMAT = "file-filter-bot session 1"
_READ: Any = object  # pyrogram's accessors read when they are called with this default
_FIELD_TYPES = {"dc_id": int, "api_id": int, "test_mode": bool, "auth_key": bytes, "user_id": int, "is_bot": bool}
_AUTH_KEY_BYTES = 256
_MAX_PEERS = 50_000


class SessionStorage(Storage):
    """pyrogram's storage contract over plain dictionaries.

    A complete login is on disk before the call that completes it returns, so that it survives a kill right after. The
    file is replaced atomically, its mode is 0600; a missing parent directory is made with mode 0700.

    Args:
        path: the session file; it may be absent. One that is damaged, or of another program, account or data centre, is
            put aside as `<name>.rejected`, and a new login is made.
        clock: dates the file and ages usernames.
        account_id: the account that has to be logged in; None accepts any.
        datacenter: which Telegram the login is for: "" for Telegram's own, else any name of another.
    """

    def __init__(self, path: Path, clock: Clock, *, account_id: int | None = None, datacenter: str = "") -> None:
        super().__init__(path.stem)
        self._path = path
        self._account_id = account_id
        self._datacenter = datacenter
        self._clock = clock
        self._login: dict[str, Any] = dict.fromkeys(_FIELD_TYPES)
        self._saved: dict[str, Any] | None = None
        self._date = 0
        self._peers = PeerBook(_MAX_PEERS, clock.unix)
        self._states: dict[int, tuple[int, Any, Any, Any, Any]] = {}
        self._log = structlog.get_logger(__name__)

    async def open(self) -> None:
        """Read the login from the file, if there is a usable one.

        Raises:
            ConfigurationError: the file could not be kept: its folder cannot be written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _try_to_write(self._path)
        except OSError as error:
            raise ConfigurationError(
                f"SESSION: its folder cannot be written ({error.strerror}); for example data/bot.session"
            ) from error
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            self._log.info("session_new", file=self._path.name)
            return
        if self._path.stat().st_mode & 0o077:
            self._log.warning("session_file_was_readable_by_others", file=self._path.name)
            self._path.chmod(0o600)
        try:
            login = _decode(content, self._datacenter, self._account_id)
        except ValueError as error:
            self._put_aside(str(error))
        else:
            self._login, self._saved = login, dict(login)

    async def save(self) -> None:
        """Write a complete login that is not on disk yet."""
        if self._login != self._saved and None not in self._login.values():
            self._date = int(self._clock.unix())
            _replace_file(self._path, _encode(self._login, self._date, self._datacenter))
            self._saved = dict(self._login)

    async def close(self) -> None:
        """Write what is not on disk yet."""
        await self.save()

    async def delete(self) -> None:
        """Forget the login, in memory and on disk."""
        self._login = dict.fromkeys(_FIELD_TYPES)
        self._saved = None
        self._path.unlink(missing_ok=True)

    async def reject_login(self, reason: str) -> None:
        """Keep a login that Telegram no longer accepts aside, so that the next start makes a new one."""
        self._login = dict.fromkeys(_FIELD_TYPES)
        self._saved = None
        if self._path.exists():
            self._put_aside(reason)

    async def update_peers(self, peers: Sequence[tuple[int, int | None, str, str | None, str | None]]) -> None:
        """Remember peers: (id, access_hash, type, username, phone_number) rows."""
        if peers:
            self._peers.meet(peers)

    async def update_usernames(self, usernames: Sequence[tuple[int, str]]) -> None:
        """Remember further usernames: (peer id, name) rows."""
        if usernames:
            self._peers.meet_usernames(usernames)

    async def update_state(self, value: Any = _READ) -> list[tuple[int, Any, Any, Any, Any]] | None:
        """Read all states, forget one (an id), or set one: an (id, pts, qts, date, seq) row. Kept in memory only."""
        if value is _READ:
            return list(self._states.values())
        if isinstance(value, int):
            self._states.pop(value, None)
        else:
            self._states[value[0]] = value
        return None

    async def remove_state(self, chat_id: int) -> None:
        """Forget the state of one chat."""
        self._states.pop(chat_id, None)

    async def get_peer_by_id(self, peer_id: int) -> Any:
        """The input peer of an id; KeyError when unknown."""
        return self._peers.by_id(peer_id)

    async def get_peer_by_username(self, username: str) -> Any:
        """The input peer of a lower-case username; KeyError when unknown or not seen for eight hours."""
        return self._peers.by_username(username)

    async def get_peer_by_phone_number(self, phone_number: str) -> Any:
        """The input peer of a phone number; KeyError when unknown."""
        return self._peers.by_phone_number(phone_number)

    async def dc_id(self, value: Any = _READ) -> int | None:
        """Get or set the data centre of the login."""
        return await self._field("dc_id", value)

    async def api_id(self, value: Any = _READ) -> int | None:
        """Get or set the application the login belongs to."""
        return await self._field("api_id", value)

    async def test_mode(self, value: Any = _READ) -> bool | None:
        """Get or set whether the login is on Telegram's test servers."""
        return await self._field("test_mode", value)

    async def auth_key(self, value: Any = _READ) -> bytes | None:
        """Get or set the key of the login, a secret of 256 bytes."""
        return await self._field("auth_key", value)

    async def user_id(self, value: Any = _READ) -> int | None:
        """Get or set the account that is logged in."""
        return await self._field("user_id", value)

    async def is_bot(self, value: Any = _READ) -> bool | None:
        """Get or set whether that account is a bot."""
        return await self._field("is_bot", value)

    async def date(self, value: Any = _READ) -> int | None:
        """Get or set the unix time of the last save."""
        if value is _READ:
            return self._date
        self._date = value
        return None

    async def _field(self, name: str, value: Any) -> Any:
        if value is _READ:
            return self._login[name]
        self._login[name] = value
        await self.save()
        return None

    def _put_aside(self, reason: str) -> None:
        kept = self._path.with_name(self._path.name + ".rejected")
        self._path.replace(kept)
        self._log.warning("session_file_put_aside", kept_as=kept.name, reason=reason)


def _encode(login: dict[str, Any], date: int, datacenter: str) -> bytes:
    auth_key = base64.b64encode(login["auth_key"]).decode()
    return orjson.dumps({"format": _FORMAT, "date": date, "datacenter": datacenter, **login, "auth_key": auth_key})


def _decode(content: bytes, datacenter: str, account_id: int | None) -> dict[str, Any]:
    """Read a login.

    Raises:
        ValueError: the content is damaged, or of another program, data centre or account.
    """
    try:
        stored = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(stored, dict) or stored.get("format") != _FORMAT:
        raise ValueError("it is not a session of this program")
    if stored.get("datacenter") != datacenter:
        raise ValueError("it is the login of another data centre")
    try:
        auth_key = base64.b64decode(stored["auth_key"], validate=True)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError("its key is damaged") from error
    login = {name: stored.get(name) for name in _FIELD_TYPES} | {"auth_key": auth_key}
    damaged = [name for name, kind in _FIELD_TYPES.items() if type(login[name]) is not kind]
    if damaged or len(auth_key) != _AUTH_KEY_BYTES:
        raise ValueError(f"damaged: {', '.join(damaged) or 'auth_key'}")
    if account_id not in {None, login["user_id"]}:
        raise ValueError("it is the login of another account")
    return login


def _try_to_write(path: Path) -> None:
    """Whether a login could be kept is better known before Telegram has made one.

    Raises:
        OSError: it could not be.
    """
    _write_new(path, bytes(1)).unlink()


def _replace_file(path: Path, content: bytes) -> None:
    """Write so that after a crash at any point the file is either the old or the new one, never readable by others."""
    _write_new(path, content).replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _write_new(path: Path, content: bytes) -> Path:
    """Write a file beside `path`, and return it; nobody else may read it at any time."""
    new = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        new.unlink()
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return new
