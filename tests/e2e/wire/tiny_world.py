"""The smallest world that a client can log in to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyrogram import Client, raw

from sandbox.clients import attach_pyrofork
from sandbox.datacenter.rpc import Call, RpcFailure

if TYPE_CHECKING:
    import asyncio

    from sandbox.datacenter import DataCenter
    from sandbox.world import UpdateSink

BOT = 7001
TOKEN = "7001:token"
NEAREST = raw.functions.help.GetNearestDc
Result = raw.types.RpcResult


class TinyWorld:
    """One bot, and just enough methods for a client to start and to be asked for its nearest data centre."""

    def __init__(self) -> None:
        self.served = 0
        self.sink: Any = None
        self.gate: asyncio.Future[None] | None = None

    def attach(self, sink: UpdateSink) -> None:
        self.sink = sink

    def methods(self) -> dict[str, Any]:
        return {
            "help.GetConfig": self.config,
            "auth.ImportBotAuthorization": self.log_in,
            "updates.GetState": self.state,
            "users.GetFullUser": self.full_user,
            "help.GetNearestDc": self.nearest,
            "help.GetSupport": self.broken,
            "help.GetInviteText": self.slow,
        }

    def config(self, call: Call, _request: Any) -> Any:
        numbers = {
            name: 0
            for name in raw.types.Config.__init__.__annotations__
            if name in raw.types.Config.__slots__ and name not in raw.types.Config.__init__.__kwdefaults__
        }
        numbers |= {"date": 1, "expires": 2, "test_mode": False, "this_dc": call.datacenter.dc_id}
        numbers |= {"dc_options": [], "dc_txt_domain_name": "", "me_url_prefix": ""}
        return raw.types.Config(**numbers)

    def user(self) -> Any:
        return raw.types.User(id=BOT, is_self=True, bot=True, bot_info_version=1, first_name="Bot", usernames=[])

    def log_in(self, call: Call, request: Any) -> Any:
        if request.bot_auth_token != TOKEN:
            raise RpcFailure(400, "ACCESS_TOKEN_INVALID")
        call.log_in(BOT)
        return raw.types.auth.Authorization(user=self.user())

    def state(self, call: Call, _request: Any) -> Any:
        call.session.updates_on = True
        return raw.types.updates.State(pts=1, qts=0, date=1, seq=0, unread_count=0)

    def full_user(self, _call: Call, _request: Any) -> Any:
        full = raw.types.UserFull(
            id=BOT,
            settings=raw.types.PeerSettings(),
            notify_settings=raw.types.PeerNotifySettings(),
            common_chats_count=0,
        )
        return raw.types.users.UserFull(full_user=full, chats=[], users=[self.user()])

    def nearest(self, call: Call, _request: Any) -> Any:
        self.served += 1
        dc_id = call.datacenter.dc_id
        return raw.types.NearestDc(country="GR", this_dc=dc_id, nearest_dc=dc_id)

    def broken(self, _call: Call, _request: Any) -> Any:
        return {}["no such support"]

    async def slow(self, _call: Call, _request: Any) -> Any:
        self.served += 1
        if self.gate is not None:
            await self.gate
        return raw.types.help.InviteText(message="come " * 500)

    def tell(self, number: int) -> int:
        """Push an update that carries `number`; returns how many sessions it is for."""
        update = raw.types.UpdateDeleteMessages(messages=[number], pts=number, pts_count=0)
        return self.sink.push(BOT, raw.types.Updates(updates=[update], users=[], chats=[], date=1, seq=0))


def pyrofork(dc: DataCenter, name: str = "bot", **options: Any) -> Client:
    """An unmodified client of the data centre, not started."""
    client = Client(name, api_id=1, api_hash="x", in_memory=True, sleep_threshold=0, **options)
    return attach_pyrofork(client, dc.host, dc.port, dc.key.public_pem)
