"""What an admin reads who takes premium away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datacenter.faults import Fault
from tests.e2e.admin.talk import ask

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor
    from sandbox.datacenter.server import DataCenter
    from sandbox.world import World


async def test_nothing_is_said_to_count_that_was_taken(bot: Container, bob: Actor, world: World) -> None:
    """Who has never started the bot cannot be told; the premium counts when given, and not when taken."""
    stranger = world.add_user("Cleo", phone="9996623333")
    assert "counts nevertheless" in await ask(bob, f"/addpremium {stranger.id} 1d")

    taken = await ask(bob, f"/removepremium {stranger.id}")

    assert "has ended" in taken
    assert "never started me" in taken
    assert "counts nevertheless" not in taken


async def test_nobody_is_said_to_be_told_later_who_is_not(
    bot: Container, ann: Actor, bob: Actor, dc: DataCenter
) -> None:
    """The end itself needs no telling; an admin who is told the truth may write to the person."""
    await ask(bob, f"/addpremium {ann.user_id} 1d")
    dc.faults.add(
        Fault(
            "messages.SendMessage",
            (420, "FLOOD_WAIT_600"),
            times=None,
            match=lambda request: getattr(request.peer, "user_id", 0) == ann.user_id,
        )
    )

    taken = await ask(bob, f"/removepremium {ann.user_id}")

    assert "has ended" in taken
    assert "as soon as possible" not in taken
    assert "was not told" in taken
