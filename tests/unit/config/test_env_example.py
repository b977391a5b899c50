"""The example file and the model name the same variables."""

from __future__ import annotations

import re
from pathlib import Path

import update
from config.settings import BootstrapSettings, load_settings

EXAMPLE = Path(__file__).parents[3] / ".env.example"
LINE = re.compile(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def test_the_example_names_every_variable_with_a_good_value():
    """No variable is undocumented, none is documented that does not exist, and the examples agree."""
    named = dict(LINE.findall(EXAMPLE.read_text()))
    of_the_updater = {name for name in named if name.startswith("UPDATE_")}

    assert {name: named[name] for name in named.keys() - of_the_updater} == BootstrapSettings.variables()
    assert of_the_updater == set(re.findall(r"\bUPDATE_[A-Z]+\b", update.__doc__ or ""))


def test_the_example_as_it_stands_is_accepted():
    """Whoever only copies the file gets past the settings."""
    assert load_settings({}, EXAMPLE).admins == (123456789, 987654321)


def test_every_example_is_a_good_value(tmp_path):
    """The value shown in a complaint is itself accepted."""
    key = tmp_path / "datacenter.pem"
    key.write_text("pem")

    assert load_settings({**BootstrapSettings.variables(), "TELEGRAM_DATACENTER_KEY": str(key)}, None).port == 8000
