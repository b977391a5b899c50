"""Orders to fail, and the record of calls."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox.datacenter.faults import Fault, Faults
from sandbox.datacenter.problems import ProblemLog
from sandbox.datacenter.recorder import Recorder
from sandbox.datacenter.rpc import METHODS, method

ERROR = (400, "PEER_ID_INVALID")
SEND = "messages.SendMessage"


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def test_a_rule_hits_its_method_as_often_as_ordered(faults: Faults) -> None:
    """A rule with times=2 hits two calls of its method and no other call."""
    rule = faults.add(Fault(SEND, error=ERROR, times=2))

    hits = [faults.take(name, 1, None) for name in ("help.GetConfig", SEND, SEND, SEND)]

    assert hits == [None, rule, rule, None]
    assert rule.hits == 2


def test_a_rule_without_end_hits_until_it_is_lifted(faults: Faults) -> None:
    """times=None lasts until the rules are cleared, and "*" means every method."""
    faults.add(Fault("*", error=ERROR, times=None))

    assert all(faults.take(f"a.Method{number}", None, None) for number in range(100))
    faults.clear()
    assert faults.take(SEND, None, None) is None


def test_a_rule_may_look_at_the_request_and_the_account(faults: Faults) -> None:
    """A rule hits only requests its predicate accepts and only the account it names; others do not use it up."""
    rule = faults.add(Fault(SEND, error=ERROR, match=lambda request: request == "bad", user_id=7))

    assert faults.take(SEND, 7, "good") is None
    assert faults.take(SEND, 8, "bad") is None
    assert faults.take(SEND, 7, "bad") is rule


def test_the_oldest_rule_that_applies_wins(faults: Faults) -> None:
    """Two rules for one method are used up one after the other."""
    first, second = faults.add(Fault(SEND, error=ERROR)), faults.add(Fault(SEND, action="drop"))

    assert [faults.take(SEND, 1, None), faults.take(SEND, 1, None)] == [first, second]


@pytest.mark.parametrize("wrong", [{}, {"action": "drop", "error": ERROR}, {"action": "delay"}])
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    """An error rule without an error, an error beside another action and a delay of no time are mistakes."""
    with pytest.raises(ValueError, match=r"error|delay"):
        Fault(SEND, **wrong)


def test_calls_are_kept_in_order(recorder: Recorder) -> None:
    """The record tells index, account, name and request of each call, oldest first."""
    recorder.record(None, "help.GetConfig", "a")
    mark = recorder.mark()
    recorder.record(7, SEND, "b")

    assert [(call.index, call.user_id, call.name, call.request) for call in recorder.calls] == [
        (0, None, "help.GetConfig", "a"),
        (1, 7, SEND, "b"),
    ]
    assert [call.request for call in recorder.since(mark)] == ["b"]


async def test_a_call_made_before_is_found_at_once(recorder: Recorder) -> None:
    """Waiting for a call that has been made returns its request, the oldest that fits."""
    for text in ("one", "two", "three"):
        recorder.record(7, SEND, text)

    assert await recorder.wait_call(SEND) == "one"
    assert await recorder.wait_call(SEND, lambda text: "t" in text) == "two"
    assert await recorder.wait_call(SEND, since=2) == "three"


async def test_a_call_made_later_wakes_the_one_who_waits(recorder: Recorder) -> None:
    """Waiting ends with the first call that fits name, account and predicate; others do not end it."""
    waiting = asyncio.create_task(recorder.wait_call(SEND, lambda text: text.startswith("yes"), user_id=7))
    await asyncio.sleep(0)
    for user_id, name, text in (
        (7, "help.GetConfig", "yes 1"),
        (8, SEND, "yes 2"),
        (7, SEND, "no"),
        (7, SEND, "yes 3"),
    ):
        assert not waiting.done()
        recorder.record(user_id, name, text)

    assert await waiting == "yes 3"


async def test_waiting_in_vain_tells_what_was_called(recorder: Recorder) -> None:
    """A wait that times out names what it waited for and what came instead."""
    recorder.record(7, "help.GetConfig", None)

    with pytest.raises(TimeoutError, match=r"no messages\.SendMessage.*help\.GetConfig"):
        await recorder.wait_call(SEND, timeout=0.01)


async def test_a_recorder_switched_off_keeps_nothing_and_says_so() -> None:
    """Without recording nothing is kept, and a wait fails at once instead of for ever."""
    off = Recorder(recording=False)
    off.record(7, SEND, "x")

    assert off.calls == []
    with pytest.raises(RuntimeError):
        await off.wait_call(SEND)


def test_a_guarded_block_turns_an_error_into_a_problem() -> None:
    """An error inside a guarded block is kept with its traceback; an exit or a cancellation is not swallowed."""
    problems = ProblemLog()
    with problems.guard("method_failed", SEND):
        raise KeyError("lost")

    assert len(problems) == 1
    assert SEND in problems[0]
    assert "KeyError: 'lost'" in problems[0]
    with pytest.raises(asyncio.CancelledError), problems.guard("method_failed", SEND):
        raise asyncio.CancelledError


def test_a_method_is_registered_under_all_its_names_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler answers every name it is given, and a name that is taken is refused."""
    monkeypatch.setattr("sandbox.datacenter.rpc.METHODS", registry := dict(METHODS))
    handler = method("test.One", "test.Two")(lambda _call, _request: True)

    assert registry["test.One"] is registry["test.Two"] is handler
    with pytest.raises(ValueError, match=r"test\.Two"):
        method("test.Two")(lambda _call, _request: True)
