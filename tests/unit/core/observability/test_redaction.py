"""Redaction: no form of a secret survives, and ordinary texts stay as they are."""

from __future__ import annotations

import base64
import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr

from config.settings import BootstrapSettings
from core.observability.redaction import MASK, Redactor, redact

TOKEN = "123456789:AAEabcdefghijklmnopqrstuvwxyz0123456"
SECRET = 'h"unter/22&<säfe+>'
SESSION = base64.urlsafe_b64encode(bytes(range(256)) + b"login of a bot").decode()


def in_base64(before: str) -> str:
    """The secret at the end of a longer text, encoded as a whole."""
    return base64.b64encode(f"{before}{SECRET}".encode()).decode()


FORMS = {
    "as it is": SECRET,
    "in JSON": json.dumps(SECRET)[1:-1],
    "in HTML": html.escape(SECRET),
    "shown by Python": repr(SECRET)[1:-1],
    "in an address": quote(SECRET, safe=""),
    "in a path": quote(SECRET),
    "in a form": quote_plus(SECRET),
    "in an address, small letters": re.sub("%..", lambda escape: escape[0].lower(), quote(SECRET, safe="")),
    "in hexadecimal digits": SECRET.encode().hex(),
    **{f"in base64 after {n} bytes": in_base64("x" * n) for n in range(4)},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_a_known_secret_is_masked(form):
    """Scenario 136: encoding a secret does not carry it past the mask."""
    cleaned = Redactor([SECRET]).text(f"before {form} after")

    assert MASK in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    longest = max((form[n : n + 9] for n in range(len(form) - 8) if form[n : n + 9] in cleaned), default="")
    assert len(longest) < 9, longest


PARTS = {
    "the password of an address": ("mongodb://me:p%40ss-w0rd@db/x", "authentication of p%40ss-w0rd failed", "p%40"),
    "the same, decoded": ("mongodb://me:p%40ss-w0rd@db/x", "authentication of p@ss-w0rd failed", "p@ss"),
    "a piece of a password that was to be encoded": ("redis://me:hidden#half@db", "'hidden' is no port", "hidden"),
    "the key of an address": ("https://public-key@sentry.example.net/1", "public-key is refused", "public-key"),
    "an option": ("mongodb://db/?authMechanismProperties=AWS_SESSION_TOKEN:of-mine", "of-mine is wrong", "of-mine"),
    "the second half of a bot token": ("42:short-secret", "GET /bot/short-secret/getMe", "short"),
    "a secret that was cut off": ("a-long-random-secret", "value='a-long-rand...'", "a-long"),
    "an API hash in capitals": ("0123456789abcdef0123456789abcdef", "x0123456789ABCDEF0123456789ABCDEFx", "89AB"),
}


@pytest.mark.parametrize(("secret", "text", "leak"), PARTS.values(), ids=PARTS.keys())
def test_what_is_secret_in_a_known_value_is_masked_alone_too(secret, text, leak):
    """A driver names only the password, a library cuts a value short: neither shows it."""
    assert leak in text
    assert leak not in Redactor([secret]).text(text)


UNKNOWN = {
    "a bot token": TOKEN,
    "credentials": "postgres://me:of-somebody-else@db/x",
    "a password with an at sign": "mongodb://me:of@somebody-else@db/x",
    "credentials of two addresses": "x://a:somebody-else@b x://c:somebody-else@d",
    "an API hash": "0123456789abcdef0123456789abcdef",
    "a session string": SESSION,
    "a key of Telegram": repr(bytes(range(255, -1, -1))),
    "a key of Telegram in digits": str(int.from_bytes(bytes(range(1, 255)), "big")),
    "a header": "Authorization: Bearer of-somebody-else",
    "a named value": "api_hash=of-somebody-else",
    "a named value in JSON": '{"AWS_SESSION_TOKEN": "of-somebody-else"}',
    "a named value in Python": "{'password': 'of-somebody-else'}",
    "a phone number": "+49 (171) 123-45-67",
    "a phone number in digits": "phone_number='491711234567'",
}


LEAKS = ("somebody-else", "AAEabc", "abcdef01", SESSION[:40], "171", "123", "xfe")


@pytest.mark.parametrize("text", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_looks_like_a_secret_is_masked_whoever_it_belongs_to(text):
    """Scenario 136: what the settings do not hold is recognised by its shape."""
    cleaned = redact(f"before {text} after")

    assert MASK in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert not any(
        leak in cleaned for leak in ("somebody-else", "AAEabc", "abcdef01", SESSION[:40], "171", "123", "xfe")
    )


ORDINARY = (
    "Metropolis (1927) 1080p [REMUX].mkv",
    "2026-11-22T18:30:45.123456+00:00 took 12.5 ms at 18:30:45+0000",
    "channel -1001234567890, message 12345678, file 6650b9a21c9f4e0012345678",
    "AgADBAADbXXXXXXXXXXXGVnwAvuyAAEC/BQACAgIAAxkBAAIBQ2X" * 2,
    "https://t.me/c/1234567890/12 and https://medium.com/@someone/a-page",
    "HTTP_TOKEN: at least 16 characters are expected",
    "DATABASE_URI: an address that begins with mongodb:// is expected",
    "A_very_long_name." * 15,
    "b'\\x01\\x02short'",
    "1 + 2 = 3; +5; +123456",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_stay_as_they_are(text):
    """Names, times, ids and sentences are no secrets."""
    assert Redactor([TOKEN, SECRET]).text(text) == text


def test_a_field_that_is_called_like_a_secret_is_masked_whatever_it_holds():
    """A value without any shape is known by its name, at any depth; numbers and yes or no are none."""
    event = {"event": "x", "bot_token": "abc", "nested": {"Password": "abc", "phones": 3, "has_password": True}}

    assert Redactor()(None, "info", event) == {
        "event": "x",
        "bot_token": MASK,
        "nested": {"Password": MASK, "phones": 3, "has_password": True},
    }


@examples(deadline=None)
@given(st.text(min_size=16, max_size=80), st.integers(8, 80), st.text(max_size=20))
def test_the_beginning_of_a_known_secret_never_survives(secret, length, after):
    """Wherever a secret was cut off, from its eighth character on what is left of it is masked."""
    beginning = secret[:length]
    if "://" not in secret:
        assert beginning not in Redactor([secret]).text(f"{beginning}…{after}").replace(MASK, "\0")


@examples(deadline=None)
@given(st.lists(st.text(), max_size=4), st.text())
def test_redacting_never_fails_and_twice_changes_nothing(secrets, text):
    """Whatever the settings and the text are, redaction answers, and what is clean stays so."""
    redactor = Redactor(secrets)
    cleaned = redactor.text(text)
    if not any(secret in MASK for secret in secrets):
        assert redactor.text(cleaned) == cleaned


def test_every_setting_that_is_declared_a_secret_is_masked():
    """A new secret among the settings needs nothing but its type to be known to redaction."""
    annotations = {name: str(field.annotation) for name, field in BootstrapSettings.model_fields.items()}
    secret = {name for name, kind in annotations.items() if "SecretStr" in kind}
    planted = {name: (SecretStr(f"planted-{name}"),) * (1 + ("tuple" in annotations[name])) for name in secret}
    plain = dict.fromkeys(annotations.keys() - secret)
    values = {name: held if "tuple" in annotations[name] else held[0] for name, held in planted.items()}
    settings = BootstrapSettings.model_construct(**plain, **values)

    assert {"api_hash", "bot_token", "database_uri", "database_uris", "redis_uri", "http_token"} <= secret
    assert set(settings.secrets) == {f"planted-{name}" for name in secret}
