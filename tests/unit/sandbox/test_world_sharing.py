"""Albums, forwards and copies of the local Telegram."""

from __future__ import annotations

import pytest

from sandbox.actor import Actor
from sandbox.datacenter.rpc import RpcFailure
from sandbox.world.message_box import Forward


def refusal(call, *arguments, **named):
    with pytest.raises(RpcFailure) as caught:
        call(*arguments, **named)
    return caught.value.code, caught.value.name


@pytest.fixture
def owner(world, bot, bob):
    """Bob, without a client."""
    return Actor(world, bob.id, bot.id)


@pytest.fixture
def channel(world, bot, bob):
    """A private channel of Bob's."""
    return world.add_channel("Files", creator=bob.id, admins=[bot.id])


@pytest.fixture
def group(world, bob, ann):
    """A private supergroup of Bob's, with Ann in it."""
    return world.add_group("Friends", creator=bob.id, members=[ann.id])


def names(posts):
    return [post.body.file.name for post in posts]


def test_an_album_is_several_posts_with_one_caption_and_one_group(owner, channel, world):
    """Scenario 71: ten files in a row, the caption at the first, tied by an id that no other album has."""
    album = owner.post_album(channel.full_id, [f"Part.{n}.mkv" for n in range(10)], "Les Vampires")
    other = owner.post_album(channel.full_id, ["a.mkv", "b.mkv"])
    assert names(album) == [f"Part.{n}.mkv" for n in range(10)]
    assert [post.id for post in album] == list(range(album[0].id, album[0].id + 10))
    assert [post.body.text for post in album] == ["Les Vampires"] + [""] * 9
    assert len({post.body.grouped_id for post in album}) == 1
    assert album[0].body.grouped_id != other[0].body.grouped_id
    assert world.views.message(album[3], owner.bot_id).grouped_id == album[0].body.grouped_id


@pytest.mark.parametrize(
    ("kinds", "name"),
    [
        (["document"], "MEDIA_INVALID"),
        (["document"] * 11, "MULTI_MEDIA_TOO_LONG"),
        (["document", "photo"], "MEDIA_INVALID"),
        (["audio", "video"], "MEDIA_INVALID"),
        (["animation", "animation"], "MEDIA_INVALID"),
        ([], "MEDIA_INVALID"),
    ],
)
def test_albums_that_telegram_does_not_take(owner, channel, world, kinds, name):
    """One file, eleven, and kinds that do not stand together are refused, and nothing is posted."""
    files = [world.add_document("x", 1, kind=kind) for kind in kinds]
    assert refusal(owner.post_album, channel.id, files) == (400, name)
    assert len(channel.history) == 0


def test_photos_and_videos_stand_in_one_album(owner, channel, world):
    """The two visual kinds mix."""
    files = [world.add_document("x", 1, kind=kind) for kind in ("photo", "video")]
    assert len(owner.post_album(channel.id, files)) == 2


def test_a_forwarded_album_stays_one_album_under_another_id(owner, channel, group):
    """Forwards of one request keep together what was together, and single posts stay single."""
    album = owner.post_album(channel.id, ["a.mkv", "b.mkv"], "both")
    single = owner.post_file(channel.id, "c.mkv")
    copies = owner.forward(group.full_id, channel.full_id, [album[0].id, album[1].id, single.id])
    first, second, third = (copy.body.grouped_id for copy in copies)
    assert first == second
    assert first not in {None, album[0].body.grouped_id}
    assert third is None
    assert names(copies) == ["a.mkv", "b.mkv", "c.mkv"]


def test_a_forward_names_its_origin_and_a_copy_does_not(owner, channel, group, bob):
    """A channel post names the channel and itself, and still does when it is forwarded on; a copy names nothing."""
    post = owner.post_file(channel.id, "a.mkv", caption="one")
    forwarded = owner.forward(group.full_id, channel.full_id, [post.id])[0]
    again = owner.forward(owner.bot_id, group.full_id, [forwarded.id])[0]
    copied = owner.copy(group.full_id, channel.full_id, [post.id])[0]
    origin = Forward(post.body.date, channel_id=channel.id, channel_post=post.id)
    assert (forwarded.body.forward, again.body.forward) == (origin, origin)
    assert (copied.body.forward, copied.body.text, copied.body.file) == (None, "one", post.body.file)


