"""The local Telegram alone: `python -m sandbox [--port N] [--key FILE] [--trouble FILE]`.

Prints one JSON line with everything a client needs, then runs until SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from core.clock import Clock
from core.lifecycle import ShutdownSignal
from sandbox.datacenter.server import DataCenter
from sandbox.datacenter.server_key import ServerKey
from sandbox.datacenter.trouble_script import TroubleScript
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.world.chats import Channel

_BOT_TOKEN = "7000000001:local"
_POSTS = (
    ("The.General.1926.1080p.mkv", 4_100_000_000, "video"),
    ("Metropolis (1927).mp4", 2_700_000_000, "video"),
    ("Война и мир - Лев Толстой.epub", 3_200_000, "document"),
    ("Für Elise.mp3", 6_900_000, "audio"),
)


def seeded_world(clock: Clock) -> tuple[World, dict[str, Any]]:
    """A small world: a bot, three people, a channel with four posts and a group; and what to tell about it."""
    world = World(clock)
    bot = world.add_bot(_BOT_TOKEN, "Local Bot", "local_test_bot", inline_placeholder="Search")
    people = {
        name: world.add_user(name.title(), username=f"local_{name}", phone=f"99966{number}000{number}")
        for number, name in enumerate(("admin", "reader", "guest"), 1)
    }
    admin = people["admin"].id
    channel = world.add_channel("Local Files", creator=admin, username="local_files", admins=[bot.id])
    members = [person.id for person in people.values() if person.id != admin]
    group = world.add_group("Local Group", creator=admin, username="local_group", members=[*members, bot.id])
    for name, size, kind in _POSTS:
        world.post(channel.id, author=admin, file=world.add_document(name, size, kind=kind))
    return world, {
        "bot": {"id": bot.id, "username": bot.username, "token": _BOT_TOKEN},
        "people": {name: {"id": person.id, "phone": person.phone} for name, person in people.items()},
        "channel": _chat(channel),
        "group": _chat(group),
    }


async def serve(port: int, key: ServerKey, trouble: TroubleScript) -> None:
    """Run until a signal, through the troubles that are ordered; port 0 takes any free one."""
    clock = Clock()
    world, facts = seeded_world(clock)
    datacenter = DataCenter(world, clock=clock, key=key)
    stop = ShutdownSignal()
    stop.install()
    await datacenter.start(port)
    address = {"host": datacenter.host, "port": datacenter.port, "dc_id": datacenter.dc_id}
    line = {"event": "sandbox_ready", **address, "public_key": key.public_pem, **facts}
    sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    datacenter.tasks.spawn(trouble.run(datacenter), name="trouble script")
    await stop.wait()
    await datacenter.stop()
    stop.remove()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run the local Telegram alone.")
    parser.add_argument("--port", type=int, default=18443, help="TCP port, 0 for any free one (default 18443)")
    parser.add_argument("--key", type=Path, help="PKCS#1 PEM file with a private RSA key (default: a built-in one)")
    parser.add_argument("--trouble", type=Path, help="file with troubles to get into, one a line (default: none)")
    options = parser.parse_args(arguments)
    try:
        trouble = TroubleScript(options.trouble.read_text().splitlines() if options.trouble else ())
    except (OSError, ValueError) as error:
        parser.error(f"--trouble: {error}")
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    key = ServerKey.default() if options.key is None else ServerKey.from_pem(options.key.read_text())
    asyncio.run(serve(options.port, key, trouble))


def _chat(channel: Channel) -> dict[str, Any]:
    return {"id": channel.full_id, "username": channel.username}


if __name__ == "__main__":
    main()
