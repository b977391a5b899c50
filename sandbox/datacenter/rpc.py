"""The contract between the wire and the methods: what a handler gets, how it refuses, where it registers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.datacenter.server import DataCenter
    from sandbox.datacenter.session import Session
    from sandbox.world import World


class RpcFailure(Exception):  # noqa: N818  (Telegram's documentation calls an rpc_error a failure of the call)
    """A refusal that reaches the client as rpc_error.

    Attributes:
        code: the HTTP-like class of the error (303, 400, 401, 403, 406, 420, 500).
        name: Telegram's name of it, for example "PEER_ID_INVALID" or "FLOOD_WAIT_3".
    """

    def __init__(self, code: int, name: str) -> None:
        super().__init__(f"{code} {name}")
        self.code = code
        self.name = name


@dataclass(slots=True)
class Call:
    """One request being served.

    Attributes:
        world: the state that handlers read and change.
        session: the client's session; `session.auth.user_id` is None until somebody has logged in.
        datacenter: the server that received the call; it knows host, port, dc_id and clock.
    """

    world: World
    session: Session
    datacenter: DataCenter

    @property
    def viewer(self) -> int:
        """Id of the logged-in account.

        Raises:
            RpcFailure: 401 AUTH_KEY_UNREGISTERED when nobody is logged in.
        """
        user_id = self.session.auth.user_id
        if user_id is None:
            raise RpcFailure(401, "AUTH_KEY_UNREGISTERED")
        return user_id

    def log_in(self, user_id: int) -> None:
        """Bind the client's auth key to an account; this session gets its updates from now on."""
        self.datacenter.log_in(self.session.auth, user_id)
        self.session.updates_on = True

    def log_out(self) -> None:
        """Unbind the client's auth key; the key itself stays known. Without effect when nobody is logged in."""
        self.datacenter.log_out(self.session.auth)


Handler = Callable[[Call, Any], Any | Awaitable[Any]]
"""Takes the call and the pyrogram.raw request without its invoke* wrappers. Returns a TL object, a bool, a list of
TL objects or of ints, or an awaitable of one of these."""

METHODS: dict[str, Handler] = {}
"""Every method the data centre answers, by TL name in pyrogram's spelling: "messages.SendMessage"."""


def method(*names: str) -> Callable[[Handler], Handler]:
    """Register the decorated handler under one or more names.

    Raises:
        ValueError: a name has a handler already.
    """

    def register(handler: Handler) -> Handler:
        for name in names:
            if name in METHODS:
                raise ValueError(f"{name} is already answered by {METHODS[name].__module__}")
            METHODS[name] = handler
        return handler

    return register
