"""Lanes: bounded, fair, and exact in what they report."""

from __future__ import annotations

import asyncio

import pytest

from config.settings import ConcurrencyLimits
from core.concurrency.semaphore_manager import ConcurrencyDomain, SemaphoreManager

SEND = ConcurrencyDomain.TELEGRAM_SEND


def manager(**limits: int) -> SemaphoreManager:
    return SemaphoreManager({**ConcurrencyLimits().model_dump(), **limits})


def test_the_settings_name_exactly_the_domains():
    """Every domain is sized by a setting, and no setting is without its domain."""
    assert set(ConcurrencyLimits.model_fields) == {domain.value for domain in ConcurrencyDomain}


@pytest.mark.parametrize("limits", [{}, {**ConcurrencyLimits().model_dump(), "indexing": 0}])
def test_a_lane_without_a_limit_is_refused(limits):
    """A forgotten lane would let nothing or everything through, so it is an error at start."""
    with pytest.raises(ValueError, match="needs a limit"):
        SemaphoreManager(limits)


async def test_no_more_than_the_limit_are_inside_and_the_order_is_kept():
    """Ten tasks in a lane of three: at most three at once, served as they came, and the counts say so."""
    lanes = manager(telegram_send=3)
    gate = asyncio.Event()
    entered: list[int] = []

    async def work(number: int) -> None:
        async with lanes.lane(SEND):
            entered.append(number)
            assert lanes.in_use(SEND) <= 3
            await gate.wait()

    async with asyncio.TaskGroup() as tasks:
        for number in range(10):
            tasks.create_task(work(number))
        await asyncio.sleep(0)
        assert (lanes.in_use(SEND), lanes.waiting(SEND), entered) == (3, 7, [0, 1, 2])
        gate.set()

    assert entered == list(range(10))
    assert (lanes.in_use(SEND), lanes.waiting(SEND)) == (0, 0)


async def test_a_cancelled_waiter_and_a_failed_task_leave_no_trace():
    """Whoever stops waiting or fails inside gives the place back."""
    lanes = manager(telegram_send=1)

    async def fail_inside() -> None:
        async with lanes.lane(SEND):
            waiter = asyncio.create_task(lanes.lane(SEND).__aenter__())
            await asyncio.sleep(0)
            assert lanes.waiting(SEND) == 1
            waiter.cancel()
            await asyncio.wait([waiter])
            raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        await fail_inside()

    async with asyncio.timeout(1), lanes.lane(SEND):
        assert (lanes.in_use(SEND), lanes.waiting(SEND)) == (1, 0)


async def test_a_full_lane_does_not_hold_up_another():
    """Sending at its limit leaves reading the database free."""
    lanes = manager(telegram_send=1)
    async with lanes.lane(SEND), asyncio.timeout(1), lanes.lane(ConcurrencyDomain.DATABASE_READ):
        assert lanes.in_use(ConcurrencyDomain.DATABASE_READ) == 1
