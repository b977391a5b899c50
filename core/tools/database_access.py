"""The databases of the settings, for programs that copy whole collections."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from core.database.copying_pool import CopyingPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from config.settings import BootstrapSettings
    from core.clock import Clock

_PATIENCE_S = 10.0


@asynccontextmanager
async def open_databases(
    settings: BootstrapSettings, clock: Clock, name: str | None = None
) -> AsyncIterator[list[CopyingPool]]:
    """All of them, the primary first, closed with the block.

    Args:
        settings: where they are.
        clock: waits between tries.
        name: instead of the names in the settings; the second database gets `name_2`, and so on.
    """
    async with AsyncExitStack() as closing:
        pools = []
        for number, (uri, configured) in enumerate(settings.databases, start=1):
            address = uri.get_secret_value()
            called = configured if name is None else name + (f"_{number}" if number > 1 else "")
            pool = CopyingPool(address, called, clock=clock, number=number, operation_timeout_s=_PATIENCE_S)
            closing.push_async_callback(pool.close)
            pools.append(pool)
        yield pools
