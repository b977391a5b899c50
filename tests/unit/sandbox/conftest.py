"""A small world without a wire."""

from __future__ import annotations

import pytest

from sandbox.world import World


class Sink:
    """Takes updates as the data centre does, and keeps them."""

    def __init__(self):
        self.pushed = []

    def push(self, user_id, updates):
        self.pushed.append((user_id, updates))
        return 1

    def of(self, user_id):
        """Names of the updates pushed to an account, in order."""
        return [type(update).__name__ for to, updates in self.pushed if to == user_id for update in updates.updates]


@pytest.fixture
def world(clock):
    """A world on a still clock."""
    return World(clock, account_log_size=50, channel_log_size=50)


@pytest.fixture
def sink(world):
    """What the world pushes."""
    attached = Sink()
    world.attach(attached)
    return attached


@pytest.fixture
def bot(world):
    """A bot that everybody has still to start."""
    return world.add_bot("7000000001:a-bot-of-the-local-telegram-only", "Filter", "filter_test_bot")


@pytest.fixture
def ann(world):
    """A person."""
    return world.add_user("Ann", username="ann_reader", phone="9996621111")


@pytest.fixture
def bob(world):
    """Another person, who founds chats."""
    return world.add_user("Bob", username="bob_owner", phone="9996622222")
