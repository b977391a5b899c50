"""Bootstrap settings: every wrong variable is named, nothing given is repeated."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.settings import BootstrapSettings, load_settings, read_environment
from core.errors import ConfigurationError

GOOD = {
    "API_ID": "1234567",
    "API_HASH": "0123456789abcdef0123456789abcdef",
    "BOT_TOKEN": "123456789:AAE-your-own-token",
    "DATABASE_URI": "mongodb://reader:hunter22@db/",
    "ADMINS": "1, 2 3",
}


def load(**changes: str) -> BootstrapSettings:
    return load_settings({**GOOD, **changes}, env_file=None)


def complaint(**changes: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(**changes)
    return str(caught.value)


def test_the_least_that_is_needed_gives_the_documented_defaults():
    """Five variables are enough; everything else has the default of the product description."""
    settings = load()

    assert settings.admins == (1, 2, 3)
    assert settings.channels == ()
    assert settings.session_file == Path("data/bot.session")
    assert (settings.http_host, settings.port, settings.http_token) == ("127.0.0.1", 8000, None)
    assert settings.time_zone == ZoneInfo("UTC")
    assert settings.concurrency.model_dump() == {
        "telegram_send": 10,
        "telegram_fetch": 15,
        "database_write": 20,
        "database_read": 30,
        "file_processing": 5,
        "broadcast": 10,
        "indexing": 8,
    }


def test_every_problem_is_told_at_once_with_an_example():
    """Scenario 130: each variable that is missing or wrong is named with an example, in one go."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"API_ID": "abc", "PORT": "70000", "TZ": "Mars/Olympus", "ADMINS": "me"}, env_file=None)

    lines = str(caught.value).splitlines()[1:]
    names = [line.strip().partition(":")[0] for line in lines]
    assert names == ["API_ID", "API_HASH", "BOT_TOKEN", "DATABASE_URI", "ADMINS", "PORT", "TZ"]
    assert all(f"for example {name}=" in line for name, line in zip(names, lines, strict=True))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_HASH", "deadbeef-secret"),
        ("BOT_TOKEN", "hunter22hunter22"),
        ("DATABASE_URI", "postgres://me:hunter22@db/"),
        ("REDIS_URI", "hunter22"),
        ("HTTP_TOKEN", "hunter22"),
        ("CHANNELS", "-100123 hunter-22"),
        ("TZ", "hunter22"),
        ("TELEGRAM_DATACENTER", "hunter22"),
        ("LOG_LEVEL", "hunter22"),
        ("CONCURRENCY_INDEXING", "0"),
    ],
)
def test_a_wrong_value_is_named_and_never_repeated(name, value):
    """Scenario 129: a complaint names the variable, and never shows what was given."""
    text = complaint(**{name: value})

    assert f"  {name}: " in text
    assert "hunter22" not in text
    assert "deadbeef-secret" not in text
    assert "hunter-22" not in text


def test_no_admin_at_all_is_refused():
    """A bot without an owner cannot be started by accident."""
    assert "ADMINS: is missing" in complaint(ADMINS=" ")


def test_channels_are_ids_or_names():
    """Lists are separated by commas or spaces; a name loses its @."""
    assert load(CHANNELS="-1001, @library  films_2").channels == (-1001, "library", "films_2")


def test_a_data_centre_needs_its_key(tmp_path):
    """An address alone is refused, and so is a key file that is not there."""
    key = tmp_path / "key.pem"
    assert "TELEGRAM_DATACENTER_KEY" in complaint(TELEGRAM_DATACENTER="127.0.0.1:18443")
    assert "TELEGRAM_DATACENTER_KEY" in complaint(TELEGRAM_DATACENTER="[::1]:18443", TELEGRAM_DATACENTER_KEY=str(key))

    key.write_text("pem")
    settings = load(TELEGRAM_DATACENTER="[::1]:18443", TELEGRAM_DATACENTER_KEY=str(key))
    assert settings.telegram_datacenter == ("::1", 18443)


