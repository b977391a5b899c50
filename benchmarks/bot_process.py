"""The bot, or what it is measured against, in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from benchmarks.load import TOKEN

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path
    from typing import IO

    from benchmarks.load import Load
    from tests.fixtures.servers import MongoServer, ValkeyServer

_END_S = 10
_LOOK_S = 0.05


@asynccontextmanager
async def bot_process(
    *arguments: str, environ: dict[str, str] | None = None, log: IO[bytes] | int = asyncio.subprocess.DEVNULL
) -> AsyncIterator[Process]:
    """A Python process, ended with SIGTERM when the block ends.

    Args:
        arguments: of the interpreter.
        environ: what its environment has beyond ours.
        log: where its standard output and error go.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=os.environ | (environ or {}), stdout=log, stderr=log
    )
    try:
        yield process
    finally:
        await end(process)


async def end(process: Process) -> int:
    """Ask a process to stop, kill it when it does not within ten seconds; returns its exit code."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        return await asyncio.wait_for(process.wait(), _END_S)
    except TimeoutError:
        process.kill()
        return await process.wait()


def bot_environment(
    load: Load, folder: Path, mongo: MongoServer, valkey: ValkeyServer, **further: str
) -> dict[str, str]:
    """The variables that start the ordinary bot on these servers; its files go into `folder`."""
    return {
        "API_ID": "1",
        "API_HASH": "0" * 32,
        "BOT_TOKEN": TOKEN,
        "SESSION": str(folder / "bot.session"),
        "DATABASE_URI": mongo.uri,
        "REDIS_URI": valkey.uri,
        "ADMINS": str(load.admin.id),
        "CHANNELS": str(load.channel.full_id),
        "PORT": "0",
        "TELEGRAM_DATACENTER": f"{load.datacenter.host}:{load.datacenter.port}",
        "TELEGRAM_DATACENTER_KEY": str(load.write_key(folder)),
        "SEND_BUDGET": "false",  # Telegram's own limit of 30 messages a second would hide what the bot can do
        **further,
    }


async def wait_until(condition: Callable[[], bool], patience_s: float) -> bool:
    """Look 20 times a second until `condition` holds; whether it did in time."""
    for _ in range(int(patience_s / _LOOK_S)):
        if condition():
            return True
        await asyncio.sleep(_LOOK_S)
    return condition()
