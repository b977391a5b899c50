"""Looking a channel up, over TCP to the local Telegram."""

from __future__ import annotations

import pytest

from sandbox.datacenter import Fault

pytestmark = pytest.mark.wire

SPOILT_PTS = 987_654_321


async def test_a_channel_is_found_by_id_and_by_name(bot, cast):
    """Both ways give the full id, the title, the name and the channel's pts."""
    by_id = await bot.gateway.get_channel(cast.channel.full_id)
    by_name = await bot.gateway.get_channel("@friends_group")

    assert (by_id.id, by_id.title, by_id.username) == (cast.channel.full_id, "Files", None)
    assert (by_name.id, by_name.title, by_name.username) == (cast.group.full_id, "Friends", "friends_group")
    assert by_id.pts > 0


async def test_a_pts_that_telegram_does_not_take_is_too_long_ago(bot, dc, cast, world):
    """A spoilt counter means walking the ids up to the newest post, not an endless error."""
    newest = [world.post(cast.channel.id, "post") for _ in range(1005)][-1]  # more than a page
    refused = (400, "PERSISTENT_TIMESTAMP_INVALID")
    dc.faults.add(
        Fault("updates.GetChannelDifference", refused, times=None, match=lambda request: request.pts == SPOILT_PTS)
    )

    changes = await bot.gateway.channel_changes(cast.channel.full_id, SPOILT_PTS)

    assert changes.too_long
    assert changes.pts == (await bot.gateway.get_channel(cast.channel.full_id)).pts
    assert changes.top_message_id == newest.id
