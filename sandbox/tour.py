"""A guided tour of the demo: a scripted conversation through an unmodified user client, printed as it happens.

python -m sandbox.tour            starts the demo on free ports, plays, and stops it
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager, redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from pyrogram import Client
from pyrogram.enums import ParseMode
from pyrogram.errors import RPCError
from pyrogram.handlers import EditedMessageHandler, MessageHandler

from core.clock import Clock
from core.observability.logging import configure_logging
from core.telegram.datacenter import point_at_datacenter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_ROOT = Path(__file__).parents[1]
_PATIENCE_S = 30.0
_WIDEST = 120
_PAUSE_S = 0.1
_END_S = 10.0
_TOLD = ("file_filter_searches_total", "file_filter_files_delivered_total", "file_filter_posts_indexed_total")


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

    async def look_inline(self, query: str) -> None:
        """Ask the bot from another chat, as `@bot query`, and print what it lists."""
        _print(self._name, f"@{self._bot} {query}")
        found = await self._client.get_inline_bot_results(self._bot, query)
        for result in found.results:
            _print("Bot", f"{result.title} · {result.description or result.type}")
        if found.switch_pm is not None:
            _print("", f"[{found.switch_pm.text}]")

    async def mention(self, group: str, words: str) -> Any:
        """Name the bot in a group, print its answer, return that."""
        _print(self._name, f"in @{group}: @{self._bot} {words}")
        await self._client.send_message(group, f"@{self._bot} {words}", parse_mode=ParseMode.DISABLED)
        return await self.read(1)

    async def find(self, words: str) -> Any:
        """Ask for a file that was posted a moment ago, again when it is not found yet; returns the result page."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                page = await self.say(words)
                if page.reply_markup is not None:
                    return page
                await Clock().sleep(_PAUSE_S)

    async def read(self, count: int) -> Any:
        """Print the next `count` messages or edits of the bot; returns the last."""
        message = None
        for _ in range(count):
            async with asyncio.timeout(_PATIENCE_S):
                message = await self._seen.get()
            _show(message)
        return message

    async def read_until(self, *words: str) -> Any:
        """Print messages and edits until each of these words was in one, in whichever order; returns the last."""
        wanted = set(words)
        while True:
            message = await self.read(1)
            wanted = {word for word in wanted if word not in (message.text or "")}
            if not wanted:
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
        sys.stdout.write(f"{who if number == 0 else '':<10}{shown}".rstrip() + "\n")
    sys.stdout.flush()


def _chapter(title: str) -> None:
    sys.stdout.write(f"\n—— {title} ——\n\n")


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
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _read_facts(process: asyncio.subprocess.Process) -> dict[str, Any]:
    if process.stdout is None:
        raise RuntimeError("the demo's output is not piped")
    async for line in process.stdout:
        if line.startswith(b"{"):
            facts: dict[str, Any] = orjson.loads(line)
            return facts
    raise RuntimeError("the demo ended before it was ready; `make demo` shows why")


def user_client(facts: dict[str, Any], role: str) -> Client:
    """A client of one of the demo's people, which logs in by phone and code when it is started.

    Args:
        facts: what the demo announced.
        role: "admin", "reader" or "premium".
    """
    phone = facts["people"][role]["phone"]
    client = Client(
        role,
        api_id=1,
        api_hash="tour",
        phone_number=f"+{phone}",
        phone_code=phone[5] * 5,
        in_memory=True,
        hide_password=True,
    )
    address = facts["datacenter"]
    point_at_datacenter(client, address["host"], address["port"], address["public_key"])
    return client


@asynccontextmanager
async def tourist(facts: dict[str, Any], role: str) -> AsyncIterator[Tourist]:
    """Log one of the demo's people in."""
    client = user_client(facts, role)
    person = Tourist(role.capitalize(), client, facts["bot"]["username"])
    with redirect_stdout(StringIO()):  # the library introduces itself
        await client.start()
    try:
        yield person
    finally:
        await client.stop()


async def play(facts: dict[str, Any]) -> None:
    """The conversation."""
    async with tourist(facts, "reader") as reader, tourist(facts, "admin") as admin:
        _chapter("A reader meets the bot")
        await reader.say("/start")
        await reader.say("/help")
        _chapter("Search, turn a page, fetch a file; a second press at once sends nothing twice")
        page = await reader.press(await reader.say("sherlock holmes"), "›")
        await reader.press(page, "🎬", answers=2)
        await reader.press(page, "🎬", answers=0)
        _chapter("Fetch the whole page; ten files a day are free")
        await reader.press(page, "Send all", answers=0)
        await reader.read_until("Sent", "deleted in")
        await reader.press(await reader.say("nosferatu"), "🎬", answers=0)
        _chapter("Any script, and a series by season and episode")
        for words in ("война и мир", "羅生門", "चन्द्रकान्ता", "Οδύσσεια", "ألف ليلة", "hillbillies 2x16"):
            await reader.say(words)
        _chapter("Misspelt, begun, run together; filters, with and without words; suggestions")
        for words in ("sherlok holms", "nosfer", "phantomcarriage", "chaplin type:video", "year:1922 type:video"):
            await reader.say(words)
        for words in ("qzxw vbnk", "nosferatu year:soon", "/suggest sher", "/search_help"):
            await reader.say(words)
        _chapter("In any chat, and in a group")
        await reader.look_inline("nosferatu | video")
        await reader.mention(facts["group"]["username"], "nosferatu")
        _chapter("What cannot be searched is answered too")
        for words in ("?", ".*", "<b>bold</b> & co", "x" * 4096, "/nonsense", "/start forged"):
            await reader.say(words)
        _chapter("What is posted is found")
        await admin.post(facts["channel"]["username"], "Voyage.to.Nowhere.1901.mkv", b"a film" * 1000)
        await reader.find("voyage nowhere 1901")
    _chapter("The operator looks")
    await _ask_sidecar(facts["http"])


async def _ask_sidecar(url: str) -> None:
    async with aiohttp.ClientSession(url) as http:
        for path in ("/health", "/health/ready", "/metrics"):
            async with http.get(path) as answer:
                text = await answer.text()
            _print("Operator", f"GET {path}")
            lines = [line for line in text.splitlines() if line.startswith(_TOLD)] if path == "/metrics" else [text]
            _print(str(answer.status), "\n".join(lines))


async def _main() -> None:
    configure_logging("error")
    async with running_demo() as facts:
        await play(facts)


if __name__ == "__main__":
    asyncio.run(_main())
