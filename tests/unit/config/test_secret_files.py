"""Secrets out of files, as container managers hand them over."""

from __future__ import annotations

import pytest

from config import settings as module
from config.settings import BootstrapSettings, load_settings, read_environment
from core.errors import ConfigurationError

GOOD = {
    "API_ID": "1",
    "API_HASH": "0" * 32,
    "DATABASE_URI": "mongodb://127.0.0.1/",
    "ADMINS": "7",
}
TOKEN = "123456789:AAE-from-a-file"


def test_a_secret_may_be_in_a_file(tmp_path):
    """The file's content is the value, without the line's end; it is known as a secret like any other."""
    file = tmp_path / "bot_token"
    file.write_text(f"{TOKEN}\n")

    settings = load_settings({**GOOD, "BOT_TOKEN_FILE": str(file)}, None)

    assert settings.bot_token.get_secret_value() == TOKEN
    assert TOKEN in settings.secrets


def test_the_variable_itself_comes_first(tmp_path):
    """Given both ways, the file is not even looked for."""
    given = {**GOOD, "BOT_TOKEN": TOKEN, "BOT_TOKEN_FILE": str(tmp_path / "none")}

    assert load_settings(given, None).bot_token.get_secret_value() == TOKEN


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00", b""])
def test_a_file_that_holds_no_secret_is_named(tmp_path, content):
    """Missing, unreadable, or empty: the complaint names the variable, and nothing that was in the file."""
    file = tmp_path / "bot_token"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigurationError, match="BOT_TOKEN"):
        load_settings({**GOOD, "BOT_TOKEN_FILE": str(file)}, None)


def test_only_secrets_are_read_from_files(tmp_path):
    """Another variable that ends so names no file of the bot's; every secret may be in one."""
    file = tmp_path / "file"
    file.write_text("9000")
    secret = {name.upper() for name, field in BootstrapSettings.model_fields.items() if "Secret" in str(field)}

    assert "PORT" not in read_environment({"PORT_FILE": str(file)}, None)
    assert set(module._SECRETS) == secret
