"""Very many banned people."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from handlers.buttons import ShowBanned
from tests.e2e.admin.talk import ask_seen

if TYPE_CHECKING:
    from core.container import Container
    from sandbox.actor import Actor


async def test_of_very_many_banned_people_the_latest_thousand_can_be_seen(bot: Container, bob: Actor) -> None:
    """Scenario 32: a press for a page far behind loads a bounded number of people, and shows the last page there is."""
    now = bot.clock.utc_now()
    for number in range(1, 1102):
        person = {"_id": number, "first_name": f"P{number}", "ban_reason": "", "banned_by": 1}
        await bot.pool.insert_one("users", {**person, "banned_at": now - timedelta(minutes=number)})
    shown = await ask_seen(bob, "/banned")
    assert "1,101" in shown.text

    await bob.press(shown, data=ShowBanned(111).pack())

    last = await bob.wait_edit(of=shown, containing="P991")
    assert "P1101" not in last.text
    assert [button.text for row in last.buttons for button in row] == ["‹"]
