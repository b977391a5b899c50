"""Over the wire, hostile texts and forged presses change nothing and never meet an error of the bot's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_type_hints

import pymongo
import pytest

from handlers import build_manager
from handlers.base import Press
from tests.e2e.library import post_files
from tests.e2e.test_permission_matrix import GENEROUS
from tests.unit.handlers.test_hostile_input import PIECES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.container import Container
    from handlers.callback_data import CallbackData
    from sandbox.actor import Actor, Seen
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast

GARBAGE = (b"", b":", b":x", b":-1:-1", b":0:0:0:0", b":" + b"9" * 50, b":\xff\xfe", b":\xd0\xb8:1", b"::::")
LEFT_OUT = {"restart"}  # it ends the process
ARGUMENTS = (
    *(
        "",
        "1",
        "-1",
        "0",
        "9" * 40,
        "@",
        "@nobody_is_called_so",
        "a b c d e f",
        "1 2 3",
        "-1001234567890",
        "<b>&",
        "\u202e\0",
    ),
    *(
        "on " + "x" * 4000,
        "all\nx - javascript:x | ",
        "{filename",
        "1 99999d",
        "in 9999d pin",
        "page_size ٣",
        "x\n" * 40,
    ),
)
IN_A_ROW = 10  # fewer than what one chat may have waiting
# What the bot writes by itself: whole collections, fields of people, and all but the ids of what it looks after.
PASSING = {"leases", "daily_statistics", "maintenance", "schema_migrations", "search_terms", "error_log"}
PASSING_FIELDS = {"seen_on"}
LOOKED_AFTER = {"media_files", "indexed_channels"}


@pytest.fixture
async def bot(setup: BotSetup, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Container]:
    """The ordinary bot, which lets everybody ask as often as they like."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(**GENEROUS) as container:
        yield container


async def test_forged_presses_of_every_kind_change_nothing(
    bot: Container, setup: BotSetup, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 32: no press of a reader, whatever it carries, does what it says, and each is answered."""
    await post_files(bot, bob, cast, [f"Judex {n}.mkv" for n in range(12)])
    owned = await _buttons_of_the_owner(bot, bob)
    ann.say("/start")
    button = await ann.wait_message()
    kinds = [route.trigger.data for route in build_manager(bot).presses.values() if isinstance(route.trigger, Press)]
    before = _stored(setup)

    for kind in kinds:
        for data in (*_forged(kind, cast), *owned.get(kind.prefix.encode(), ())):
            await ann.press(button, data=data)

    assert len(kinds) > 40
    assert len(owned) > 8, owned.keys()
    assert _stored(setup) == before
    assert _failures(bot) == {}
    assert ann.files() == []


async def test_hostile_arguments_of_every_command_are_answered(bot: Container, ann: Actor, bob: Actor) -> None:
    """Scenario 51: whatever an admin or a reader writes behind a command is done or refused in words."""
    commands = [name for name in build_manager(bot).commands if name not in LEFT_OUT]
    for actor, arguments in ((bob, ARGUMENTS), (ann, ("", "x\n" * 40))):
        actor.say("/start")
        button = await actor.wait_message()
        for command in commands:
            for first in range(0, len(arguments), IN_A_ROW):
                for argument in arguments[first : first + IN_A_ROW]:
                    actor.say(f"/{command} {argument}")
                await actor.press(button, data="x:y")
            assert _failures(bot) == {}, command


async def test_hostile_queries_links_and_offsets_are_answered(
    bot: Container, ann: Actor, bob: Actor, cast: Cast
) -> None:
    """Scenario 43, 51, 60: as a search, as a link and as an inline query, any text is answered."""
    await post_files(bot, bob, cast, ["Judex 1.mkv"])
    ann.say("/start")
    button = await ann.wait_message()
    for first in range(0, len(PIECES), 5):
        for piece in filter(None, PIECES[first : first + 5]):
            ann.say(f"judex {piece}")
            ann.say(f"/start {piece}")
            await ann.inline(f"judex {piece}", offset=piece[:16])
        await ann.press(button, data="x:y")

    assert _failures(bot) == {}


def _forged(kind: type[CallbackData], cast: Cast) -> list[bytes]:
    """Garbage behind the right prefix, and well-formed data with ids of others."""
    hints = get_type_hints(kind)
    fields = [hints[name] for name in kind.__dataclass_fields__]
    numbers, texts = (1, cast.bob.id, cast.channel.full_id), ("A" * 22, "0123456789abcdef", "page_size")
    room = 48 // max(1, fields.count(str))
    formed = []
    for number, text in zip(numbers, texts, strict=True):
        values: list[Any] = [
            number if hint is int else text[:room] if hint is str else next(iter(hint)) for hint in fields
        ]
        formed.append(kind(*values).pack().encode())
    return [*(kind.prefix.encode() + tail for tail in GARBAGE if len(kind.prefix) + len(tail) <= 64), *formed]


async def _buttons_of_the_owner(bot: Container, bob: Actor) -> dict[bytes, set[bytes]]:
    """What real buttons of commands carry, by kind: a reader may come to know it."""
    bob.say("/start")
    fence = await bob.wait_message()
    bob.say("judex")
    bob.say("/deleteall judex")
    for command in build_manager(bot).commands.keys() - LEFT_OUT:
        bob.say(f"/{command}")
        await bob.press(fence, data="x:y")
    post: Seen = next(seen for seen in bob.received if seen.text)
    bob.say("/broadcast", reply_to=post.message)
    await bob.press(fence, data="x:y")
    found: dict[bytes, set[bytes]] = {}
    for data in (one.data for seen in bob.received for row in seen.buttons for one in row if one.data):
        found.setdefault(data.partition(b":")[0], set()).add(data)
    return found


def _stored(setup: BotSetup) -> dict[str, list[Any]]:
    """Every document of the bot's database, without what it writes by itself."""
    with pymongo.MongoClient[dict[str, Any]](setup.environ["DATABASE_URI"]) as client:
        database = client[setup.environ["DATABASE_NAME"]]
        return {
            name: [
                {key: value for key, value in document.items() if key not in PASSING_FIELDS}
                if name not in LOOKED_AFTER
                else document["_id"]
                for document in database[name].find().sort("_id")
            ]
            for name in sorted(database.list_collection_names())
            if name not in PASSING
        }


def _failures(bot: Container) -> dict[str, float]:
    """How many updates ended in an error of the bot's own, by route."""
    samples = (sample for metric in bot.metrics.registry.collect() for sample in metric.samples)
    return {
        sample.labels["route"]: sample.value
        for sample in samples
        if sample.name == "file_filter_updates_total" and sample.labels["outcome"] == "failed"
    }
