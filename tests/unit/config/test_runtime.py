"""Runtime settings: declared once, typed, bounded, and safe to read from any store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from config.runtime import RuntimeSettings

ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))


def test_every_setting_declares_unit_and_help():
    """Documentation and editor can be generated: each setting has a default, a unit, a help text and bounds."""
    for name, field in RuntimeSettings.model_fields.items():
        assert field.default is not None, name
        assert "unit" in field.json_schema_extra, name
        assert field.description, name
        if field.annotation is int:
            assert {type(bound).__name__ for bound in field.metadata} >= {"Ge", "Le"}, name


def test_the_defaults_are_those_of_the_product():
    """Limits start where the product description puts them."""
    settings = RuntimeSettings()
    assert (settings.non_premium_daily_limit, settings.premium_daily_limit) == (10, 0)
    limits = {name: settings.rate_limit(name) for name in ("search", "file", "inline", "deep_link", "callback")}
    assert limits == {
        "search": (30, 60),
        "file": (10, 60),
        "inline": (50, 60),
        "deep_link": (20, 60),
        "callback": (60, 60),
    }
    assert settings.rate_limit("request") == settings.rate_limit("index_request") == (3, 86_400)
    assert settings.rate_limit("broadcast") == (1, 3600)


def test_a_bad_stored_value_keeps_its_default_and_is_reported():
    """Scenario 130: "abc", a value out of bounds and a switch for a number are reported; the rest is obeyed."""
    stored = {
        "result_page_size": "abc",
        "count_limit": 7,
        "premium_daily_limit": True,
        "search_window_size": 300,
        "old": 1,
    }

    settings, problems = RuntimeSettings.from_stored(stored)

    assert set(problems) == {"result_page_size", "count_limit", "premium_daily_limit"}
    assert (settings.result_page_size, settings.count_limit, settings.premium_daily_limit) == (10, 1001, 0)
    assert settings.search_window_size == 300


@examples(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(RuntimeSettings.names())), ANYTHING))
def test_whatever_is_stored_the_settings_can_be_read(stored):
    """No stored value can stop the bot, and every value in force is within its bounds."""
    settings, problems = RuntimeSettings.from_stored(stored)

    assert RuntimeSettings.model_validate(settings.model_dump()) == settings
    assert problems.keys() <= stored.keys()


def test_variables_of_the_same_name_seed_typed_values():
    """Upper-case variables become typed seeds; a bad one is reported and left out."""
    environ = {"NON_PREMIUM_DAILY_LIMIT": "3", "PROTECT_CONTENT": "true", "RESULT_PAGE_SIZE": "900", "PATH": "/bin"}

    seed, problems = RuntimeSettings.from_environment(environ)

    assert seed == {"non_premium_daily_limit": 3, "protect_content": True}
    assert set(problems) == {"result_page_size"}


@pytest.mark.parametrize(("name", "value"), [("result_page_size", 0), ("result_page_size", "x"), ("no_such", 1)])
def test_a_change_that_cannot_be_used_is_refused(name, value):
    """A change is typed and bounded, and the refusal does not repeat the value."""
    with pytest.raises(ValueError, match=r"setting|integer|greater") as caught:
        RuntimeSettings().with_value(name, value)
    assert "'x'" not in str(caught.value)


def test_a_change_may_be_given_as_text():
    """What an admin types becomes a value of the right type in a copy."""
    before = RuntimeSettings()
    after = before.with_value("result_page_size", " 5 ")
    assert (before.result_page_size, after.result_page_size) == (10, 5)
