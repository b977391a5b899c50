"""Messages that wait to be deleted, and for a while what was deleted, so that files can be asked for again.

    scheduled_deletions {_id: key, bot, chat, kind, ids?: [message], since, wanted?, due?, tries?, claim?, lang?,
                         media?: [media id], notice?: message, forget_at?}

An entry with `due` waits. A sweep claims it by moving `due` ahead and writing its own `claim`: when it dies, the entry
is due again a little later. An entry that grows meanwhile loses the claim, and is not taken for done.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pymongo import UpdateOne

from core.domain.auto_delete import DeletedFiles, DeletionKind, DueDeletion

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from core.database.pool import DatabaseConnectionPool, Document
    from core.domain.auto_delete import NewDeletion

_DELETIONS = "scheduled_deletions"
_CLAIM_S = 60.0


class ScheduledDeletionRepository:
    """Every method raises DatabaseUnavailableError when the primary database is gone, and may be repeated.

    Args:
        pool: the primary database.
        bot_id: whose messages they are: another bot on the same database numbers its own from one again.
    """

    def __init__(self, pool: DatabaseConnectionPool, bot_id: int) -> None:
        self._pool = pool
        self._bot_id = bot_id

    def key_of(self, chat_id: int, message_id: int) -> str:
        """The key of an entry that is known by its first message."""
        return f"{self._bot_id}:{chat_id}:{message_id}"

    async def add(self, deletions: Sequence[NewDeletion]) -> None:
        """Store entries; one that is there grows by the messages and files, and is due at the new time."""
        if deletions:
            await self._pool.bulk_write(_DELETIONS, [self._update(new) for new in deletions], idempotent=True)

    async def claim_due(self, claim: str, now: datetime, limit: int) -> list[DueDeletion]:
        """Claim at most `limit` entries that are due at `now` (UTC), the longest due first.

        Of any number of callers exactly one gets an entry; for a minute, unless it settles it before.

        Args:
            claim: a name that no claim had before.
            now: UTC.
            limit: at least 1.
        """
        is_due = {"bot": self._bot_id, "due": {"$lte": now}}
        found = await self._pool.find(_DELETIONS, is_due, projection={"_id": 1}, sort=[("due", 1)], limit=limit)
        if not found:
            return []
        keys = [entry["_id"] for entry in found]
        update = {"$set": {"due": now + timedelta(seconds=_CLAIM_S), "claim": claim}, "$inc": {"tries": 1}}
        # Repeating is safe: what the first one claimed is not due any more.
        await self._pool.update_many(_DELETIONS, {"_id": {"$in": keys}, **is_due}, update, idempotent=True)
        claimed = await self._pool.find(_DELETIONS, {"_id": {"$in": keys}, "claim": claim})
        return sorted(map(_to_due, claimed), key=lambda entry: (entry.wanted, entry.key))

    async def settle(self, claim: str, keys: Sequence[str], forget_at: datetime) -> None:
        """End entries of a claim that have not grown since; those with files are kept until `forget_at` (UTC)."""
        ours: Document = {"_id": {"$in": list(keys)}, "claim": claim}
        done = {"$set": {"forget_at": forget_at}, "$unset": dict.fromkeys(("ids", "due", "wanted", "tries"), "")}
        await self._pool.update_many(_DELETIONS, {**ours, "media": {"$exists": True}}, done, idempotent=True)
        await self._pool.delete_many(_DELETIONS, {**ours, "media": {"$exists": False}})

    async def postpone(self, claim: str, keys: Sequence[str], until: datetime) -> None:
        """Let entries of a claim be due again at `until` (UTC)."""
        ours = {"_id": {"$in": list(keys)}, "claim": claim}
        await self._pool.update_many(
            _DELETIONS, ours, {"$set": {"due": until}, "$unset": {"claim": ""}}, idempotent=True
        )

    async def set_notice(self, key: str, message_id: int) -> None:
        """Remember which message told of an entry; nothing happens to one that is gone."""
        await self._pool.update_one(_DELETIONS, {"_id": key}, {"$set": {"notice": message_id}}, idempotent=True)

    async def files_of(self, key: str) -> DeletedFiles | None:
        """The files of an entry, deleted yet or not; None when it is not kept or has none."""
        found = await self._pool.find_one(_DELETIONS, {"_id": key, "media": {"$exists": True}})
        return None if found is None else DeletedFiles(int(found["chat"]), tuple(map(int, found["media"])))

    def _update(self, new: NewDeletion) -> UpdateOne:
        fields: Document = {
            "bot": self._bot_id,
            "chat": new.chat_id,
            "kind": new.kind.value,
            "due": new.due,
            "wanted": new.due,
        }
        if new.language:
            fields["lang"] = new.language
        grown: Document = {"ids": {"$each": list(new.message_ids)}}
        if new.media_ids:
            grown["media"] = {"$each": list(new.media_ids)}
        return UpdateOne(
            {"_id": new.key},
            {
                "$set": fields,
                "$addToSet": grown,
                "$min": {"since": new.since},
                "$unset": {"claim": "", "tries": "", "forget_at": ""},
            },
            upsert=True,
        )


def _to_due(found: Document) -> DueDeletion:
    return DueDeletion(
        key=found["_id"],
        chat_id=int(found["chat"]),  # the driver has a type of its own for what needs 64 bits
        message_ids=tuple(found.get("ids", ())),
        kind=DeletionKind(found["kind"]),
        since=found["since"],
        wanted=found["wanted"],
        tries=found["tries"],
        media_ids=tuple(map(int, found.get("media", ()))),
        language=found.get("lang", ""),
        notice_id=found.get("notice"),
    )
