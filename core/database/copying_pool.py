"""A pool that also reads whole collections, whatever is in them: for backups and imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from core.database.pool import DatabaseConnectionPool

if TYPE_CHECKING:
    from collections.abc import Awaitable

_UNDECODED: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
_PATIENCE_S = 10.0


class CopyingPool(DatabaseConnectionPool):
    """As its base; every method raises DatabaseUnavailableError when the server does not answer."""

    async def read_after(self, collection: str, after_id: Any, limit: int) -> list[RawBSONDocument]:
        """The next `limit` documents, byte for byte, in the order of their `_id`s, which may be of several types.

        Args:
            collection: need not exist.
            after_id: the `_id` behind which to begin; None for the first document.
            limit: at least 1.
        """
        target = self._collection(collection).with_options(codec_options=_UNDECODED)

        def read() -> Awaitable[list[RawBSONDocument]]:
            cursor = target.find({}, limit=limit + 1, sort=[("_id", 1)], hint="_id_", batch_size=limit + 2)
            # Unlike $gt, a bound of the index does not keep to the type of its value.
            return (cursor if after_id is None else cursor.min([("_id", after_id)])).to_list(None)  # type: ignore[no-any-return]

        found = await self.execute_with_retry(read, idempotent=True, name="find", timeout_s=_PATIENCE_S)
        return (found[1:] if found and found[0]["_id"] == after_id else found)[:limit]

    async def collection_names(self) -> list[str]:
        """Every collection that is neither the server's own nor a view of others, in alphabetical order."""
        names = await self.execute_with_retry(
            lambda: self._database.list_collection_names(filter={"type": "collection"}),
            idempotent=True,
            name="list_collections",
        )
        return sorted(name for name in names if not name.startswith("system."))
