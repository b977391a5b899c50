"""What is kept of an interrupted update comes back as it was, and nothing else ever does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core.cache import codec
from core.domain.interruption import InterruptedMessage, InterruptedPress, Interruption
from core.domain.subscription import MOST_REQUIRED, pack_chat_ids, parse_chat_ids
from core.services import interruptions
from handlers.incoming import CallbackQuery, ForwardOrigin, IncomingMessage, InlineQuery, Sender
from handlers.resumption import interruption_of, revived

ANN = Sender(7, "Ann", None, "en")
BOT = "filter_test_bot"
IDS = st.integers(-(2**62), 2**62)
WORDS = st.text(st.characters(exclude_categories=["Cs"]))
WORK = st.builds(InterruptedPress, IDS, IDS, st.binary(max_size=64)) | st.builds(
    InterruptedMessage,
    IDS,
    WORDS,
    st.booleans(),
    st.none() | IDS,
    st.none() | st.tuples(IDS, IDS, IDS),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS | st.sampled_from(["press", "message"]),
    lambda inner: st.lists(inner, max_size=7),
    max_leaves=12,
)


@examples(deadline=None)
@given(WORK)
def test_work_comes_back_as_it_was(work: Interruption) -> None:
    """Any text, and any bytes that a client put into a button."""
    stored = codec.decode(codec.encode([7, None, False, interruptions._to_json(work)]))
    _, kept = interruptions._read(stored)

    assert kept is not None
    assert kept.work == work


@examples(deadline=None)
@given(JSON)
def test_anything_else_is_nothing(found: object) -> None:
    """Scenario 117: whatever stands in Redis, no error and no half of an update comes of it."""
    _, kept = interruptions._read(found)
    assert kept is None or isinstance(kept.work, InterruptedMessage | InterruptedPress)


def test_an_update_is_gone_on_with_as_if_it_came_now() -> None:
    """Everything that routes look at survives; the press of "Try again" gives its query, a link has none."""
    forwarded = IncomingMessage(
        ANN, ANN.id, 5, "", True, True, reply_to=3, is_forwarded=True, forward=ForwardOrigin(-1001, 9, 4)
    )
    pressed = CallbackQuery(ANN, "77", ANN.id, 6, b"pg:00:2")
    start = IncomingMessage(ANN, ANN.id, 8, "/start s", True, False)

    assert revived(interruption_of(forwarded, BOT), pressed) == forwarded
    assert revived(interruption_of(pressed, BOT), start) == CallbackQuery(ANN, "0", ANN.id, 6, b"pg:00:2")


@pytest.mark.parametrize(
    ("data", "chat_id"), [(b"f:00:AA", ANN.id), (b"sa:00:1", ANN.id), (b"sn:00:1:x", ANN.id), (b"pg:00:2", -1001)]
)
def test_what_is_sent_goes_to_the_private_chat_and_pages_turn_where_they_stand(data: bytes, chat_id: int) -> None:
    """A press in a group, gone on with in the private chat."""
    press = CallbackQuery(ANN, "77", -1001, 6, data)
    start = IncomingMessage(ANN, ANN.id, 8, "/start s", True, False)

    again = revived(interruption_of(press, BOT), start)

    assert isinstance(again, CallbackQuery)
    assert (again.chat_id, again.message_id) == (chat_id, 0 if chat_id == ANN.id else 6)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (IncomingMessage(ANN, -1001, 5, "@Filter_Test_Bot: moon voyage", False, False), "moon voyage"),
        (IncomingMessage(ANN, -1001, 5, "/search moon", False, False), "/search moon"),
        (IncomingMessage(ANN, -1001, 5, "@filter_test_bot", False, False), "/help"),
        (InlineQuery(ANN, "1", "moon voyage | video", "10", "group"), "moon voyage type:video"),
        (InlineQuery(ANN, "1", "moon voyage", "", "bot"), "moon voyage"),
        (InlineQuery(ANN, "1", "", "", "bot"), "/help"),
    ],
)
def test_words_of_elsewhere_become_a_search_in_private(event: IncomingMessage | InlineQuery, text: str) -> None:
    """Without the bot's name, with an inline kind as a search says it, and with the help in place of nothing."""
    start = IncomingMessage(ANN, ANN.id, 8, "/start s", True, False)

    again = revived(interruption_of(event, BOT), start)

    assert isinstance(again, IncomingMessage)
    assert (again.text, again.chat_id, again.is_private, again.message_id) == (text, ANN.id, True, 8)


def test_lists_of_ids_are_read_as_people_write_them() -> None:
    """Commas, spaces, repetitions; anything that is no full id is named, and so is one too many."""
    assert parse_chat_ids("-1001, -1002\n-1001;-42") == (-1001, -1002, -42)
    assert parse_chat_ids(pack_chat_ids((-1001, -42))) == (-1001, -42)
    assert parse_chat_ids(" ") == ()
    for wrong in ("1001", "@news", "-0", "--1", "-1001x"):
        with pytest.raises(ValueError, match="no id"):
            parse_chat_ids(f"-1001 {wrong}")
    with pytest.raises(ValueError, match=f"at most {MOST_REQUIRED}"):
        parse_chat_ids(" ".join(f"-{number}" for number in range(1, MOST_REQUIRED + 2)))
