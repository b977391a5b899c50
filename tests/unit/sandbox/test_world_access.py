"""Names, hashes, files and presses of the local Telegram."""

from __future__ import annotations

import hashlib

import pytest
from pyrogram import raw

from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.callbacks import PressAnswer
from sandbox.world.files import PATTERN_PERIOD
from sandbox.world.uploads import Uploads

T = raw.types
MENU = T.ReplyInlineMarkup(rows=[T.KeyboardButtonRow(buttons=[T.KeyboardButtonCallback(text="Go", data=b"go")])])


def refusal(call, *arguments, **named):
    with pytest.raises(RpcFailure) as caught:
        call(*arguments, **named)
    return caught.value.name


def test_an_access_hash_works_only_for_the_account_it_was_given_to(world, bot, ann, bob):
    """A hash of another viewer's is refused; a bot may use 0 once it has met somebody, a person never."""
    hash_for_ann = world.access.user(ann.id, bob.id)
    given = T.InputPeerUser(user_id=bob.id, access_hash=hash_for_ann)
    assert world.peers.account(ann.id, given) is bob
    assert refusal(world.peers.account, bot.id, given) == "PEER_ID_INVALID"
    zero = T.InputPeerUser(user_id=bob.id, access_hash=0)
    assert refusal(world.peers.account, bot.id, zero) == "PEER_ID_INVALID"
    world.says(bob.id, bot.id, "/start")
    assert world.peers.account(bot.id, zero) is bob
    assert refusal(world.peers.account, ann.id, zero) == "PEER_ID_INVALID"


def test_a_private_channel_is_closed_and_a_public_one_open(world, ann, bob):
    """Strangers read public channels only, and nobody who was kicked reads."""
    channel = world.add_channel("Files", creator=bob.id)
    given = T.InputChannel(channel_id=channel.id, access_hash=world.access.channel(ann.id, channel.id))
    assert refusal(world.peers.readable_channel, ann.id, given) == "CHANNEL_PRIVATE"
    world.rename(channel, "files_of_bob")
    assert world.peers.readable_channel(ann.id, given) is channel
    world.membership.kick(channel, ann.id)
    assert refusal(world.peers.readable_channel, ann.id, given) == "CHANNEL_PRIVATE"
    for forged in (0, 5):
        given = T.InputChannel(channel_id=channel.id, access_hash=forged)
        assert refusal(world.peers.channel, bob.id, given) == "CHANNEL_INVALID"


def test_usernames_are_unique_whatever_their_case(world, ann, bob):
    """A name belongs to one account or channel, and is free again once it was given up."""
    assert refusal(world.rename, ann, "BOB_owner") == "USERNAME_OCCUPIED"
    assert refusal(world.rename, ann, "no spaces") == "USERNAME_INVALID"
    world.rename(bob, None)
    world.rename(ann, "BOB_owner")
    assert world.usernames.owner("bob_OWNER") == ("user", ann.id)
    assert world.usernames.owner("ann_reader") is None


def input_document(world, viewer, file_id, reference=None):
    current = world.access.file_reference(file_id)
    return T.InputDocument(
        id=file_id,
        access_hash=world.access.file(viewer, file_id),
        file_reference=current if reference is None else reference,
    )


def test_a_file_reference_expires(world, bot, ann):
    """An old reference, an empty one and another account's hash are told apart."""
    file_id = world.add_document("a.mkv", 10)
    given = input_document(world, bot.id, file_id)
    assert world.peers.file(bot.id, given).id == file_id
    world.expire_file_references()
    assert refusal(world.peers.file, bot.id, given) == "FILE_REFERENCE_EXPIRED"
    assert refusal(world.peers.file, bot.id, input_document(world, bot.id, file_id, b"")) == "FILE_REFERENCE_EMPTY"
    assert refusal(world.peers.file, bot.id, input_document(world, ann.id, file_id)) == "MEDIA_EMPTY"
    assert world.peers.file(bot.id, input_document(world, bot.id, file_id)).id == file_id


