"""More people than Ann, and what all of them do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.world import World
    from tests.e2e.conftest import Cast


@pytest.fixture
def new_reader(world: World, cast: Cast) -> Iterator[Callable[[str], Actor]]:
    """Makes people who have started the bot."""
    made: list[Actor] = []

    def make(name: str) -> Actor:
        person = world.add_user(name)
        world.says(person.id, cast.bot.id, "/start")
        made.append(Actor(world, person.id, cast.bot.id))
        return made[-1]

    yield make
    for actor in made:
        actor.close()
