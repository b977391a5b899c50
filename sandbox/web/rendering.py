"""Messages of the world as JSON for the page; nothing here is markup, the page sets every text as text."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any

from pyrogram import raw

from sandbox.world.chats import FULL_ID_BASE

if TYPE_CHECKING:
    from sandbox.world import World
    from sandbox.world.files import File
    from sandbox.world.inline_desk import Answered
    from sandbox.world.inline_results import InlineResult
    from sandbox.world.message_box import Forward, Message

T = raw.types

_QUOTED = 120
_ENTITIES = {
    "MessageEntityBold": "bold",
    "MessageEntityItalic": "italic",
    "MessageEntityUnderline": "underline",
    "MessageEntityStrike": "strike",
    "MessageEntitySpoiler": "spoiler",
    "MessageEntityCode": "code",
    "MessageEntityPre": "pre",
    "MessageEntityBlockquote": "quote",
    "MessageEntityTextUrl": "link",
    "MessageEntityUrl": "url",
    "MessageEntityMention": "mention",
    "MessageEntityBotCommand": "command",
}


def chat_id_of(message: Message) -> int:
    """The chat as the page names it: the other account, a full (-100…) id, or a basic group's negative id."""
    return FULL_ID_BASE - message.peer_id if message.in_channel else message.peer_id


class MessageView:
    """Renders messages as one person sees them."""

    def __init__(self, world: World, person_id: int) -> None:
        self._world = world
        self._person_id = person_id

    def message(self, message: Message) -> dict[str, Any]:
        """A message as it is now; `file` is None without one, `rows` are those of its keyboard."""
        body = message.body
        via = body.via_bot_id and self._world.accounts[body.via_bot_id].username
        return {
            "id": message.id,
            "chat": chat_id_of(message),
            "out": body.sender_id == self._person_id and not self._is_post(message),
            "sender": self._sender(message),
            "text": body.text,
            "entities": entities(body.entities),
            "rows": keyboard(body.markup),
            "file": body.file and file_facts(body.file),
            "date": body.date,
            "edited": body.edited_at is not None,
            "reply": self._reply(message),
            "album": str(body.grouped_id) if body.grouped_id else None,
            "via": via or None,
            "forward": body.forward and self._origin(body.forward),
            "service": type(body.action).__name__.removeprefix("MessageAction") if body.action is not None else None,
            "protected": body.protected,
        }

    def _is_post(self, message: Message) -> bool:
        return message.in_channel and self._world.channels[message.peer_id].broadcast

    def _sender(self, message: Message) -> dict[str, Any]:
        body = message.body
        if body.sent_as is not None:
            return {"id": body.sent_as, "name": self._world.channels[body.sent_as].title}
        if self._is_post(message):
            return {"id": message.peer_id, "name": self._world.channels[message.peer_id].title}
        account = self._world.accounts[body.sender_id]
        return {"id": account.id, "name": f"{account.first_name} {account.last_name or ''}".strip()}

    def _reply(self, message: Message) -> dict[str, Any] | None:
        if message.reply_to is None:
            return None
        if message.in_channel:
            answered = self._world.channels[message.peer_id].history.get(message.reply_to)
        else:
            answered = self._world.accounts[self._person_id].box.get(message.reply_to)
        if answered is None:
            return None
        file = answered.body.file
        text = answered.body.text or (file.name or file.kind.value if file else "")
        return {"id": answered.id, "name": self._sender(answered)["name"], "text": text[:_QUOTED]}

    def _origin(self, forward: Forward) -> str:
        if forward.channel_id is not None:
            return self._world.channels[forward.channel_id].title
        if forward.user_id is not None:
            return self._world.accounts[forward.user_id].first_name
        return forward.user_name or ""


def entities(found: list[Any]) -> list[dict[str, Any]]:
    """Styles and links of a text; offsets in UTF-16 code units, which are JavaScript's."""
    shown = []
    for entity in found:
        kind = _ENTITIES.get(type(entity).__name__)
        if kind is not None:
            shown.append({"kind": kind, "offset": entity.offset, "length": entity.length})
            if kind == "link":
                shown[-1]["url"] = entity.url
    return shown


def keyboard(markup: Any) -> list[list[dict[str, Any]]]:
    """The rows of buttons below a message, empty without any."""
    return [[_button(button) for button in row.buttons] for row in getattr(markup, "rows", ())]


def _button(button: Any) -> dict[str, Any]:
    if isinstance(button, T.KeyboardButtonCallback):
        return {"kind": "press", "text": button.text, "data": urlsafe_b64encode(button.data).decode()}
    if isinstance(button, T.KeyboardButtonUrl):
        return {"kind": "url", "text": button.text, "url": button.url}
    if isinstance(button, T.KeyboardButtonSwitchInline):
        return {"kind": "inline", "text": button.text, "query": button.query}
    return {"kind": "text", "text": button.text}


def file_facts(file: File) -> dict[str, Any]:
    """What a bubble shows of a file; `duration` in seconds, None where nothing is played."""
    played = next((value.duration for value in file.attributes if hasattr(value, "duration")), None)
    facts = {"name": file.name, "size": file.size, "mime": file.mime, "kind": file.kind.value}
    return facts | {"duration": None if played is None else int(played)}


def inline_page(answered: Answered) -> dict[str, Any]:
    """The answer to an inline query; ids as text, since they are longer than JavaScript's numbers may be."""
    answer = answered.answer
    switch = answer.switch_pm
    return {
        "query_id": str(answered.query_id),
        "results": [_inline_result(result) for result in answer.results],
        "next_offset": answer.next_offset,
        "switch": switch and {"text": switch.text, "param": switch.start_param},
    }


def _inline_result(result: InlineResult) -> dict[str, Any]:
    file = result.file
    return {
        "id": result.id,
        "kind": result.type,
        "title": result.title or (file.name if file else "") or result.type,
        "description": result.description or "",
        "file": file and file_facts(file),
    }
