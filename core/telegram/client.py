"""Build, start and probe the pyrogram client."""

from __future__ import annotations

import asyncio
import importlib.util
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from pyrogram import Client, enums, errors, raw

from core.errors import ConfigurationError, FileFilterError, TelegramUnavailableError
from core.telegram.datacenter import point_at_datacenter
from core.telegram.gateway import RetryLaterError
from core.telegram.inline_crypto import install_inline_crypto
from core.telegram.session_guard import LOST_KEY, install_session_guard
from core.telegram.session_storage import SessionStorage
from core.telegram.telegram_api import error_name

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import SecretStr

    from core.clock import Clock

_WORKERS = 200
_MESSAGE_CACHE = 500
_FAREWELL_S = 1.0
_BAD_LOGIN = {
    "ACCESS_TOKEN_INVALID": "BOT_TOKEN: Telegram does not accept it; get one from @BotFather, for example 1234:AbCd…",
    "ACCESS_TOKEN_EXPIRED": "BOT_TOKEN: it was revoked; get the present one from @BotFather, for example 1234:AbCd…",
    "API_ID_INVALID": "API_ID, API_HASH: Telegram does not accept the pair; see my.telegram.org, for example 12345",
}


class ClientSettings(Protocol):
    """The part of the settings that the client needs."""

    @property
    def api_id(self) -> int:
        """Number of the application at my.telegram.org."""
        ...

    @property
    def api_hash(self) -> SecretStr:
        """Secret of the application."""
        ...

    @property
    def bot_token(self) -> SecretStr:
        """`<account id>:<secret>` of the bot."""
        ...

    @property
    def session_file(self) -> Path:
        """Where the login is kept."""
        ...

    @property
    def telegram_datacenter(self) -> tuple[str, int] | None:
        """Address of a data centre other than Telegram's own."""
        ...

    @property
    def telegram_datacenter_key(self) -> Path | None:
        """PEM file with the public key of that data centre."""
        ...


def build_storage(settings: ClientSettings, clock: Clock) -> SessionStorage:
    """The session of the configured bot at the configured data centre; nothing is read yet."""
    account_id, _, _ = settings.bot_token.get_secret_value().partition(":")
    address = settings.telegram_datacenter
    return SessionStorage(
        settings.session_file,
        clock,
        account_id=int(account_id) if account_id.isdecimal() else None,
        datacenter="" if address is None else f"{address[0]}:{address[1]}",
    )


def build_client(settings: ClientSettings, storage: SessionStorage) -> Client:
    """Build the bot's client inside the running loop; handlers are to be registered before it is started.

    Nothing that happened while the bot was down is replayed by the client.

    Raises:
        ConfigurationError: tgcrypto is missing, pyrogram is another version than the locked one, or the key of the
            configured data centre cannot be read.
        RuntimeError: no event loop is running.
    """
    asyncio.get_running_loop()
    if importlib.util.find_spec("tgcrypto") is None:
        raise ConfigurationError("tgcrypto is not installed; install the locked dependencies, for example `make setup`")
    install_session_guard()
    install_inline_crypto()
    client = Client(
        "file-filter-bot",
        api_id=settings.api_id,
        api_hash=settings.api_hash.get_secret_value(),
        bot_token=settings.bot_token.get_secret_value(),
        app_version="File Filter Bot",
        storage=storage,
        workdir=settings.session_file.parent,
        workers=_WORKERS,
        parse_mode=enums.ParseMode.HTML,
        skip_updates=True,
        sleep_threshold=0,
        max_message_cache_size=_MESSAGE_CACHE,
    )
    if settings.telegram_datacenter is not None:
        host, port = settings.telegram_datacenter
        try:
            point_at_datacenter(client, host, port, _read_key(settings.telegram_datacenter_key))
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"TELEGRAM_DATACENTER_KEY: {error}; example: data/datacenter.pem") from error
    return client


