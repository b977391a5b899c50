"""A broadcast as a document, and back.

broadcasts {_id, owner, language, segment, snapshot, source, pinned, state, due_at, total, message, cursor,
unsettled: [id], sent, unreachable: {why: n}, failed: {name: n}, fence, pause, by, created_at, began_at,
ended_at, told, expires_at}
snapshot   {text, entities: [[kind, offset, length, value]], file, number, buttons: [[[text, url]]], preview, spoiler,
            above}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.audience import Segment
from core.domain.broadcast import (
    Broadcast,
    BroadcastPause,
    BroadcastState,
    LinkButton,
    Snapshot,
    Tally,
    TextEntity,
)

if TYPE_CHECKING:
    from core.database.pool import Document


def to_document(broadcast: Broadcast) -> Document:
    """Every field of a broadcast; the repository adds what it keeps for itself."""
    return {
        "_id": broadcast.id,
        "owner": broadcast.owner_id,
        "language": broadcast.language,
        "segment": broadcast.segment.pack(),
        "snapshot": snapshot_document(broadcast.snapshot),
        "source": broadcast.source_message_id,
        "pinned": broadcast.is_pinned,
        "state": broadcast.state.value,
        "due_at": broadcast.due_at,
        "total": broadcast.total,
        "message": broadcast.message_id,
        "cursor": broadcast.cursor,
        "unsettled": list(broadcast.unsettled),
        **tally_document(broadcast.tally),
        "fence": broadcast.fence,
        "pause": None if broadcast.pause is None else broadcast.pause.value,
        "by": broadcast.ordered_by,
        "began_at": broadcast.began_at,
        "ended_at": broadcast.ended_at,
    }


def tally_document(tally: Tally) -> Document:
    """The counts, as fields of a broadcast's document."""
    return {"sent": tally.sent, "unreachable": dict(tally.unreachable), "failed": dict(tally.failed)}


def snapshot_document(snapshot: Snapshot) -> Document:
    """A snapshot as a part of a document."""
    return {
        "text": snapshot.text,
        "entities": [[entity.kind, entity.offset, entity.length, entity.value] for entity in snapshot.entities],
        "file": snapshot.file_id,
        "buttons": [[[button.text, button.url] for button in row] for row in snapshot.buttons],
        "preview": snapshot.web_preview,
        "spoiler": snapshot.is_spoiler,
        "above": snapshot.text_above,
        "number": snapshot.file_number,
    }


def from_document(found: Document) -> Broadcast:
    """What `to_document` made.

    Raises:
        ValueError: it names a segment or a state that does not exist.
    """
    segment = Segment.parse(found["segment"])
    if segment is None:
        raise ValueError(f"no segment: {found['segment']!r}")
    return Broadcast(
        id=found["_id"],
        owner_id=int(found["owner"]),  # the driver has a type of its own for what needs 64 bits
        language=found["language"],
        segment=segment,
        snapshot=_snapshot(found["snapshot"]),
        source_message_id=found["source"],
        is_pinned=found["pinned"],
        state=BroadcastState(found["state"]),
        due_at=found["due_at"],
        total=found["total"],
        message_id=found["message"],
        cursor=int(found["cursor"]),
        unsettled=tuple(map(int, found["unsettled"])),
        tally=Tally(found["sent"], found["unreachable"], found["failed"]),
        fence=found["fence"],
        pause=None if found["pause"] is None else BroadcastPause(found["pause"]),
        ordered_by=int(found["owner"] if found.get("by") is None else found["by"]),  # earlier versions named nobody
        began_at=found["began_at"],
        ended_at=found["ended_at"],
    )


def _snapshot(found: Document) -> Snapshot:
    return Snapshot(
        text=found["text"],
        entities=tuple(
            TextEntity(kind, offset, length, int(value) if isinstance(value, int) else value)
            for kind, offset, length, value in found["entities"]
        ),
        file_id=found["file"],
        buttons=tuple(tuple(LinkButton(text, url) for text, url in row) for row in found["buttons"]),
        web_preview=found["preview"],
        is_spoiler=found["spoiler"],
        text_above=found["above"],
        file_number=int(found.get("number") or 0),
    )