def test_generated_bytes_are_the_same_however_they_are_read(world):
    """A declared file of gigabytes costs no memory, and its pieces join to the same bytes each time."""
    file = world.files[world.add_document("big.mkv", 3_000_000_000)]
    whole = file.read(0, 3 * PATTERN_PERIOD)
    pieces = b"".join(file.read(offset, 50_000) for offset in range(0, 150_000, 50_000))
    assert whole[:150_000] == pieces
    assert file.read(1 << 20, 1024) != file.read(0, 1024)
    assert len(file.read(2_999_999_000, 4096)) == 1_000
    assert file.read(3_000_000_000, 4096) == b""


def test_parts_of_an_upload_may_come_in_any_order():
    """Parts are joined by number; gaps, wrong sums and uneven parts are refused."""
    uploads = Uploads()
    first, last = b"a" * 1024, b"b" * 10
    uploads.save_part(1, 7, 1, last)
    assert refusal(uploads.take, 1, 7, 2) == "FILE_PART_0_MISSING"
    uploads.save_part(1, 7, 0, first)
    assert refusal(uploads.take, 1, 7, 2, "0" * 32) == "MD5_CHECKSUM_INVALID"
    assert uploads.take(1, 7, 2, hashlib.md5(first + last).hexdigest()) == first + last
    assert refusal(uploads.take, 1, 7, 2) == "FILE_PART_0_MISSING"
    uploads.save_part(1, 8, 0, b"short")
    uploads.save_part(1, 8, 1, b"longer than the first")
    assert refusal(uploads.take, 1, 8, 2) == "FILE_PART_SIZE_INVALID"


def menu_for(world, bot, ann):
    world.says(ann.id, bot.id, "/start")
    sent = world.says(bot.id, ann.id, "menu")
    sent.body.markup = MENU
    return sent.twin


async def test_a_press_is_answered_once_and_in_time(world, clock, bot, ann):
    """The bot's answer reaches the presser; a second or late one is refused, and so is another bot's."""
    message = menu_for(world, bot, ann)
    query_id, answer = world.presses.press(ann.id, message, b"go")
    assert refusal(world.callbacks.answer, bot.id + 1, query_id, PressAnswer("mine")) == "QUERY_ID_INVALID"
    assert refusal(world.callbacks.answer, bot.id, query_id, PressAnswer("x" * 201)) == "MESSAGE_TOO_LONG"
    world.callbacks.answer(bot.id, query_id, PressAnswer("done", alert=True))
    assert await answer == PressAnswer("done", alert=True)
    assert refusal(world.callbacks.answer, bot.id, query_id, PressAnswer()) == "QUERY_ID_INVALID"
    late, _ = world.presses.press(ann.id, message, b"go")
    clock.advance(world.callbacks.timeout_s)
    assert refusal(world.callbacks.answer, bot.id, late, PressAnswer()) == "QUERY_ID_INVALID"


async def test_forged_data_is_forwarded_unless_the_world_checks(world, sink, bot, ann):
    """Telegram trusts the client's data; a world that is told to checks it against the keyboard."""
    message = menu_for(world, bot, ann)
    world.press(ann.id, bot.id, message.id, b"forged")
    assert sink.pushed[-1][1].updates[0].data == b"forged"
    world.presses.check_data = True
    assert refusal(world.press, ann.id, bot.id, message.id, b"forged") == "DATA_INVALID"
    world.press(ann.id, bot.id, message.id, b"go")
    world.posting.delete_private(bot.id, [message.twin.id], revoke=False)
    assert refusal(world.press, ann.id, bot.id, message.id, b"go") == "MESSAGE_ID_INVALID"


def test_ids_and_phones_are_not_shared(world, ann):
    """A second account with the same phone is a mistake of the test, told at once."""
    with pytest.raises(ValueError, match="clashes"):
        world.add_user("Double", phone=ann.phone)