def test_a_person_may_hide_behind_a_name_in_forwards(owner, group, ann, world):
    """Forwards of somebody's words name the person, or the bare name of who does not want to be found."""
    said = world.post(group.id, "hello", author=ann.id)
    open_header = world.views.message(owner.forward(group.full_id, group.full_id, [said.id])[0], owner.user_id)
    ann.hides_in_forwards = True
    hidden = world.views.message(owner.forward(group.full_id, group.full_id, [said.id])[0], owner.user_id)
    assert (open_header.fwd_from.from_id.user_id, open_header.fwd_from.from_name) == (ann.id, None)
    assert (hidden.fwd_from.from_id, hidden.fwd_from.from_name) == (None, "Ann")


def test_holes_are_left_out_of_a_forward_and_nothing_but_holes_is_refused(owner, channel, group, world):
    """Deleted posts are passed over; ids without any post, none and too many are errors."""
    posts = [world.post(channel.id, text) for text in ("one", "two", "three")]
    owner.delete_posts(channel.full_id, [posts[1].id])
    copies = owner.forward(group.full_id, channel.full_id, [post.id for post in posts])
    assert [copy.body.text for copy in copies] == ["one", "three"]
    assert refusal(owner.forward, group.full_id, channel.full_id, [posts[1].id]) == (400, "MESSAGE_ID_INVALID")
    assert refusal(owner.forward, group.full_id, channel.full_id, []) == (400, "MESSAGE_IDS_EMPTY")
    assert refusal(owner.forward, group.full_id, channel.full_id, list(range(1, 102))) == (400, "LIMIT_INVALID")


def test_protected_chats_and_messages_are_not_forwarded_nor_copied(owner, channel, group, world, ann):
    """Neither out of a protected channel, nor a protected message out of an open one; strangers read nothing."""
    post = world.post(channel.id, "one")
    owner.protect(channel.full_id)
    restricted = (400, "CHAT_FORWARDS_RESTRICTED")
    assert refusal(owner.forward, group.full_id, channel.full_id, [post.id]) == restricted
    assert refusal(owner.copy, group.full_id, channel.full_id, [post.id]) == restricted
    owner.protect(channel.full_id, protected=False)
    post.body.protected = True
    assert refusal(owner.forward, group.full_id, channel.full_id, [post.id]) == restricted
    stranger = Actor(world, ann.id, owner.bot_id)
    assert refusal(stranger.forward, owner.bot_id, channel.full_id, [post.id]) == (400, "CHANNEL_PRIVATE")


def test_edited_posts_are_told_and_deleted_ones_only_when_asked(owner, channel, world, sink, bot):
    """Bots see edits at once; a deletion waits for the channel's difference unless it is to be pushed."""
    posts = [owner.post_file(channel.id, f"{n}.mkv") for n in range(3)]
    sink.pushed.clear()
    owner.edit_post(channel.full_id, posts[0].id, "better")
    owner.delete_posts(channel.full_id, [posts[0].id])
    owner.delete_posts(channel.full_id, [posts[1].id], push=True)
    world.push_channel_deletions_to_bots = True
    owner.delete_posts(channel.full_id, [posts[2].id], push=False)
    assert sink.of(bot.id) == ["UpdateEditChannelMessage", "UpdateDeleteChannelMessages"]
    pushed = [update for to, updates in sink.pushed if to == bot.id for update in updates.updates]
    assert pushed[-1].messages == [posts[1].id]
    assert [event.ids for event in channel.log.since(1) if event.ids] == [(post.id,) for post in posts]
    assert refusal(owner.edit_post, channel.full_id, posts[0].id, "gone") == (400, "MESSAGE_ID_INVALID")
