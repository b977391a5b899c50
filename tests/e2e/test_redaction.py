"""Nothing of the inside leaves the bot: secrets are planted in every place that holds one, and searched everywhere."""

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from pymongo.uri_parser import parse_uri

from config.settings import load_settings
from core.container import open_container
from handlers import build_manager
from sandbox.datacenter.faults import Fault
from tests.e2e.bots import ROOT, BotProcess, BotSetup
from tests.e2e.test_permission_matrix import GENEROUS
from tests.fixtures import planted
from tests.fixtures.planted import Evidence
from tests.fixtures.servers import free_port
from tests.fixtures.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sandbox.actor import Actor, Seen
    from sandbox.datacenter.server import DataCenter
    from tests.e2e.conftest import Cast

ARGUMENTS = ("", " 1")
LEFT_OUT = {"restart"}  # it ends the process, as the test does itself
PATHS = ("/", "/health", "/health/ready", "/health/live", "/metrics", "/performance")
LOGINS = {None, f"Bearer {planted.HTTP_TOKEN}", "Bearer wrong"}
TELEGRAM_SAYS = f"NEW_{planted.HTTP_TOKEN}_{planted.API_HASH}"


@dataclass
class Leaky:
    """A bot with planted secrets, and what may break under it.

    Attributes:
        environ: what it was started with.
        reported: what arrived where errors are reported.
        commands: every command that it has.
        button: a message of the bot for its owner, to press anything on.
    """

    process: BotProcess
    environ: dict[str, str]
    dc: DataCenter
    ann: Actor
    bob: Actor
    mongo: TcpProxy
    redis: TcpProxy
    reported: list[Evidence]
    commands: list[str]
    button: Seen

    async def ask(self, text: str) -> None:
        """Say something as the owner, and return when it has been handled: a chat is served in order."""
        self.bob.say(text)
        await self.bob.press(self.button, data="x:y")

    async def get(self) -> list[Evidence]:
        """Every page of the sidecar, as everybody may ask for it."""
        found = []
        async with aiohttp.ClientSession() as http:
            for path in PATHS:
                for login in LOGINS:
                    headers = {} if login is None else {"Authorization": login}
                    async with http.get(self.process.http + path, headers=headers) as answer:
                        content = await answer.read() + repr(answer.raw_headers).encode()
                        found.append(Evidence(f"GET {path} {answer.status}", content))
        return found

    def told_telegram(self) -> list[Evidence]:
        """Every request to Telegram but those that log in: texts, alerts, keyboards, files."""
        return [
            Evidence(call.name, call.request.write() + str(call.request).encode())
            for call in self.dc.recorder.calls
            if not call.name.startswith("auth.")
        ]

    def logged(self) -> list[Evidence]:
        """What it wrote to standard error."""
        return [Evidence("the log", orjson.dumps(entry)) for entry in self.process.log]


@pytest.fixture
async def leaky(
    setup: BotSetup,
    dc: DataCenter,
    ann: Actor,
    bob: Actor,
    mongo_uri: str,
    redis_url: str,
) -> AsyncIterator[Leaky]:
    """The ordinary bot as a process of its own; its databases and its cache can be cut off."""
    account = f"planted_{uuid.uuid4().hex[:8]}"
    mongo_port = parse_uri(mongo_uri)["nodelist"][0][1]
    async with AsyncExitStack() as stack:
        stack.enter_context(planted.mongo_account(mongo_uri, account))
        mongo = await stack.enter_async_context(TcpProxy(mongo_port))
        redis = await stack.enter_async_context(TcpProxy(aiohttp.client.URL(redis_url).port or 0))
        reported: list[Evidence] = []
        environ = setup.environ | GENEROUS | {"LOG_LEVEL": "debug"}
        environ["SENTRY_DSN"] = await stack.enter_async_context(_sentry(reported))
        environ |= planted.planted_settings(
            account=account, mongo_port=mongo.port, dead_port=free_port(), redis_url=redis_url, redis_port=redis.port
        )
        process = await stack.enter_async_context(BotSetup(environ).process())
        bob.say("/start")
        button = await bob.wait_message()
        yield Leaky(process, environ, dc, ann, bob, mongo, redis, reported, await _commands(environ), button)


@asynccontextmanager
async def _sentry(reported: list[Evidence]) -> AsyncIterator[str]:
    """Somewhere that takes reports of errors; gives its address."""

    async def take(request: web.Request) -> web.Response:
        reported.append(Evidence("a report", await request.read()))
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://{planted.SENTRY_KEY}@127.0.0.1:{runner.addresses[0][1]}/1"
    await runner.cleanup()


