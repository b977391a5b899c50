"""A request is written to bytes once."""

from __future__ import annotations

from pyrogram import raw
from pyrogram.session.internals import MsgFactory

from core.telegram.telegram_api import SerialisedRequest


def test_a_serialised_request_is_framed_like_the_original():
    """The client builds the same message from it, with the same length and an odd (acknowledged) sequence number."""
    request = raw.functions.help.GetNearestDc()

    plain, serialised = MsgFactory()(request), MsgFactory()(SerialisedRequest(request))

    assert (serialised.length, serialised.seq_no) == (plain.length, plain.seq_no)
    assert serialised.body.write() == request.write()


def test_a_request_is_written_only_once(monkeypatch):
    """However often the client measures and writes it, the work is done a single time."""
    request, writes = raw.functions.help.GetNearestDc(), []
    original = type(request).write
    monkeypatch.setattr(type(request), "write", lambda self, *args: writes.append(1) or original(self, *args))

    serialised = SerialisedRequest(request)
    MsgFactory()(serialised).write()
    MsgFactory()(serialised).write()

    assert len(writes) == 1
