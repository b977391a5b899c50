"""What a person of the demo does through another client, as the chat page hears of it."""

from __future__ import annotations

import pytest

from sandbox.web.person import Person

pytestmark = pytest.mark.wire


async def test_what_another_client_of_the_person_does_is_on_the_page(world, cast, connect):
    """Texts, edits and deletions of one's own other client, in private and in a group: heard as they happen."""
    page = Person(world, cast.ann.id, cast.bot.id, (cast.group.full_id,))
    client = await connect(cast.ann)
    start = page.timeline.cursor
    for chat in (cast.bot.username, cast.group.username):
        said = await client.send_message(chat, "from elsewhere")
        await client.edit_message_text(chat, said.id, "changed elsewhere")
        await client.delete_messages(chat, said.id)

    told = [event for _, event in page.timeline.since(start)]
    heard = [(event["kind"], event.get("message", event).get("text", event.get("chat"))) for event in told]
    once = [("new", "from elsewhere"), ("edit", "changed elsewhere")]
    assert heard == [*once, ("delete", 0), *once, ("delete", cast.group.full_id)]
    page.close()