async def _commands(environ: dict[str, str]) -> list[str]:
    """Every command of the bot, read from a second one that is never started."""
    async with open_container(load_settings(environ, env_file=None), environ=environ) as container:
        return sorted(build_manager(container).commands)


async def test_no_planted_secret_leaves_the_bot(leaky: Leaky, cast: Cast, capfd: pytest.CaptureFixture[str]) -> None:
    """Scenario 129, 136: neither chats, alerts, files, the log nor a page shows a secret, come what may."""
    leaky.bob.post_file(cast.channel.id, planted.FILE_NAME, caption=planted.CAPTION)
    await leaky.process.wait_log("files_indexed")
    await _ask_everything(leaky)
    evidence = await leaky.get()
    await _break_everything(leaky)
    evidence += await leaky.get()
    await leaky.process.terminate()

    evidence += [*leaky.told_telegram(), *leaky.logged(), Evidence("standard output", capfd.readouterr().out.encode())]
    shapes = planted.secrets(leaky.environ, planted.auth_key(Path(leaky.environ["SESSION"])))
    found = planted.leaks([*evidence, *leaky.reported], shapes)
    assert not found, "\n".join(found)
    assert leaky.reported
    assert any("[secret]" in one.content.decode(errors="replace") for one in leaky.logged())  # something was planted
    words = {planted.QUERY: "a query", planted.FILE_NAME: "a name", planted.CAPTION: "a caption"}
    for_operators = [one for one in evidence if one.where.startswith(("GET", "the log", "standard"))]
    found = planted.leaks([*for_operators, *leaky.reported], words)
    assert not found, "\n".join(found)


async def _ask_everything(leaky: Leaky) -> None:
    """Every command with several arguments, and one button of each kind that comes of it; errors come first."""
    leaky.dc.faults.add(Fault("messages.SendMessage", error=(400, TELEGRAM_SAYS), times=2))
    await leaky.ask("/help")
    leaky.ann.say(planted.QUERY)
    leaky.ann.say(planted.FILE_NAME)
    pressed: set[bytes] = set()
    for command in leaky.commands:
        for argument in ARGUMENTS if command not in LEFT_OUT else ():
            before = len(leaky.bob.received)
            await leaky.ask(f"/{command}{argument}")
            await _press_new_kinds(leaky, leaky.bob.received[before:], pressed)


async def _press_new_kinds(leaky: Leaky, messages: list[Any], pressed: set[bytes]) -> None:
    for seen in messages:
        for button in (button for row in seen.buttons for button in row):
            kind = (button.data or b"").partition(b":")[0]
            if kind and kind not in pressed:
                pressed.add(kind)
                before = len(leaky.bob.received)
                await leaky.bob.press(seen, data=button.data)
                await _press_new_kinds(leaky, leaky.bob.received[before:], pressed)


async def _break_everything(leaky: Leaky) -> None:
    """The cache goes, the database goes; everybody goes on asking."""
    leaky.redis.refuse()
    leaky.ann.say(f"{planted.QUERY} again")
    await leaky.ask("/stats")
    leaky.mongo.refuse()
    leaky.ann.say(f"{planted.QUERY} and again")
    for command in ("dbinfo", "errors", "log"):
        await leaky.ask(f"/{command}")
    await leaky.process.wait_log("dependency_unavailable")


UNUSABLE = (
    {"DATABASE_URI": f"mongodb://me:{planted.MONGO_PASSWORD}@127.0.0.1:1/"},
    {"REDIS_URI": f"redis://me:{planted.OTHER_MONGO_PASSWORD}#half@127.0.0.1:1/0"},
)


async def test_a_start_that_fails_says_so_without_secrets(setup: BotSetup) -> None:
    """Scenario 136: an address that its driver refuses ends the process in lines that do not show it."""
    ends = await asyncio.gather(*(_check_start(setup.environ | address) for address in UNUSABLE))

    for code, text in ends:
        assert code not in {0, None}, text
        assert text
        assert not any(secret in text for secret in (*planted.MONGO_PASSWORD.split("@"), planted.OTHER_MONGO_PASSWORD))


async def _check_start(environ: dict[str, str]) -> tuple[int | None, str]:
    """Exit code, and everything that the process said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "bot.py", "--check"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()
