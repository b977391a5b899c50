"""One process at a time per file."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.concurrency.instance_lock import InstanceLock

HOLDER = """
import sys
from pathlib import Path
from core.concurrency.instance_lock import InstanceLock
lock = InstanceLock(Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "bot.session.lock"


def test_one_at_a_time(path):
    """Whoever comes second gets nothing until the first one is done; taking it twice is no second one."""
    first, second = InstanceLock(path), InstanceLock(path)
    name = first.take()

    assert name
    assert (first.take(), second.take()) == (name, None)
    first.release()
    assert second.take() == name


def test_a_killed_process_leaves_the_lock_and_its_name(path):
    """After a kill the next process goes on at once, and under the same name."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        name = holder.stdout.readline().decode().strip()
        assert InstanceLock(path).take() is None
        holder.kill()

    assert InstanceLock(path).take() == name


def test_only_its_owner_reads_the_file(path):
    """The file stands beside a secret."""
    InstanceLock(path).take()

    assert path.stat().st_mode & 0o777 == 0o600
