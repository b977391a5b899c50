"""Raw channel updates become media and events."""

from __future__ import annotations

import pytest
from pyrogram import raw, types

from core.domain.indexing import ChannelDelete, ChannelEdit, ChannelPost, ChannelTooLong
from core.domain.media import MediaKind, MediaSource
from core.telegram.incoming import channel_event_from_raw, new_media_from_raw

CHANNEL = -1001234567890
NAME = raw.types.DocumentAttributeFilename
VIDEO = raw.types.DocumentAttributeVideo
AUDIO = raw.types.DocumentAttributeAudio


def document(*attributes, media_id=77, mime="video/x-matroska"):
    return raw.types.Document(
        id=media_id,
        access_hash=-5,
        file_reference=b"reference",
        date=0,
        mime_type=mime,
        size=1_400_000_000,
        dc_id=2,
        attributes=list(attributes),
        thumbs=[],
    )


def photo():
    return raw.types.Photo(
        id=78,
        access_hash=6,
        file_reference=b"reference",
        date=0,
        dc_id=2,
        sizes=[
            raw.types.PhotoStrippedSize(type="i", bytes=b"1"),
            raw.types.PhotoSize(type="m", w=320, h=200, size=20_000),
            raw.types.PhotoSizeProgressive(type="y", w=1280, h=800, sizes=[10_000, 90_000]),
        ],
    )


def message(media=None, text="", message_id=12, edit_date=None):
    return raw.types.Message(
        id=message_id,
        peer_id=raw.types.PeerChannel(channel_id=1234567890),
        date=1_700_000_000,
        message=text,
        media=media,
        edit_date=edit_date,
        post=True,
    )


def with_document(*attributes, **kwargs):
    return message(raw.types.MessageMediaDocument(document=document(*attributes)), **kwargs)


def _as_the_client_parses(field, raw_document):
    attributes = {type(attribute): attribute for attribute in raw_document.attributes}
    video, audio = attributes.get(VIDEO), attributes.get(AUDIO)
    parsers = {
        "document": lambda: types.Document._parse(None, raw_document, ""),
        "video": lambda: types.Video._parse(None, raw_document, video, ""),
        "video_note": lambda: types.VideoNote._parse(None, raw_document, video),
        "audio": lambda: types.Audio._parse(None, raw_document, audio, ""),
        "voice": lambda: types.Voice._parse(None, raw_document, audio),
        "animation": lambda: types.Animation._parse(None, raw_document, video, ""),
    }
    return parsers[field]()


VIDEO_ATTRIBUTE = VIDEO(duration=61.6, w=1, h=1)
CASES = [
    ("document", MediaKind.DOCUMENT, [NAME(file_name="Nosferatu.1922.mkv")], "Nosferatu.1922.mkv", None),
    ("video", MediaKind.VIDEO, [VIDEO_ATTRIBUTE, NAME(file_name="a & b.mp4")], "a & b.mp4", 62),
    (
        "video_note",
        MediaKind.VIDEO,
        [VIDEO(duration=5, w=1, h=1, round_message=True)],
        "Video message 2023-11-14 12",
        5,
    ),
    ("audio", MediaKind.AUDIO, [AUDIO(duration=9, title="Gnossienne", performer="Satie")], "Satie - Gnossienne", 9),
    ("audio", MediaKind.AUDIO, [AUDIO(duration=9, title="T"), NAME(file_name="01.mp3")], "01.mp3", 9),
    ("voice", MediaKind.AUDIO, [AUDIO(duration=3, voice=True)], "Voice message 2023-11-14 12", 3),
    (
        "animation",
        MediaKind.ANIMATION,
        [raw.types.DocumentAttributeAnimated(), VIDEO_ATTRIBUTE, NAME(file_name="x.gif")],
        "x.gif",
        62,
    ),
]


