"""Every Redis key and its time to live, in one table.

Names start with `ffb:`; nothing here is the only copy of anything, and everything expires.
"""

from __future__ import annotations

from dataclasses import dataclass

NAMESPACE = "ffb"


@dataclass(frozen=True, slots=True)
class Key:
    """One Redis key.

    Attributes:
        name: the complete key, namespace included.
        ttl_s: how long the value is kept when the writer names no other time; seconds, at least 1.
    """

    name: str
    ttl_s: int


@dataclass(frozen=True, slots=True)
class KeyFamily:
    """One row of the table: all keys of one kind.

    Attributes:
        prefix: unique in the table.
        ttl_s: seconds; the usual (or longest) life of a value.
        holds: what the value is.
        is_copy: it stands elsewhere too, so that forgetting it early costs a look there and nothing else.
    """

    prefix: str
    ttl_s: int
    holds: str
    is_copy: bool = False

    def key(self, *parts: int | str) -> Key:
        """The key of one member; `parts` are our own ids, hashes or enum values, never text that a person typed."""
        return Key(":".join((NAMESPACE, self.prefix, *map(str, parts))), self.ttl_s)


USER = KeyFamily("user", 300, "a user document as the database had it", is_copy=True)
GROUP = KeyFamily("group", 300, "a group's own settings as the database had them", is_copy=True)
GROUP_TOLD = KeyFamily("group-told", 60, "the group was told of an outage a moment ago")
SESSION = KeyFamily("session", 3600, "a search session: owner, query, window of ids")
REPEATABLE_SEARCH = KeyFamily("repeatable-search", 86_400, "who searched for what in a session, to search again")
SEARCH_VERSION = KeyFamily("search-version", 86_400, "random; a part of the keys of windows")
SUGGESTIONS = KeyFamily("suggestions", 3600, "texts that a person was offered to search for: owner, texts")
WINDOW = KeyFamily("window", 300, "what a search found: ids in their order, total", is_copy=True)
RATE = KeyFamily("rate", 86_401, "theoretical arrival time of one person's action; the script sets the exact life")
RATE_GLOBAL = KeyFamily("rate-all", 3_601, "theoretical arrival time of the whole bot")
RATE_TOLD = KeyFamily("rate-told", 60, "the person was told about the limit in this window")
DEDUPE = KeyFamily("dedupe", 5, "a press that is being served, so that a second one within seconds does nothing")
LINK = KeyFamily("link", 86_400, "what a link into the private chat leads to")
MEMBER = KeyFamily("member", 60, "whether a person is in a chat that readers have to be in", is_copy=True)
INTERRUPTION = KeyFamily("interruption", 3600, "what a person was doing when they were asked to join a chat first")
UPDATE = KeyFamily("update", 600, "an update that was already handled")
BROADCAST = KeyFamily("broadcast", 60, "how fast a broadcast goes, as the process that sends it says")
STATISTICS = KeyFamily("statistics", 300, "numbers for admins that take long to count, and when they were counted")
CONVERSATION = KeyFamily("conversation", 900, "what a person was asked, whose next message is the answer")
MAINTENANCE = KeyFamily(
    "maintenance", 86_400, "the last day whose daily maintenance is complete in the database", is_copy=True
)

BAN_TOLD = KeyFamily("ban-told", 60, "a banned person was told so in the private chat a moment ago")
BAN_TOLD_IN_GROUP = KeyFamily("ban-told-group", 86_400, "a banned person was told so in a group today")

KEY_FAMILIES = (
    USER,
    GROUP,
    GROUP_TOLD,
    SESSION,
    SUGGESTIONS,
    REPEATABLE_SEARCH,
    SEARCH_VERSION,
    WINDOW,
    RATE,
    RATE_GLOBAL,
    RATE_TOLD,
    DEDUPE,
    LINK,
    MEMBER,
    INTERRUPTION,
    UPDATE,
    BROADCAST,
    CONVERSATION,
    STATISTICS,
    MAINTENANCE,
    BAN_TOLD,
    BAN_TOLD_IN_GROUP,
)


def user(user_id: int) -> Key:
    """The cached document of one user."""
    return USER.key(user_id)


def group(chat_id: int) -> Key:
    """The cached settings of one group."""
    return GROUP.key(chat_id)


def group_told(chat_id: int) -> Key:
    """Marks that one group was told of an outage."""
    return GROUP_TOLD.key(chat_id)


def session(session_id: str) -> Key:
    """One search session; the caller has checked that `session_id` is 16 hex characters."""
    return SESSION.key(session_id)


def suggestions(list_id: str) -> Key:
    """One list of suggestions; the caller has checked that `list_id` is 16 hex characters."""
    return SUGGESTIONS.key(list_id)


def repeatable_search(session_id: str) -> Key:
    """The text of one search session; the caller has checked that `session_id` is 16 hex characters."""
    return REPEATABLE_SEARCH.key(session_id)


def search_version() -> Key:
    """The version under which searches are cached."""
    return SEARCH_VERSION.key("all")


def window(version: str, query_hash: str, size: int) -> Key:
    """The window of one query, at most `size` ids, under a version; hash and version are hexadecimal."""
    return WINDOW.key(version, query_hash, size)


def rate(action: str, user_id: int) -> Key:
    """The rate limiter's state of one person and action."""
    return RATE.key(action, user_id)


def rate_global() -> Key:
    """The rate limiter's state of the whole bot."""
    return RATE_GLOBAL.key("bot")


def rate_told(action: str, user_id: int) -> Key:
    """Marks that one person was told about the limit of one action."""
    return RATE_TOLD.key(action, user_id)


def dedupe(user_id: int, action: str, target: int | str) -> Key:
    """Marks one person's press of one thing as being served."""
    return DEDUPE.key(action, user_id, target)


def link(payload: str) -> Key:
    """One link; the caller has checked that `payload` has a token's length and alphabet."""
    return LINK.key(payload)


def member(chat_id: int, user_id: int) -> Key:
    """What one person is in one chat."""
    return MEMBER.key(chat_id, user_id)


def interruption(token: str) -> Key:
    """One interrupted piece of work; the caller has checked that `token` has a token's length and alphabet."""
    return INTERRUPTION.key(token)


def update(update_id: int | str) -> Key:
    """Marks one update as handled."""
    return UPDATE.key(update_id)


def statistics(part: str) -> Key:
    """One part of the statistics, named in the code."""
    return STATISTICS.key(part)


def maintenance() -> Key:
    """The day of the last complete daily maintenance."""
    return MAINTENANCE.key("daily")


def broadcast(broadcast_id: str) -> Key:
    """The live view of one broadcast; the id is 16 hex characters."""
    return BROADCAST.key(broadcast_id)


def conversation(user_id: int) -> Key:
    """What one person was asked."""
    return CONVERSATION.key(user_id)


def ban_told(user_id: int) -> Key:
    """Marks that a banned person was told so in the private chat."""
    return BAN_TOLD.key(user_id)


def ban_told_in_group(user_id: int) -> Key:
    """Marks that a banned person was told so in a group, whichever it was."""
    return BAN_TOLD_IN_GROUP.key(user_id)
