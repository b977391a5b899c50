"""What a server tells of the size of a database, also while its indexes come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import CursorNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping


async def statistics_of(database: Any) -> Mapping[str, Any]:
    """The answer of dbStats; without the free part while an index is being built or dropped.

    The server refuses to say how much of an index is free while it holds that index for itself, and refuses the whole
    answer with it. How large the index is it says all the same.
    """
    try:
        told: Mapping[str, Any] = await database.command("dbStats", freeStorage=1)
    except CursorNotFound:
        told = await database.command("dbStats")
    return told
