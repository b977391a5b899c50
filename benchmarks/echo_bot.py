"""The yardstick: an echo bot on bare pyrofork.

python -m benchmarks.echo_bot HOST:PORT KEY_FILE TOKEN [--tuned]

Bare means what the library gives by itself: its own number of workers, asyncio's own loop. `--tuned` adds what speeds
an echo up most, uvloop and many workers; the ordinary bot has both, so this shows what its own work costs.
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

_TUNED_WORKERS = 64


async def _echo(_: Client, message: Any) -> None:
    await message.reply(message.text)


async def _serve(address: str, public_key: str, token: str, options: dict[str, Any]) -> None:
    host, _, port = address.rpartition(":")
    # Left to itself pyrofork reads names such as "__main__" as markup, and the echo would differ.
    client = Client("echo", 1, "x", bot_token=token, in_memory=True, parse_mode=ParseMode.DISABLED, **options)
    point_at_datacenter(client, host, int(port), public_key)
    client.add_handler(MessageHandler(_echo))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await client.start()
    await stop.wait()
    await client.stop()


def _main(address: str, key_file: str, token: str, *flags: str) -> None:
    is_tuned = "--tuned" in flags
    options = {"workers": _TUNED_WORKERS} if is_tuned else {}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if is_tuned else None) as runner:
        runner.run(_serve(address, Path(key_file).read_text(), token, options))


if __name__ == "__main__":
    _main(*sys.argv[1:])
