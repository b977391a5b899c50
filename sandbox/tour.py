"""A guided tour of the demo: a scripted conversation through an unmodified user client, printed as it happens.

python -m sandbox.tour            starts the demo on free ports, plays, and stops it
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from pyrogram import Client
from pyrogram.enums import ParseMode
from pyrogram.errors import RPCError
from pyrogram.handlers import EditedMessageHandler, MessageHandler

from core.telegram.datacenter import point_at_datacenter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ROOT = Path(__file__).parents[1]
_PATIENCE_S = 30.0
_WIDEST = 110


class Tourist:
    """One person at a client of their own; what they do and see is printed."""

    def __init__(self, name: str, client: Client, bot: str) -> None:
        self._name = name
        self._client = client
        self._bot = bot
        self._seen: asyncio.Queue[Any] = asyncio.Queue()
        client.add_handler(MessageHandler(self._on_message))
        client.add_handler(EditedMessageHandler(self._on_message))

    async def say(self, text: str, *, answers: int = 1) -> Any:
        """Write to the bot, print its answers, return the last one."""
        _print(self._name, text)
        await self._client.send_message(self._bot, text, parse_mode=ParseMode.DISABLED)
        return await self.read(answers)

    async def press(self, message: Any, label: str, *, answers: int = 1) -> Any:
        """Press the first button whose label contains `label`; print the toast and the messages that follow."""
        button = next(b for row in message.reply_markup.inline_keyboard for b in row if label in b.text)
        _print(self._name, f"presses [{button.text}]")
        try:
            answer = await self._client.request_callback_answer(message.chat.id, message.id, button.callback_data)
        except RPCError as error:
            _print("Telegram", str(error.ID))
        else:
            if answer.message:
                _print("Bot", f"({'alert' if answer.alert else 'toast'}) {answer.message}")
        return await self.read(answers)

    async def read(self, count: int) -> Any:
        """Print the next `count` messages or edits of the bot; returns the last."""
        message = None
        for _ in range(count):
            async with asyncio.timeout(_PATIENCE_S):
                message = await self._seen.get()
            _show(message)
        return message

    async def read_until(self, words: str) -> Any:
        """Print messages and edits up to the one whose text contains `words`."""
        while True:
            message = await self.read(1)
            if words in (message.text or ""):
                return message

    async def post(self, channel: str, name: str, content: bytes) -> None:
        """Post a file into a channel."""
        _print(self._name, f"posts {name} into @{channel}")
        file = BytesIO(content)
        file.name = name
        await self._client.send_document(channel, file, force_document=True)

    async def _on_message(self, _: Client, message: Any) -> None:
        if message.from_user is not None and message.from_user.is_bot:
            self._seen.put_nowait(message)


def _print(who: str, text: str) -> None:
    for number, line in enumerate(text.splitlines() or [""]):
        shown = line if len(line) <= _WIDEST else f"{line[:_WIDEST]}… ({len(line)} characters)"
        sys.stdout.write(f"{who + ':' if number == 0 else '':<10} {shown}\n")
    sys.stdout.flush()


def _show(message: Any) -> None:
    file = message.document or message.video or message.audio or message.animation or message.photo
    if file is not None:
        _print("Bot", f"📎 {getattr(file, 'file_name', None) or 'photo'} ({file.file_size:,} bytes)")
        return
    _print("Bot", message.text or "")
    for row in message.reply_markup.inline_keyboard if message.reply_markup else ():
        _print("", " ".join(f"[{button.text}]" for button in row))


@asynccontextmanager
async def running_demo() -> AsyncIterator[dict[str, Any]]:
    """Start the demo on free ports; gives the facts it announces."""
    command = (sys.executable, "bot.py", "--demo", "--port", "0", "--datacenter-port", "0")
    process = await asyncio.create_subprocess_exec(
        *command, cwd=_ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield await _read_facts(process)
    finally:
        process.terminate()
        await process.wait()


async def _read_facts(process: asyncio.subprocess.Process) -> dict[str, Any]:
    if process.stdout is None:
        raise RuntimeError("the demo's output is not piped")
    async for line in process.stdout:
        if line.startswith(b"{"):
            facts: dict[str, Any] = orjson.loads(line)
            return facts
    raise RuntimeError("the demo ended before it was ready")


@asynccontextmanager
async def tourist(facts: dict[str, Any], role: str) -> AsyncIterator[Tourist]:
    """Log one of the demo's people in by phone and code."""
    phone = facts["people"][role]["phone"]
    client = Client(
        role,
        api_id=1,
        api_hash="tour",
        phone_number=f"+{phone}",
        phone_code=phone[5] * 5,
        in_memory=True,
        workdir="/tmp",
        hide_password=True,
    )
    address = facts["datacenter"]
    point_at_datacenter(client, address["host"], address["port"], address["public_key"])
    person = Tourist(role.capitalize(), client, facts["bot"]["username"])
    await client.start()
    try:
        yield person
    finally:
        await client.stop()


async def play(facts: dict[str, Any]) -> None:
    """The conversation."""
    async with tourist(facts, "reader") as reader, tourist(facts, "admin") as admin:
        await reader.say("/start")
        page = await reader.say("sherlock holmes")
        page = await reader.press(page, "›")
        await reader.press(page, "🎬", answers=1)
        await reader.press(page, "Send all", answers=0)
        await reader.read_until("Sent")
        await reader.press(page, "🎬", answers=0)
        for words in ("война и мир", "羅生門", "चन्द्रकान्ता", "Οδύσσεια", "ألف ليلة", "hillbillies 2x16"):
            await reader.say(words)
        for words in ("?", "[", ".*", "<b>bold</b> & co", "x" * 4096, "/nonsense", "/start forged"):
            await reader.say(words)
        await admin.post(facts["channel"]["username"], "Voyage.to.Nowhere.1901.mkv", b"a film" * 1000)
        await reader.say("voyage nowhere 1901")
    async with aiohttp.ClientSession(facts["http"]) as http:
        for path in ("/health", "/health/ready"):
            async with http.get(path) as answer:
                _print("Operator", f"GET {path} → {answer.status} {await answer.text()}")


async def _main() -> None:
    async with running_demo() as facts:
        await play(facts)


if __name__ == "__main__":
    asyncio.run(_main())
