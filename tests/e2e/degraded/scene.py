"""A bot over two databases and a Redis that a test may break, with a reader who is in the middle of something."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pymongo

from core.clock import Clock
from sandbox.actor import Actor
from sandbox.datacenter.server import DataCenter
from sandbox.world import World
from tests.e2e.bots import bot_environment, get_json
from tests.e2e.conftest import people
from tests.fixtures.database_rig import DatabaseRig
from tests.fixtures.waiting import Stopwatch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from sandbox.actor import Seen
    from tests.e2e.conftest import Cast
    from tests.fixtures.database_rig import RigServers

STORES = {"primary": "mongo0", "secondary": "mongo1", "redis": "valkey"}
PART_NAMES = {"primary": "primary_database", "secondary": "database_2", "redis": "redis"}
SETTINGS = {
    "NON_PREMIUM_DAILY_LIMIT": "1000",
    "RATE_SEARCH_BURST": "10000",
    "RATE_FILE_BURST": "10000",
    "RATE_CALLBACK_BURST": "10000",
}
FILES = 12
HEALTHY_WITHIN_S = 20
ANSWERED_WITHIN_S = 5


class DayClock(Clock):
    """Real time on another day, so that the daily work is due again."""

    def __init__(self) -> None:
        self.days = 0

    def utc_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)

    def unix(self) -> float:
        return self.utc_now().timestamp()


@dataclass
class Scene:
    """Everything that a test of degraded operation looks at or pulls.

    Attributes:
        page: the first result page, opened while all was well.
        posted: names of files posted while a store was broken.
    """

    bot: Container
    rig: DatabaseRig
    cast: Cast
    ann: Actor
    bob: Actor
    clock: DayClock
    mongods: list[Any]
    page: Seen | None = None
    posted: list[str] = field(default_factory=list)
    delivered_before: int = 0

    async def prepare(self, *, new_files_go_to: int) -> None:
        """Everything healthy, a new day, a result page open, new files meant for one database."""
        await self.rig.heal()
        await self.wait_health("ok")
        for database in self.bot.databases.databases:  # a bot that was in use has its connections
            await asyncio.gather(*(database.ping() for _ in range(8)))
        for target in self.bot.upkeep.databases._routing._targets.values():
            target._refused_until = 0.0  # a disk that was full a row ago is passed over for a minute
        await self.bot.runtime.change("database_preferred", new_files_go_to, by=0)
        self.clock.days += 1
        self.delivered_before = len(self.ann.files())
        await self.search()  # whoever has not been here lately is not let in while the primary database is gone
        self.page = await self.search()

    def opened_page(self) -> Seen:
        """The result page from before the fault."""
        assert self.page is not None
        return self.page

    def file_to_press(self) -> str:
        """The label of a file in the primary database, another one every day."""
        labels = [button.text for row in self.opened_page().buttons for button in row if "Orlac A" in button.text]
        return labels[self.clock.days % len(labels)]

    async def search(self) -> Seen:
        """Type the words of the library and wait for the page, or for the sentence in its stead."""
        with Stopwatch() as passed:
            self.ann.say("orlac")
            answer = await self.ann.wait_message(
                lambda seen: "orlac" in seen.text or seen.text.startswith("Something is not working")
            )
        assert passed.seconds < ANSWERED_WITHIN_S
        return answer

    async def settle(self) -> None:
        """Do what the bot does every night."""
        await self.bot.operations.maintenance.run_daily_maintenance()

    def delivered_today(self) -> int:
        """Files that reached Ann since `prepare`."""
        return len(self.ann.files()) - self.delivered_before

    async def wait_health(self, status: str, *, failed: str | None = None) -> None:
        """As the function."""
        await wait_health(self.bot, status, failed=failed)

    def copies(self, name: str) -> int:
        """In how many records of the databases that live a file stands, read past all proxies."""
        found = 0
        for database in self.mongods:
            with suppress(pymongo.errors.ServerSelectionTimeoutError):
                found += database.media_files.count_documents({"n": name})
        return found

    async def wait_stored(self, name: str, within_s: float) -> bool:
        """Whether a file is stored in time."""
        for _ in range(int(within_s / 0.05)):
            if await asyncio.to_thread(self.copies, name):
                return True
            await self.clock.sleep(0.05)
        return False

    def last_day(self) -> str | None:
        """The last day whose maintenance is done, as stored."""
        found = self.mongods[0].maintenance.find_one({"_id": "daily"})
        return found and found.get("day")

    def charged_today(self) -> int:
        """Ann's quota as stored."""
        quota = self.mongods[0].users.find_one({"_id": self.cast.ann.id}).get("quota", {})
        return int(quota["charged"]) if quota.get("day") == self.clock.utc_now().date().isoformat() else 0


async def wait_health(bot: Container, status: str, *, failed: str | None = None) -> None:
    """Return when the bot calls itself so, with this part failed."""
    async with asyncio.timeout(HEALTHY_WITHIN_S):
        while True:
            health = bot.operations.health.health()
            if health.status == status and (failed is None or failed in health.failed):
                return
            await bot.clock.sleep(0.05)


@asynccontextmanager
async def opened_scene(servers: RigServers, folder: Path) -> AsyncIterator[Scene]:
    """The bot in this process, its library spread over both databases file by file."""
    clock, telegrams = DayClock(), Clock()
    world = World(telegrams)
    cast = people(world)
    datacenter = DataCenter(world, clock=telegrams)
    await datacenter.start()
    async with DatabaseRig(servers) as rig:
        setup = bot_environment(datacenter, cast, folder, rig.uri(0), "degraded", rig.redis_url)
        environ = {**SETTINGS, "DATABASE_URIS": rig.uri(1)}
        direct = [
            pymongo.MongoClient[dict[str, Any]](mongod.uri, serverSelectionTimeoutMS=300) for mongod in servers.mongods
        ]
        ann, bob = (Actor(world, who.id, cast.bot.id) for who in (cast.ann, cast.bob))
        async with setup.running(clock=clock, **environ) as bot:
            scene = Scene(bot, rig, cast, ann, bob, clock, [client["degraded"] for client in direct])
            await _fill(scene)
            yield scene
        for client in direct:
            client.close()
    await datacenter.stop()


async def _fill(scene: Scene) -> None:
    async with asyncio.timeout(HEALTHY_WITHIN_S):
        while not all(database["open_for_files"] for database in await _databases(scene)):
            await scene.clock.sleep(0.05)
    for number in range(FILES):
        await scene.bot.runtime.change("database_preferred", 1 + number % 2, by=0)
        name = f"Orlac {'AB'[number % 2]}{number:02}.mkv"
        scene.bob.post_file(scene.cast.channel.id, name, 1000 + number)
        assert await scene.wait_stored(name, 10)


async def _databases(scene: Scene) -> Any:
    return (await get_json(f"{scene.bot.operations.sidecar.url}/performance"))[1]["databases"]
