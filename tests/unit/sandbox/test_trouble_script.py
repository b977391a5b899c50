"""Troubles of the local Telegram from a text file."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.datacenter import DataCenter
from sandbox.datacenter.trouble_script import TroubleScript
from sandbox.world import World
from tests.fixtures.clock import TestClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[3]


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def dc(clock: TestClock) -> AsyncIterator[DataCenter]:
    datacenter = DataCenter(World(clock), clock=clock)
    await datacenter.start()
    yield datacenter
    await datacenter.stop()
    assert datacenter.problems == []


async def test_troubles_come_in_order_with_pauses_between(dc: DataCenter, clock: TestClock) -> None:
    """What stands after a wait happens when the wait is over, and comments say nothing."""
    script = TroubleScript(["# in the future", "", "clock_offset_s 10", "wait 5", "  clock_offset_s -1.5  "])

    running = asyncio.create_task(script.run(dc))
    await clock.wait_sleeping()
    assert dc.trouble.clock_offset_s == 10
    clock.advance(5)
    await running

    assert dc.trouble.clock_offset_s == -1.5


async def test_every_command_can_be_written(dc: DataCenter) -> None:
    """Each trouble of the data centre has its line, and all of them together leave a server that can be stopped."""
    auth = dc.issue_auth_key(7)
    salt = auth.salt
    await TroubleScript(
        """
        turn_away on
        turn_away off
        lose_updates on
        offline too_long
        black_hole
        end_black_hole
        mute
        drop_all
        flapping 3
        end_flapping
        refuse_connections
        accept_connections
        change_salt 7
        revoke_login 7
        forget_key 7
        ignore_requests
        lose_requests
        lose_answers
        clear_faults
        fail messages.SendMessage 2 420 FLOOD_WAIT_5
        flood_control on
        flood_control off
        clock_offset_s 40
        wait 0
        restart nothing 0
        """.splitlines()
    ).run(dc)

    assert (dc.trouble.turn_away, dc.trouble.lose_updates, dc.offline) == (False, True, "too_long")
    assert auth.salt != salt
    assert auth.user_id is None
    fault = dc.faults.take("messages.SendMessage", None, None)
    assert fault is not None
    assert (fault.error, fault.times) == ((420, "FLOOD_WAIT_5"), 2)
    assert dc.auth_keys == {}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("explode", "line 2: 'explode' is not one of wait, drop_all"),
        ("flapping", "line 2: write `flapping SECONDS`"),
        ("flapping 0", "line 2: write `flapping SECONDS`"),
        ("wait -1", "line 2: write `wait SECONDS`"),
        ("drop_all now", "line 2: write `drop_all`"),
        ("turn_away maybe", "line 2: write `turn_away on|off`"),
        ("restart everything 0", "line 2: write `restart sessions|keys|nothing SECONDS`"),
    ],
)
def test_a_wrong_line_is_told_before_anything_happens(line: str, told: str) -> None:
    """The number of the line and what it could say are named."""
    with pytest.raises(ValueError, match="line 2") as raised:
        TroubleScript(["drop_all", line])

    assert str(raised.value).startswith(told)


async def test_the_local_telegram_gets_into_the_troubles_of_a_file(tmp_path: Path) -> None:
    """`python -m sandbox --trouble FILE` does what the file says while it serves, and refuses a file that is wrong."""
    (tmp_path / "script").write_text("turn_away on\n")
    (tmp_path / "wrong").write_text("turn_away\n")

    async def start(script: str) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--trouble", str(tmp_path / script)]
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=pipe, stderr=pipe)

    server, refused = await start("script"), await start("wrong")
    assert server.stdout is not None
    ready = json.loads(await server.stdout.readline())
    reader, writer = await asyncio.open_connection(ready["host"], ready["port"])
    with pytest.raises((EOFError, ConnectionError)):
        await reader.readexactly(1)
    writer.close()
    server.terminate()
    await server.communicate()
    _, complaint = await refused.communicate()

    assert (server.returncode, refused.returncode) == (0, 2)
    assert b"--trouble: line 1: write `turn_away on|off`" in complaint
