"""The ordinary bot where Telegram limits how fast it may write."""

from __future__ import annotations

from tests.e2e.bots import get_json
from tests.e2e.library import post_files

NAMES = [f"The Lost World part {number}.mkv" for number in range(1, 8)]


async def test_a_page_of_files_arrives_without_a_flood_wait(setup, dc, cast, ann, bob, tmp_path, monkeypatch):
    """Scenario 88: seven files for one reader leave at the pace a chat bears, and /performance shows the budget."""
    monkeypatch.chdir(tmp_path)
    async with setup.running(SEND_BUDGET="true") as bot:
        await post_files(bot, bob, cast, NAMES)
        dc.trouble.flood_control.enable()
        ann.say("lost world")
        page = await ann.wait_message(lambda seen: bool(seen.buttons))

        await ann.press(page, "Send all")
        for _ in NAMES:
            await ann.wait_message(lambda seen: seen.document is not None)
        await ann.wait_edit(containing="Sent 7 of 7")
        report = (await get_json(f"{bot.operations.sidecar.url}/performance"))[1]["send_budget"]

    assert dc.trouble.flood_control.refused.total() == 0
    assert report["waiting"] == {"answer": 0, "delivery": 0, "notice": 0, "bulk": 0}
    assert report["chats"] == 1
