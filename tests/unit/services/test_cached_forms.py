"""Whatever bytes stand in Redis: a value that was stored, or none, and never an error."""

from __future__ import annotations

from datetime import UTC

import orjson
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.domain.audience import Unreachable
from core.domain.permission import Role
from core.domain.search import SearchSession, SearchWindow
from core.domain.user import User
from core.services import search_session, search_windows
from repositories.user_document import USER_FORM

WORDS = st.text(st.characters(exclude_categories=["Cs"]))
IDS = st.lists(st.integers(0, 2**63 - 1), max_size=30).map(tuple)
WINDOWS = st.builds(SearchWindow, IDS, st.integers(0, 2**40), st.booleans(), st.booleans())
USERS = st.builds(
    User,
    st.integers(-(2**60), 2**60),
    WORDS,
    st.none() | WORDS,
    st.none() | WORDS,
    st.none() | st.datetimes(timezones=st.just(UTC)),
    st.none() | WORDS,
    st.sampled_from(Role),
    st.none() | WORDS,
    st.none() | WORDS,
    st.none() | st.sampled_from(Unreachable),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=7) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)
ROW = st.lists(st.none() | st.integers() | WORDS | st.just("2026-01-01T00:00:00+00:00"), min_size=3, max_size=10)
ANYTHING = st.binary() | (
    JSON | ROW.filter(lambda row: all(not isinstance(x, int) or abs(x) < 2**53 for x in row))
).map(lambda value: b"1:" + orjson.dumps(value))


@examples(deadline=None)
@given(ANYTHING)
def test_any_bytes_are_a_person_or_none(data: bytes) -> None:
    """Scenario 117: what comes back is whole: its end of premium can be compared, its ban is a text."""
    user = USER_FORM.decode(data)
    if user is not None:
        assert (type(user.id), type(user.first_name)) == (int, str)
        texts = (user.username, user.language, user.ban_reason, user.seen_on, user.app_language)
        assert all(type(text) in {str, type(None)} for text in texts)
        assert isinstance(user.role, Role)
        assert user.unreachable is None or isinstance(user.unreachable, Unreachable)
        assert user.premium_until is None or user.premium_until.utcoffset() is not None


@examples(deadline=None)
@given(ANYTHING)
def test_any_bytes_are_a_window_or_none(data: bytes) -> None:
    """Scenario 117: a window has whole numbers only."""
    window = search_windows._FORM.decode(data)
    assert window is None or all(type(number) is int for number in (window.total, *window.ids))


@examples(deadline=None)
@given(ANYTHING)
def test_any_bytes_are_a_session_or_none(data: bytes) -> None:
    """Scenario 117: a session has an owner."""
    session = search_session._decode("ab" * 8, data)
    assert session is None or (type(session.owner_id), type(session.query)) == (int, str)


@examples(deadline=None)
@given(USERS)
def test_a_person_comes_back_as_they_were(user: User) -> None:
    """What is cached of a person is all of them."""
    assert USER_FORM.decode(USER_FORM.encode(user)) == user


@examples(deadline=None)
@given(WINDOWS, WORDS, st.integers(-(2**60), 2**60))
def test_windows_and_sessions_come_back_as_they_were(window: SearchWindow, query: str, owner_id: int) -> None:
    """Order, total and flags survive."""
    session = SearchSession("ab" * 8, owner_id, query, window)
    assert search_windows._FORM.decode(search_windows._FORM.encode(window)) == window
    assert search_session._decode(session.id, search_session._encode(session)) == session