async def start_client(client: Client, *, timeout_s: float = 30.0) -> None:
    """Connect and log in. A stored login that Telegram no longer accepts is put aside and replaced once.

    Raises:
        ConfigurationError: the token or the application is not accepted, or the session cannot be written.
        RetryLaterError: Telegram asks to wait before the next attempt.
        TelegramUnavailableError: no success within `timeout_s`. After any error the client can be started again.
    """
    try:
        async with asyncio.timeout(timeout_s):
            error = await _try_start(client)
            if isinstance(error, LOST_KEY):
                await _abandon(client)
                await client.storage.reject_login(error_name(error) or "the key is unknown to Telegram")
                error = await _try_start(client)
    except TimeoutError as expired:
        error = expired
    if error is not None and not client.is_initialized:  # a login that ends together with its time is one
        await _abandon(client)
        raise _login_failure(error, timeout_s) from error
    structlog.get_logger(__name__).info("telegram_started", bot_id=client.me.id, username=client.me.username)


async def stop_client(client: Client, timeout_s: float) -> None:
    """Stop receiving and disconnect; what handlers still do after `timeout_s` goes on without a connection.

    pyrogram waits for running handlers without limit.
    """
    try:
        async with asyncio.timeout(timeout_s):
            if client.is_initialized:
                await client.stop()
    except TimeoutError:
        structlog.get_logger(__name__).warning("telegram_stopped_early", after_s=round(timeout_s, 1))
    if client.session is not None:
        with suppress(TimeoutError):  # a network that takes nothing any more does not even take a farewell
            async with asyncio.timeout(_FAREWELL_S):
                await client.session.stop()


async def _try_start(client: Client) -> BaseException | None:
    """One attempt; pyrogram's handshake raises errors of any class."""
    starting: Any = client.start()
    outcome: Any = (await asyncio.gather(starting, return_exceptions=True))[0]
    return outcome if isinstance(outcome, BaseException) else None


def _login_failure(error: BaseException, timeout_s: float) -> FileFilterError:
    """What a failed login means to whoever wants it."""
    name = error_name(error) if isinstance(error, errors.RPCError) else ""
    if isinstance(error, ConfigurationError):
        return error
    if name in _BAD_LOGIN:
        return ConfigurationError(_BAD_LOGIN[name])
    if isinstance(error, errors.FloodWait) and isinstance(error.value, int):
        return RetryLaterError(error.value)
    if isinstance(error, errors.BadMsgNotification):
        return TelegramUnavailableError(f"Telegram refuses our messages; is the clock right? {error}")
    if isinstance(error, TimeoutError):
        return TelegramUnavailableError(f"Telegram did not answer: no login within {timeout_s:g} s")
    return TelegramUnavailableError(f"no login for now: {name or f'{type(error).__name__}: {error}'}")


async def ping(client: Client, *, timeout_s: float = 1.0) -> None:
    """Ask the server for a sign of life, past every queue and lane.

    Raises:
        TelegramUnavailableError: there is no connection, or no answer came in time.
    """
    session: Any = client.session
    if session is None or not client.is_connected or not session.is_started.is_set():
        raise TelegramUnavailableError("there is no connection to Telegram")
    try:
        async with asyncio.timeout(timeout_s + 0.5):
            await session.send(raw.functions.Ping(ping_id=random.getrandbits(63)), timeout=timeout_s)
    except (OSError, errors.RPCError, errors.BadMsgNotification) as error:
        raise TelegramUnavailableError(f"Telegram does not answer: {type(error).__name__}") from error


async def _abandon(client: Client) -> None:
    """End what a start that failed or was cut off has left running."""
    if client.is_connected:
        await client.disconnect()
    elif client.session is not None:
        await client.session.stop()


def _read_key(path: Path | None) -> str:
    if path is None:
        raise ValueError("it is required together with TELEGRAM_DATACENTER")
    return path.read_text()
