"""The yardstick: an echo bot on bare pyrofork, as fast as that library gets.

python -m benchmarks.echo_bot HOST:PORT KEY_FILE TOKEN
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop
from pyrogram import Client
from pyrogram.enums import ParseMode
from pyrogram.handlers import MessageHandler

from core.telegram.datacenter import point_at_datacenter

_WORKERS = 64


async def _echo(_: Client, message: Any) -> None:
    await message.reply(message.text)


async def _serve(address: str, public_key: str, token: str) -> None:
    host, _, port = address.rpartition(":")
    client = Client(
        "echo", api_id=1, api_hash="x", bot_token=token, in_memory=True, workers=_WORKERS, parse_mode=ParseMode.DISABLED
    )
    point_at_datacenter(client, host, int(port), public_key)
    client.add_handler(MessageHandler(_echo))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await client.start()
    await stop.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(sys.argv[1], Path(sys.argv[2]).read_text(), sys.argv[3]))
