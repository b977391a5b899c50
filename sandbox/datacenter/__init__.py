"""An MTProto data centre on loopback, which unmodified Telegram clients log in to.

`DataCenter` listens, `Fault` makes calls fail on order, `ServerKey` is how clients recognize it. Methods live in
`sandbox.datacenter.methods`, one module per TL namespace, written against `sandbox.datacenter.rpc`.
"""

from __future__ import annotations

from sandbox.datacenter.faults import Fault
from sandbox.datacenter.server import DataCenter
from sandbox.datacenter.server_key import ServerKey

__all__ = ["DataCenter", "Fault", "ServerKey"]
