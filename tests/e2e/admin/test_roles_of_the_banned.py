"""Roles and bans of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.admin.talk import ask

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor


async def test_a_role_that_could_not_be_used_is_not_given(bot: Container, ann: Actor, bob: Actor) -> None:
    """A banned moderator would be refused everywhere: the owner is told to lift the ban first, and then it works."""
    await ask(ann, "/start")
    await ask(bob, f"/ban {ann.user_id} spam")

    assert "/unban" in await ask(bob, f"/role {ann.user_id} moderator")
    assert "is a reader" in await ask(bob, f"/role {ann.user_id}")

    await ask(bob, f"/unban {ann.user_id}")
    assert "is a moderator now" in await ask(bob, f"/role {ann.user_id} moderator")
    await ask(bob, f"/ban {ann.user_id} spam")
    assert "is a reader now" in await ask(bob, f"/role {ann.user_id} reader")