def test_only_a_bot_on_its_own_data_centre_sends_without_a_budget(tmp_path):
    """A test's setting that slips into production is refused at the start."""
    key = tmp_path / "key.pem"
    key.write_text("pem")

    assert "SEND_BUDGET" in complaint(SEND_BUDGET="false")
    local = {"TELEGRAM_DATACENTER": "127.0.0.1:18443", "TELEGRAM_DATACENTER_KEY": str(key)}
    assert not load(SEND_BUDGET="false", **local).send_budget
    assert load(**local).send_budget


def test_the_environment_overrules_the_file_and_empty_means_not_set(tmp_path):
    """One variable in both places takes the value of the process; empty ones count as missing."""
    env_file = tmp_path / ".env"
    env_file.write_text("PORT=9000\nHTTP_HOST=10.0.0.1\nHTTP_TOKEN=\nNON_PREMIUM_DAILY_LIMIT=4\n")

    settings = load_settings({**GOOD, "PORT": "9001", "HTTP_HOST": ""}, env_file)
    assert (settings.port, settings.http_host, settings.http_token) == (9001, "10.0.0.1", None)
    assert read_environment({}, env_file) == {"PORT": "9000", "HTTP_HOST": "10.0.0.1", "NON_PREMIUM_DAILY_LIMIT": "4"}


def test_secrets_stay_out_of_the_printed_settings_and_are_listed_for_masking():
    """Printing the settings shows no secret; the log's redaction gets all of them."""
    settings = load(HTTP_TOKEN="x" * 20)

    assert "hunter22" not in repr(settings)
    assert GOOD["BOT_TOKEN"] not in repr(settings)
    assert set(settings.secrets) >= {GOOD["API_HASH"], GOOD["BOT_TOKEN"], GOOD["DATABASE_URI"], "x" * 20}


def test_further_databases_are_numbered_in_the_order_given():
    """Addresses may be separated by spaces or commas, hosts within one by commas; names default to the primary's."""
    settings = load(DATABASE_URIS="mongodb://a:1,b:2/?replicaSet=x, mongodb://c\tmongodb+srv://d")

    assert [(uri.get_secret_value(), name) for uri, name in settings.databases] == [
        ("mongodb://reader:hunter22@db/", "file_filter_bot"),
        ("mongodb://a:1,b:2/?replicaSet=x", "file_filter_bot"),
        ("mongodb://c", "file_filter_bot"),
        ("mongodb+srv://d", "file_filter_bot"),
    ]
    assert {"mongodb://c", "mongodb+srv://d"} <= set(settings.secrets)


def test_further_databases_may_have_names_of_their_own():
    """Two databases on one server are told apart by their names."""
    settings = load(DATABASE_URIS="mongodb://c mongodb://c", DATABASE_NAMES="one two")

    assert [name for _, name in settings.databases] == ["file_filter_bot", "one", "two"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"DATABASE_URIS": "mongodb://c", "DATABASE_NAMES": "one two"}, "as many names as addresses"),
        ({"DATABASE_URIS": "mongodb://c mongodb://c"}, "one and the same"),
        ({"DATABASE_URIS": "mongodb://reader:hunter22@db"}, "one and the same"),
    ],
    ids=["names-and-addresses-differ", "twice", "primary-again"],
)
def test_databases_that_cannot_be_told_apart_are_refused(changes: dict[str, str], sentence: str):
    """A database that stands in the list twice would show every file twice; nothing secret is repeated."""
    told = complaint(**changes)

    assert "DATABASE_NAMES: " in told
    assert sentence in told
    assert "hunter22" not in told


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URI", "mongodb://u:hunter2@@host/"),
        ("DATABASE_URI", "mongodb://u:hunter2@host:99999999/"),
        ("DATABASE_URI", "mongodb://u:hunter2@host/?tls=maybe"),
        ("DATABASE_URIS", "mongodb://one.example mongodb://u:hunter2@@two.example"),
        ("REDIS_URI", "redis://u:hunter2@host:port/0"),
    ],
)
def test_an_address_that_no_driver_can_read_is_named_at_the_start(name, address):
    """The variable, what to look at and an example; the password is not repeated."""
    with pytest.raises(ConfigurationError) as refused:
        load_settings({**BootstrapSettings.variables(), "TELEGRAM_DATACENTER_KEY": "", name: address}, None)

    assert name in str(refused.value)
    assert "the address cannot be read" in str(refused.value)
    assert "hunter2" not in str(refused.value)
