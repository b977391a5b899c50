"""help.*: what a client asks before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.datacenter.rpc import method
from sandbox.world.validation import CAPTION_LIMIT, TEXT_LIMIT

if TYPE_CHECKING:
    from sandbox.datacenter.rpc import Call

T = raw.types

# Values of no consequence here; the constructor requires them.
_LIMITS = {
    "chat_size_max": 200,
    "megagroup_size_max": 200_000,
    "forwarded_count_max": 100,
    "online_update_period_ms": 210_000,
    "offline_blur_timeout_ms": 5_000,
    "offline_idle_timeout_ms": 30_000,
    "online_cloud_timeout_ms": 300_000,
    "notify_cloud_delay_ms": 30_000,
    "notify_default_delay_ms": 1_500,
    "push_chat_period_ms": 60_000,
    "push_chat_limit": 2,
    "edit_time_limit": 172_800,
    "revoke_time_limit": 2_147_483_647,
    "revoke_pm_time_limit": 2_147_483_647,
    "rating_e_decay": 2_419_200,
    "stickers_recent_limit": 200,
    "channels_read_media_period": 604_800,
    "call_receive_timeout_ms": 20_000,
    "call_ring_timeout_ms": 90_000,
    "call_connect_timeout_ms": 30_000,
    "call_packet_timeout_ms": 10_000,
}


@method("help.GetConfig")
def get_config(call: Call, _request: Any) -> Any:
    """Where the data centre is, and its limits."""
    now, centre = call.world.now(), call.datacenter
    return T.Config(
        date=now,
        expires=now + 3600,
        test_mode=False,
        this_dc=centre.dc_id,
        dc_options=[T.DcOption(id=centre.dc_id, ip_address=centre.host, port=centre.port, static=True)],
        dc_txt_domain_name="",
        me_url_prefix="https://t.me/",
        caption_length_max=CAPTION_LIMIT,
        message_length_max=TEXT_LIMIT,
        webfile_dc_id=centre.dc_id,
        **_LIMITS,
    )


@method("help.GetNearestDc")
def get_nearest_dc(call: Call, _request: Any) -> Any:
    """This one."""
    dc_id = call.datacenter.dc_id
    return T.NearestDc(country="US", this_dc=dc_id, nearest_dc=dc_id)
