"""The guide to the local Telegram says what is so."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from sandbox.actor import Actor
from sandbox.datacenter.trouble_script import TroubleScript

pytestmark = pytest.mark.wire

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return GUIDE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def first_cells(title: str) -> list[str]:
    """What stands between back ticks in the first column of a section's table."""
    rows = [line.split(" | ")[0] for line in section(title).splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([a-z_]+)", row)]


async def test_the_five_lines_attach_a_bot(tmp_path: Path) -> None:
    """The program of the guide runs as it stands, and prints what the guide says."""
    program = next(text for kind, text in BLOCKS if kind == "python")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 40)

    assert (process.returncode, output.decode().splitlines()[-1]) == (0, "hello to you too")


def test_the_fault_script_of_the_guide_is_one() -> None:
    """It is read without a complaint, and the table names exactly the commands that there are."""
    TroubleScript(next(text for kind, text in BLOCKS if kind == "trouble").splitlines())
    with pytest.raises(ValueError, match="is not one of") as caught:
        TroubleScript(["?"])
    commands = str(caught.value).partition("is not one of ")[2].split(", ")

    assert sorted(first_cells("Make it fail")) == sorted(commands)


def test_the_guide_names_what_a_person_can_do() -> None:
    """Every verb of the table is one of the actor's, and no public one is left out."""
    named = set(re.findall(r"`([a-z_]+)", "\n".join(section("People without a client").splitlines())))
    verbs = {name for name in dir(Actor) if not name.startswith("_") and name != "close"}

    assert verbs - named == set()