@pytest.mark.parametrize(("field", "kind", "attributes", "name", "duration"), CASES)
def test_a_file_is_read_as_the_client_reads_it(field, kind, attributes, name, duration):
    """Ids, kind, size and duration equal those of pyrogram's own parser; nameless files get a title."""
    post = with_document(*attributes, edit_date=5)
    parsed = _as_the_client_parses(field, post.media.document)

    media = new_media_from_raw(post, CHANNEL)

    assert (media.file_id, media.unique_id, media.size) == (parsed.file_id, parsed.file_unique_id, parsed.file_size)
    assert (media.kind, media.name, media.duration_s, media.edited_at) == (kind, name, duration, 5)
    assert media.source == MediaSource(CHANNEL, 12)
    assert media.caption is None


def test_a_photo_is_read_in_its_largest_size_under_its_captions_first_line():
    """A photo's file_id names its largest rendition; its title is the caption's first line with words."""
    post = message(raw.types.MessageMediaPhoto(photo=photo()), text="\n  Poster of 1922 \nmore")
    parsed = types.Photo._parse(None, photo())

    media = new_media_from_raw(post, CHANNEL)

    assert (media.file_id, media.unique_id, media.size) == (parsed.file_id, parsed.file_unique_id, 90_000)
    assert (media.kind, media.name, media.duration_s) == (MediaKind.PHOTO, "Poster of 1922", None)
    assert media.caption == "\n  Poster of 1922 \nmore"


@pytest.mark.parametrize(
    "post",
    [
        message(text="only words"),
        raw.types.MessageEmpty(id=3),
        message(raw.types.MessageMediaDocument(document=None)),
        message(raw.types.MessageMediaDocument(document=raw.types.DocumentEmpty(id=1))),
        message(raw.types.MessageMediaPhoto(photo=raw.types.PhotoEmpty(id=1))),
        message(raw.types.MessageMediaPhoto(photo=None)),
        with_document(raw.types.DocumentAttributeSticker(alt="", stickerset=raw.types.InputStickerSetEmpty())),
        message(raw.types.MessageMediaUnsupported()),
    ],
    ids=repr,
)
def test_a_message_without_a_file_gives_no_media(post):
    """Texts, holes, expired media and stickers are not files of the library."""
    assert new_media_from_raw(post, CHANNEL) is None


def test_new_posts_edits_and_deletions_keep_their_place_in_the_channels_count():
    """Every channel event carries pts and pts_count, also a post without a file, so that gaps show."""
    post = with_document(NAME(file_name="a"))
    deletion = raw.types.UpdateDeleteChannelMessages(channel_id=1234567890, messages=[1, 2], pts=9, pts_count=2)

    assert channel_event_from_raw(raw.types.UpdateNewChannelMessage(message=post, pts=7, pts_count=1)) == ChannelPost(
        CHANNEL, 12, new_media_from_raw(post, CHANNEL), 7, 1
    )
    assert channel_event_from_raw(
        raw.types.UpdateNewChannelMessage(message=message(text="words"), pts=7, pts_count=1)
    ) == ChannelPost(CHANNEL, 12, None, 7, 1)
    assert channel_event_from_raw(raw.types.UpdateEditChannelMessage(message=post, pts=8, pts_count=1)) == ChannelEdit(
        CHANNEL, 12, new_media_from_raw(post, CHANNEL), 8, 1
    )
    assert channel_event_from_raw(deletion) == ChannelDelete(CHANNEL, (1, 2), 9, 2)
    assert channel_event_from_raw(raw.types.UpdateChannelTooLong(channel_id=1234567890)) == ChannelTooLong(CHANNEL)


def test_other_updates_are_no_channel_events():
    """A private message and a hole without a channel are left to others."""
    private = raw.types.UpdateNewMessage(message=message(text="x"), pts=1, pts_count=1)
    hole = raw.types.UpdateNewChannelMessage(message=raw.types.MessageEmpty(id=1), pts=1, pts_count=1)

    assert channel_event_from_raw(private) is None
    assert channel_event_from_raw(hole) is None
