"""Bytes of our own, over TCP to the local Telegram."""

from __future__ import annotations

import random

import pytest

from core.errors import TelegramUnavailableError
from core.telegram.pyrogram_uploads import PyrogramUploads
from core.telegram.uploads import MAX_UPLOAD_BYTES
from sandbox.datacenter import Fault

pytestmark = pytest.mark.wire


@pytest.fixture
def uploads(bot):
    return PyrogramUploads(bot.client, bot.api, bot.gateway, timeout_s=1.5)


async def test_every_byte_of_a_file_arrives(uploads, cast, received):
    """A file of several parts is put together as it was; its name and caption are kept."""
    data = random.Random(1).randbytes(1_300_001)

    sent = await uploads.send_document(cast.ann.id, "log.txt", data, "<b>a &amp; b</b>")

    [message] = received()
    assert message.twin.id == sent
    assert message.body.text == "a & b"
    assert (message.body.file.name, message.body.file.mime) == ("log.txt", "text/plain")
    assert message.body.file.read(0, len(data) + 1) == data


@pytest.mark.parametrize("method", ["upload.SaveFilePart", "messages.UploadMedia", "messages.SendMedia"])
async def test_a_lost_answer_delivers_once_or_is_told(uploads, dc, cast, received, method):
    """Whichever answer is lost, the file arrives exactly once, or not at all and the caller learns it."""
    dc.faults.add(Fault(method, action="drop_after"))
    try:
        await uploads.send_document(cast.ann.id, "log.txt", b"words", "")
        expected = 1
    except TelegramUnavailableError:
        expected = 0

    assert len(received()) == expected
    assert expected == (method != "messages.UploadMedia")


async def test_what_is_too_large_never_leaves(uploads, dc, cast):
    """Nothing, too much, and too long a caption are the caller's mistakes."""
    mark = dc.recorder.mark()
    for data in (b"", b"x" * (MAX_UPLOAD_BYTES + 1)):
        with pytest.raises(ValueError, match="bytes to send"):
            await uploads.send_document(cast.ann.id, "x.txt", data)
    assert dc.recorder.since(mark) == []
    with pytest.raises(ValueError, match="Telegram takes"):
        await uploads.send_document(cast.ann.id, "x.txt", b"x", "x" * 1025)


async def test_a_picture_is_shown_as_one(uploads, cast, received):
    """A PNG travels as a photo."""
    await uploads.send_photo(cast.ann.id, b"\x89PNG\r\n\x1a\n" + b"pixels", "today")

    [message] = received()
    assert message.body.file.is_photo
    assert message.body.text == "today"
