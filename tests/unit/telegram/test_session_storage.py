"""The session keeps its login on disk and everything else in memory."""

from __future__ import annotations

import pytest
from pyrogram import raw

from core.telegram.session_storage import SessionStorage

KEY = bytes(range(256))


async def _log_in(storage: SessionStorage) -> None:
    """What the client does at a first login, in its order."""
    await storage.open()
    await storage.api_id(12345)
    await storage.dc_id(2)
    await storage.date(0)
    await storage.test_mode(False)
    await storage.auth_key(KEY)
    await storage.user_id(None)
    await storage.is_bot(None)
    await storage.user_id(42)
    await storage.is_bot(True)


async def _login(storage: SessionStorage):
    await storage.open()
    read = (storage.dc_id, storage.api_id, storage.test_mode, storage.auth_key, storage.user_id, storage.is_bot)
    return tuple([await accessor() for accessor in read])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "bot.session"


async def test_a_login_is_on_disk_the_moment_it_is_complete(path, clock):
    """A kill right after the login loses nothing: neither save nor close is needed."""
    await _log_in(SessionStorage(path, clock, account_id=42))

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert await _login(SessionStorage(path, clock, account_id=42)) == (2, 12345, False, KEY, 42, True)


async def test_half_a_login_is_never_written(path, clock):
    """A key without an account would look like a login that Telegram does not know."""
    storage = SessionStorage(path, clock)
    await storage.open()
    await storage.auth_key(KEY)
    await storage.close()

    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"SQLite format 3\0", b"{}", b"[]", b'{"format":"file-filter-bot session 1","datacenter":""}', b"\xff" * 300],
)
async def test_a_damaged_or_foreign_file_is_kept_aside_and_means_a_new_login(path, clock, content):
    """The start goes on with an empty session; what was found is not destroyed."""
    path.parent.mkdir()
    path.write_bytes(content)

    assert await _login(SessionStorage(path, clock)) == (None,) * 6
    assert path.with_name("bot.session.rejected").read_bytes() == content
    assert not path.exists()


@pytest.mark.parametrize("cut", [10, 100, 300, -1])
async def test_a_cut_file_is_a_damaged_file(path, clock, cut):
    """A file cut short at any place means a new login, never an exception."""
    await _log_in(SessionStorage(path, clock))
    path.write_bytes(path.read_bytes()[:cut])

    assert await _login(SessionStorage(path, clock)) == (None,) * 6


@pytest.mark.parametrize("other", [{"account_id": 43}, {"datacenter": "127.0.0.1:1"}])
async def test_the_login_of_another_bot_or_data_centre_is_not_used(path, clock, other):
    """After a change of token or data centre the old login is put aside."""
    await _log_in(SessionStorage(path, clock, account_id=42))

    assert await _login(SessionStorage(path, clock, **other)) == (None,) * 6
    assert path.with_name("bot.session.rejected").exists()


async def test_a_file_others_can_read_is_closed_to_them(path, clock):
    """Wrong permissions are put right when the file is read."""
    await _log_in(SessionStorage(path, clock))
    path.chmod(0o644)

    assert (await _login(SessionStorage(path, clock)))[4] == 42
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_rejected_login_is_forgotten_and_kept_aside(path, clock):
    """A login that Telegram no longer accepts does not come back at the next start."""
    storage = SessionStorage(path, clock)
    await _log_in(storage)
    await storage.reject_login("revoked")

    assert await storage.user_id() is None
    assert await _login(SessionStorage(path, clock)) == (None,) * 6
    assert path.with_name("bot.session.rejected").exists()


async def test_peers_are_found_by_id_username_and_phone_as_the_right_kind(path, clock):
    """Each kind of peer comes back as its input peer with the access hash that was given."""
    storage = SessionStorage(path, clock)
    await storage.update_peers(
        [
            (1, 11, "user", "ada", "99966"),
            (2, 12, "bot", None, None),
            (-3, 0, "group", None, None),
            (-1000000000004, 14, "channel", "films", None),
            (-1000000000005, 15, "supergroup", None, None),
        ]
    )
    await storage.update_usernames([(-1000000000004, "movies")])

    user, channel = raw.types.InputPeerUser(user_id=1, access_hash=11), raw.types.InputPeerChannel
    assert await storage.get_peer_by_id(1) == user
    assert await storage.get_peer_by_username("ada") == user
    assert await storage.get_peer_by_phone_number("99966") == user
    assert await storage.get_peer_by_id(2) == raw.types.InputPeerUser(user_id=2, access_hash=12)
    assert await storage.get_peer_by_id(-3) == raw.types.InputPeerChat(chat_id=3)
    assert await storage.get_peer_by_username("movies") == channel(channel_id=4, access_hash=14)
    assert await storage.get_peer_by_id(-1000000000005) == channel(channel_id=5, access_hash=15)


async def test_unknown_peers_are_key_errors(path, clock):
    """The client asks Telegram exactly when the storage raises KeyError."""
    storage = SessionStorage(path, clock)

    for look_up, key in [
        (storage.get_peer_by_id, 1),
        (storage.get_peer_by_id, "me"),
        (storage.get_peer_by_username, "ada"),
        (storage.get_peer_by_phone_number, "1"),
    ]:
        with pytest.raises(KeyError):
            await look_up(key)


async def test_a_username_is_believed_for_eight_hours_and_moves_with_its_owner(path, clock):
    """Usernames change hands: an old one is asked for again, a given-up one is forgotten at once."""
    storage = SessionStorage(path, clock)
    await storage.update_peers([(1, 11, "user", "ada", None), (2, 12, "user", "bob", None)])
    await storage.update_peers([(1, 11, "user", "countess", None)])
    with pytest.raises(KeyError):
        await storage.get_peer_by_username("ada")

    clock.advance(seconds=8 * 3600 + 1)

    with pytest.raises(KeyError):
        await storage.get_peer_by_username("bob")


async def test_the_number_of_remembered_peers_is_bounded(path, clock):
    """The peers met longest ago are forgotten with their names; one met again stays."""
    storage = SessionStorage(path, clock)
    await storage.update_peers([(1, 1, "user", "first", None), (2, 2, "user", "second", None)])
    await storage.update_peers([(1, 1, "user", "first", None)])
    await storage.update_peers([(number, 1, "user", None, None) for number in range(3, 50_002)])

    assert (await storage.get_peer_by_username("first")).user_id == 1
    with pytest.raises(KeyError):
        await storage.get_peer_by_id(2)
    with pytest.raises(KeyError):
        await storage.get_peer_by_username("second")


async def test_update_states_live_in_memory_only(path, clock):
    """States are set, listed and forgotten as the client expects, and a restart knows none: nothing is replayed."""
    storage = SessionStorage(path, clock)
    await _log_in(storage)
    await storage.update_state((0, 5, None, 1, None))
    await storage.update_state((-7, 6, None, 1, None))
    await storage.update_state((0, 8, None, 2, None))
    assert sorted(await storage.update_state()) == [(-7, 6, None, 1, None), (0, 8, None, 2, None)]

    await storage.update_state(0)
    await storage.close()
    again = SessionStorage(path, clock)
    await again.open()

    assert await storage.update_state() == [(-7, 6, None, 1, None)]
    assert await again.update_state() == []
