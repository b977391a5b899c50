"""The demo as other tools meet it: one line on standard output, and a Telegram behind it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest
from pyrogram.handlers import MessageHandler

from core.clock import Clock
from sandbox.tour import user_client

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

    from pyrogram import Client

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[2]
PEOPLE = {"admin", "reader", "premium"}


@asynccontextmanager
async def demo() -> AsyncIterator[Process]:
    """`python bot.py --demo` on free ports; killed at the end of the block if it still runs."""
    command = (sys.executable, "bot.py", "--demo", "--port", "0", "--datacenter-port", "0")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def announced(process: Process) -> tuple[list[str], dict[str, Any]]:
    """What is printed up to the JSON line, and the facts in it."""
    before: list[str] = []
    assert process.stdout is not None
    async with asyncio.timeout(100):  # about ten seconds on an idle machine
        async for line in process.stdout:
            if line.startswith(b"{"):
                return before, orjson.loads(line)
            before.append(line.decode())
    raise AssertionError(f"the demo ended after printing {before}")


async def get(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.json()


async def ask(client: Client, bot: str, text: str) -> Any:
    """Write to the bot; its answer."""
    answers: asyncio.Queue[Any] = asyncio.Queue()
    handler = client.add_handler(MessageHandler(lambda _, message: answers.put(message)))
    await client.send_message(bot, text)
    while not (message := await asyncio.wait_for(answers.get(), 10)).from_user.is_bot:
        continue
    client.remove_handler(*handler)
    return message


def labels(message: Any) -> list[str]:
    return [button.text for row in message.reply_markup.inline_keyboard for button in row]


async def check_places(facts: dict[str, Any], admin: Client) -> None:
    """Ids and usernames belong together, and the admin may post in the channel."""
    for place in (facts["channel"], facts["group"]):
        assert (await admin.get_chat(place["username"])).id == place["id"]
        assert str(place["id"]).startswith("-100")
    assert (await admin.get_users(facts["bot"]["username"])).id == facts["bot"]["id"]
    assert (await admin.get_me()).id == facts["people"]["admin"]["id"]
    assert (await admin.send_message(facts["channel"]["username"], "A note to the readers")).chat.id


async def healthy(facts: dict[str, Any]) -> None:
    """Return when the bot says that it can do its job, which a busy machine may make wait for the next look."""
    async with asyncio.timeout(10):
        while (await get(f"{facts['http']}/health"))[0] != 200:
            await Clock().sleep(0.1)


async def test_the_demo_announces_itself_and_works():
    """Its one JSON line says where everything is, `/demo` the same, a link for people is last, a reader finds films."""
    async with demo() as process:
        before, facts = await announced(process)
        assert facts.keys() == {"event", "http", "datacenter", "bot", "channel", "group", "people"}
        assert facts["event"] == "demo_ready"
        assert (facts["datacenter"]["dc_id"], facts["people"].keys()) == (2, PEOPLE)
        assert any(facts["http"] in line for line in before)
        assert any(f"{facts['datacenter']['host']}:{facts['datacenter']['port']}" in line for line in before)
        assert await get(f"{facts['http']}/demo") == (200, facts)
        await healthy(facts)

        async with user_client(facts, "reader") as reader:
            page = await ask(reader, facts["bot"]["username"], "nosferatu")
            assert any("Nosferatu" in label for label in labels(page))
        async with user_client(facts, "admin") as admin:
            await check_places(facts, admin)

        process.terminate()
        rest, _ = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 0
        assert rest.decode().strip().startswith(f"Open {facts['http']}/ in a browser")
        assert len(rest.split(b"\n")) == len(b"\nOpen\n".split(b"\n"))


async def test_the_tour_is_played_to_its_end():
    """Every step of the scripted conversation gets the answer it waits for, and the operator looks at the end."""
    tour = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.tour", cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await tour.communicate()

    assert tour.returncode == 0, said.decode()[-2000:]
    assert "file_filter_files_delivered_total" in said.decode()
