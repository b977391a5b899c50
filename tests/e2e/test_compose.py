"""The bot as the compose file starts it: command, environment, user, nothing to write to but its volume."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import redis.asyncio
from ruamel.yaml import YAML

from core.clock import Clock
from tests.conftest import require
from tests.fixtures.container import ROOT, Image, command_line, compose_file, why_not
from tests.fixtures.servers import ValkeyServer, find_mongod, find_valkey, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.actor import Actor
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

COMPOSE = compose_file()
SERVICE = COMPOSE["services"]["bot"]
IMAGE = Image.read()
READY_WITHIN_S = 30
EAGER = {"RATE_SEARCH_BURST": "10000", "SEARCH_REFRESH_S": "1"}
MEBIBYTES = {"m": 1, "g": 1024}


class ComposedValkey(ValkeyServer):
    """Redis with the command of the compose file."""

    def command(self) -> list[str]:
        given = COMPOSE["services"]["redis"]["command"][1:]
        return [str(find_valkey()), *given, "--port", str(self.port), "--dir", str(self.folder), "--bind", "127.0.0.1"]


@pytest.fixture
def valkey() -> Iterator[ComposedValkey]:
    server = ComposedValkey()
    try:
        require(server.start)
        yield server
    finally:
        server.close()


def mebibytes(service: dict[str, Any]) -> int:
    limit: str = service["mem_limit"]
    return int(limit[:-1]) * MEBIBYTES[limit[-1]]


def environment(setup: BotSetup, folder: Path, mongo_uri: str, redis_uri: str, port: int) -> dict[str, str]:
    """The image's, overruled by `.env`, overruled by the compose file's; its stores are where the test's are."""
    key = folder / "datacenter.pem"
    key.write_text(Path(setup.environ["TELEGRAM_DATACENTER_KEY"]).read_text())
    env_file = setup.environ | {"TELEGRAM_DATACENTER_KEY": f"data/{key.name}", "LOG_FORMAT": "json", **EAGER}
    looked_up = {"mongodb://mongo:27017/?replicaSet=rs0": mongo_uri, "redis://redis:6379/0": redis_uri}
    composed = {name: looked_up.get(value, value) for name, value in SERVICE["environment"].items()}
    assert set(looked_up) <= set(SERVICE["environment"].values())
    return IMAGE.environment | env_file | composed | {"PORT": str(port)}


async def becomes_ready(url: str, process: asyncio.subprocess.Process) -> None:
    clock = Clock()
    async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as http:
        while process.returncode is None:
            try:
                async with http.get(f"{url}/health/ready") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await clock.sleep(0.05)
    assert process.stderr is not None
    pytest.fail((await process.stderr.read()).decode()[-3000:])


async def is_found(reader: Actor, words: str) -> None:
    async with asyncio.timeout(10):
        while True:
            reader.say(words)
            if (await reader.wait_message()).buttons:
                return


async def is_asked_for_nothing(valkey: ComposedValkey, url: str) -> None:
    """Scenario 128: eighty answers of health are not eighty questions to a store."""
    async with redis.asyncio.Redis.from_url(valkey.uri) as client, aiohttp.ClientSession() as http:
        before = (await client.info("stats"))["total_commands_processed"]
        for _ in range(80):
            async with http.get(url) as answer:
                assert answer.status == 200
        assert (await client.info("stats"))["total_commands_processed"] - before < 80


def status_of(pid: int) -> dict[str, list[str]]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.split() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "possible")
async def test_the_compose_file_starts_a_bot_that_works(
    setup: BotSetup,
    valkey: ComposedValkey,
    mongo_uri: str,
    ann: Actor,
    bob: Actor,
    cast: Cast,
    tmp_path: Path,
) -> None:
    """Scenarios 127 and 139: ready, without rights, answering people, and gone with 0 in time after SIGTERM."""
    data, port = tmp_path / "data", free_port()
    data.mkdir()
    given = environment(setup, data, mongo_uri, valkey.uri, port)
    process = await asyncio.create_subprocess_exec(
        *command_line(SERVICE, IMAGE, tmp_path, data, given), stderr=asyncio.subprocess.PIPE
    )
    try:
        await becomes_ready(f"http://127.0.0.1:{port}", process)
        health = [sys.executable, *IMAGE.healthcheck[1:]]
        checked = await asyncio.create_subprocess_exec(*health, env={"PORT": str(port)})
        assert await checked.wait() == 0

        bob.post_file(cast.channel.id, "Steamboat Bill.mkv", 1000)
        await is_found(ann, "steamboat")

        await is_asked_for_nothing(valkey, f"http://127.0.0.1:{port}/health")

        status, inside = status_of(process.pid), Path(f"/proc/{process.pid}/root")
        uid, gid = SERVICE["user"].split(":")
        assert (status["Uid"], status["Gid"], status["Groups"]) == ([uid] * 4, [gid] * 4, [])
        assert {int(status[name][0], 16) for name in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")} == {0}
        assert status["NoNewPrivs"] == ["1"]
        assert int(status["Threads"][0]) * 2 < SERVICE["pids_limit"]
        assert int(status["VmHWM"][0]) / 1024 < mebibytes(SERVICE) / 2
        for place in ("", "app", "app/core", "usr"):
            with pytest.raises(OSError, match="Read-only file system"):
                (inside / place / "written").touch()
        assert (data / "bot.session").stat().st_uid == int(uid)

        asked = asyncio.get_running_loop().time()
        process.terminate()
        grace_s = float(SERVICE["stop_grace_period"].removesuffix("s"))
        _, errors = await asyncio.wait_for(process.communicate(), grace_s)
        assert process.returncode == 0, errors.decode()[-3000:]
        assert asyncio.get_running_loop().time() - asked < grace_s
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_the_image_runs_as_the_user_of_the_compose_file() -> None:
    """Whoever starts the image without the compose file gets the same user, and the files it may write to."""
    assert IMAGE.user == SERVICE["user"]
    assert IMAGE.environment["SESSION"] == SERVICE["environment"]["SESSION"]
    assert SERVICE["volumes"] == ["bot-data:/app/data"]
    assert "VOLUME /app/data" in (ROOT / "Dockerfile").read_text("utf-8")


def test_redis_keeps_everything_over_a_restart_and_evicts_only_what_expires(valkey: ComposedValkey) -> None:
    """The command of the compose file is one that the server accepts, and does what it is for."""
    with redis.Redis.from_url(valkey.uri) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-ttl"}
        assert client.config_get("maxmemory") == {"maxmemory": str(256 << 20)}
        client.set("kept", "yes")
    valkey.stop()
    valkey.start()
    with redis.Redis.from_url(valkey.uri) as client:
        assert client.get("kept") == b"yes"


@pytest.mark.parametrize("name", ["mongo", "mongo-2", "mongo-3"])
def test_mongodb_takes_the_command_of_the_compose_file(name: str) -> None:
    """Each is a member of a set of its own, and keeps its cache below the limit of its container."""
    service = COMPOSE["services"][name]
    command = [str(require(find_mongod)), *service["command"][1:], "--outputConfig"]
    understood = YAML(typ="safe").load(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert understood["replication"] == {"replSet": "rs0"}
    assert understood["net"] == {"bindIp": "*"}
    assert understood["storage"]["wiredTiger"]["engineConfig"]["cacheSizeGB"] * 1024 < mebibytes(service) / 2
