"""The licence gate judges everything that can be installed, and refuses what it must."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
# Packages whose metadata name no licence, and the one that their sources name.
UNNAMED = {"promql-parser": "MIT"}


def gate(*, planted: Path) -> subprocess.CompletedProcess[str]:
    """The command of `make check`, for a package that lies in `planted`."""
    line = re.findall(r"^\t\$\(BIN\)/(pip-licenses .*)$", MAKEFILE, re.MULTILINE)[0]
    allowed = re.findall(r"^LICENCES := (.*)$", MAKEFILE, re.MULTILINE)[0]
    arguments = [part.strip("'") for part in line.replace("$(LICENCES)", allowed).split("'")]
    command = [*arguments[0].split(), arguments[1], *arguments[2].split()]
    program = Path(sys.executable).parent / command[0]
    return subprocess.run(
        [str(program), *command[1:], "--packages", "planted"],
        env=os.environ | {"PYTHONPATH": str(planted)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("licence", "passes"),
    [
        ("MIT", True),
        ("LGPL-3.0-or-later", True),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only", False),
        ("SSPL-1.0", False),
        ("", False),
    ],
)
def test_the_gate_refuses_what_may_not_be_shipped(tmp_path: Path, licence: str, passes: object) -> None:
    """A package under a licence that binds the whole bot, or under none, fails `make check`."""
    folder = tmp_path / "planted-1.0.dist-info"
    folder.mkdir()
    stated = f"License-Expression: {licence}\n" if licence else ""
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: planted\nVersion: 1.0\n{stated}", "utf-8")

    done = gate(planted=tmp_path)

    assert (done.returncode == 0) is passes, done.stdout + done.stderr


def test_everything_that_can_be_installed_is_judged() -> None:
    """The environment of `make check` holds every extra and every group of tools."""
    synced = re.findall(r"^SYNC := (.*)$", MAKEFILE, re.MULTILINE)[0]

    assert set(re.findall(r"--extra (\S+)", synced)) == set(PROJECT["project"]["optional-dependencies"])
    assert set(PROJECT["tool"]["uv"]["default-groups"]) == set(PROJECT["dependency-groups"])


def test_nothing_is_excepted_without_a_reason() -> None:
    """Whatever the gate passes over is named here with its licence."""
    excepted = re.findall(r"--ignore-packages ([\w. -]+)$", MAKEFILE, re.MULTILINE)

    assert {name for names in excepted for name in names.split()} == set(UNNAMED)
