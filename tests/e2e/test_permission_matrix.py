"""Who may use what, and where: every command, button and other trigger, for every role, in every kind of chat."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import Enum, auto
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

import handlers
from core.domain.permission import PERMISSIONS, Role
from handlers.base import (
    Answer,
    BaseHandler,
    Command,
    ForwardedPost,
    GroupText,
    Inline,
    PostAddress,
    Press,
    PrivateMedia,
    PrivateText,
    StartLink,
    UnknownCommand,
)
from handlers.incoming import CallbackQuery, InlineQuery
from handlers.inline_results import hint
from sandbox.actor import Actor
from tests.e2e import permission_matrix
from tests.e2e.past import forward
from tests.e2e.permission_matrix import MATRIX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from core.container import Container
    from handlers.base import Reader, Route
    from sandbox.seen import Seen
    from sandbox.world import World
    from sandbox.world.message_box import Message
    from tests.e2e.bots import BotSetup
    from tests.e2e.conftest import Cast
    from tests.e2e.permission_matrix import Row


_WORDS: dict[type, str] = {
    StartLink: f"/start {'A' * 22}",
    UnknownCommand: "/no_such_command",
    PrivateText: "words",
    PostAddress: "https://t.me/c/1234567890/12",
}
_NOT_WRITTEN = (Press, Inline, Answer)
_BUTTON = "a message with a button"
_BATCH = 15  # what one chat may have waiting
GENEROUS = {
    f"RATE_{action}_BURST": "10000"
    for action in ("SEARCH", "FILE", "INLINE", "DEEP_LINK", "CALLBACK", "GROUP", "REQUEST", "INDEX_REQUEST", "GLOBAL")
}


class Place(Enum):
    """Where an update comes from."""

    PRIVATE = auto()
    GROUP = auto()
    CHANNEL = auto()
    ANONYMOUS_ADMIN = auto()
    AS_CHANNEL = auto()


class Served(BaseHandler):
    """The routes of a real handler, each of which says that it was served and does nothing."""

    def __init__(self, handler: BaseHandler, container: Container) -> None:
        self._routes = [replace(route, handle=self._answer_of(route)) for route in handler.routes()]
        self._telegram = container.telegram

    def routes(self) -> Sequence[Route]:
        return self._routes

    def _answer_of(self, route: Route) -> Any:
        async def answer(event: Any, _reader: Reader) -> None:
            words = f"served {route.name}"
            if isinstance(event, CallbackQuery):
                event.answered = True
                await self._telegram.answer_callback(event.id, words)
            elif isinstance(event, InlineQuery):
                await self._telegram.answer_inline(event.id, (), cache_s=0, hint=hint(words, "help"))
            else:
                reply_to = None if event.is_private else event.message_id
                await self._telegram.send_text(event.chat_id, words, reply_to=reply_to)

        return answer


@dataclass(frozen=True, slots=True)
class Stage:
    """The bot with handlers that only say so, and a person of every role; a banned one has None for a role."""

    bot: Container
    world: World
    cast: Cast
    routes: dict[str, Route]
    people: dict[Role | None, Actor]

    @property
    def owner(self) -> Actor:
        return self.people[Role.OWNER]


@pytest.fixture
def people(world: World, cast: Cast) -> Iterator[dict[Role | None, Actor]]:
    """Everybody is in the group and in the channel, and has started the bot."""
    ids: dict[Role | None, int] = {Role.READER: cast.ann.id, Role.OWNER: cast.bob.id}
    for role in (Role.MODERATOR, Role.ADMIN, None):
        ids[role] = world.add_user(role.value.title() if role else "Banned").id
    with ExitStack() as stack:
        actors = {role: Actor(world, user_id, cast.bot.id) for role, user_id in ids.items()}
        for actor in actors.values():
            stack.callback(actor.close)
            world.says(actor.user_id, cast.bot.id, "/start")
            for chat in (cast.group, cast.channel):
                if not chat.is_member(actor.user_id):
                    actor.join(chat.full_id)
        yield actors


@pytest.fixture
async def stage(
    setup: BotSetup,
    world: World,
    cast: Cast,
    people: dict[Role | None, Actor],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> AsyncIterator[Stage]:
    """The ordinary bot, all of it but what its handlers do."""
    monkeypatch.chdir(tmp_path)
    routes: dict[str, Route] = {}
    build = handlers.build_handlers

    def build_served(container: Container, *more: Any) -> list[BaseHandler]:
        served = [Served(handler, container) for handler in build(container, *more)]
        routes.update({route.name: route for handler in served for route in handler.routes()})
        return served

    monkeypatch.setattr(handlers, "build_handlers", build_served)
    async with setup.running(**GENEROUS) as bot:
        for role in (Role.MODERATOR, Role.ADMIN):
            await bot.users.set_role(people[role].user_id, role)
        await bot.users.set_ban(people[None].user_id, "")
        yield Stage(bot, world, cast, routes, people)


async def test_every_route_has_a_row(stage: Stage) -> None:
    """A new command, button or other trigger is refused by this test until somebody has said who may use it."""
    missing = sorted(stage.routes.keys() - MATRIX.keys())
    gone = sorted(MATRIX.keys() - stage.routes.keys())

    assert not missing, (
        f"Say who may use these routes: add a line for each to MATRIX in {permission_matrix.__file__}, for example\n"
        + "\n".join(f'    "{name}": EVERYBODY,' for name in missing)
        + "\n(EVERYBODY, EVERYBODY_AND_CHATS, MODERATORS, MODERATORS_ANYWHERE, ADMINS, OWNER)"
    )
    assert not gone, f"These rows of MATRIX belong to no route any more; take them out: {gone}"


async def test_commands_and_words(stage: Stage) -> None:
    """Scenario 17, 40: what is written is served to the roles of its row alone; the others are told that it is not."""
    messages = {name: route for name, route in stage.routes.items() if not isinstance(route.trigger, _NOT_WRITTEN)}
    wrong: list[str] = []
    for role, actor in stage.people.items():
        for place in (Place.PRIVATE, Place.GROUP):
            heard = await _write_all(stage, messages, actor, place)
            wrong += _differences(stage, messages, heard, role, place)
    for place in (Place.CHANNEL, Place.ANONYMOUS_ADMIN, Place.AS_CHANNEL):
        heard = await _write_all(stage, messages, stage.owner, place)
        wrong += _differences(stage, messages, heard, Role.OWNER, place)

    assert not wrong, "\n".join(wrong)


async def test_buttons(stage: Stage) -> None:
    """Scenario 17: whoever presses is served or refused as their own role says, wherever the button stands."""
    presses = {name: route for name, route in stage.routes.items() if isinstance(route.trigger, Press)}
    wrong: list[str] = []
    for role, actor in stage.people.items():
        for place in (Place.PRIVATE, Place.GROUP, Place.CHANNEL):
            button = await _button_in(stage, actor, place)
            heard = {}
            for name, route in presses.items():
                answer = await actor.press(button, data=f"{route.trigger.data.prefix}:x")
                heard[name] = answer.text or ""
            wrong += _differences(stage, presses, heard, role, place)

    assert not wrong, "\n".join(wrong)


async def test_answers(stage: Stage) -> None:
    """Scenario 17: what follows a question is an answer for the roles of its row, and a search of any reader."""
    answered = [(route, route.trigger.topic) for route in stage.routes.values() if isinstance(route.trigger, Answer)]
    conversations = stage.bot.serving.editing.conversations
    for role in (Role.READER, Role.MODERATOR, Role.ADMIN, Role.OWNER):
        actor = stage.people[role]
        for route, topic in answered:
            await conversations.begin(actor.user_id, topic)
            actor.say("words")
            heard = await actor.wait_message(_is_reply)
            await conversations.end(actor.user_id)
            expected = _expected(stage, route, MATRIX[route.name], role, Place.PRIVATE)
            assert heard.text == ("served search" if role is Role.READER else expected), (route.name, role)


async def test_inline_queries(stage: Stage) -> None:
    """Scenario 17: everybody but the banned is served, in whichever chat the query is typed."""
    inline = {name: route for name, route in stage.routes.items() if isinstance(route.trigger, Inline)}
    wrong: list[str] = []
    for role, actor in stage.people.items():
        for place, chat in ((Place.PRIVATE, None), (Place.GROUP, stage.cast.group.full_id)):
            page = await actor.inline("words", chat=chat)
            heard = dict.fromkeys(inline, page.switch_pm.text if page.switch_pm else "")
            wrong += _differences(stage, inline, heard, role, place)

    assert not wrong, "\n".join(wrong)


def test_a_higher_role_may_do_whatever_a_lower_one_may() -> None:
    """The table has no hole that an appointment would open: each role's rights contain those of the one below."""
    roles = sorted(Role, key=lambda role: role.rank)

    assert roles == [Role.READER, Role.MODERATOR, Role.ADMIN, Role.OWNER]
    for lower, higher in pairwise(roles):
        assert PERMISSIONS[lower] < PERMISSIONS[higher]


def _expected(stage: Stage, route: Route, row: Row, role: Role | None, place: Place) -> str:
    """What the person hears; "" for silence."""
    if isinstance(route.trigger, Press | Inline | Answer):
        is_there = True
    elif isinstance(route.trigger, GroupText):
        is_there = place not in {Place.PRIVATE, Place.CHANNEL}
    else:
        is_there = place is Place.PRIVATE or (isinstance(route.trigger, Command) and place is not Place.CHANNEL)
    if not is_there:
        return ""
    if place in {Place.ANONYMOUS_ADMIN, Place.AS_CHANNEL}:
        refusal = "" if row.least is Role.READER else _said(stage, "admin-sender-unknown")
        return f"served {route.name}" if row.in_chats else refusal
    if role is None:
        return _said(stage, "error-banned")
    if role.rank < row.least.rank:
        return _said(stage, "admin-only" if role is Role.READER else "admin-not-your-role")
    if row.least is not Role.READER and place is not Place.PRIVATE and not row.in_groups:
        return _said(stage, "admin-private-only")
    return f"served {route.name}"


def _differences(
    stage: Stage, routes: dict[str, Route], heard: dict[str, str], role: Role | None, place: Place
) -> list[str]:
    wrong = []
    told = 0
    for name, route in routes.items():
        if name not in MATRIX:
            continue
        wanted, found = _expected(stage, route, MATRIX[name], role, place), heard.get(name, "")
        is_quiet_ban = role is None and not isinstance(route.trigger, Press | Inline) and found == ""
        told += role is None and found == wanted != ""
        if wanted != found and not is_quiet_ban:
            who = role.value if role else "a banned person"
            wrong.append(f"{name}, {who}, {place.name}: wanted {wanted or 'silence'!r}, heard {found or 'silence'!r}")
    if role is None and not told and place in {Place.PRIVATE, Place.GROUP}:
        wrong.append(f"a banned person, {place.name}: was not told even once")
    return wrong


async def _write_all(stage: Stage, routes: dict[str, Route], actor: Actor, place: Place) -> dict[str, str]:
    """Write what triggers each route; what the bot said to each."""
    answers: dict[str, str] = {}
    names = list(routes)
    for first in range(0, len(names), _BATCH):
        batch = names[first : first + _BATCH]
        written: dict[str, Message] = {}
        before = len(stage.owner.received), len(actor.received)
        for name in batch:
            message = _write(stage, routes[name], actor, place)
            if message is not None:
                written[name] = message
        await _pass(stage, actor, place)
        if place is Place.PRIVATE:
            replies = [seen.text for seen in actor.received[before[1] :] if _is_reply(seen)]
            answers.update(zip(written, replies, strict=False))
        else:
            by_id = {seen.message.reply_to: seen.text for seen in stage.owner.received[before[0] :]}
            answers.update({name: by_id.get(message.id, "") for name, message in written.items()})
    return answers


async def _pass(stage: Stage, actor: Actor, place: Place) -> None:
    """Return when everything that was written in a place before has been handled: a chat is served in order."""
    if place is Place.PRIVATE:
        await actor.press(await _button_in(stage, actor, place), data="x:y")
        return
    asked = stage.owner.say_in(stage.cast.group.id, f"/help@{stage.cast.bot.username}")
    await stage.owner.wait_message(lambda seen: seen.message.reply_to == asked.id)


def _write(stage: Stage, route: Route, actor: Actor, place: Place) -> Message | None:
    """Write what triggers a route in a place; None where that cannot be written."""
    group, channel = stage.cast.group, stage.cast.channel
    if place is Place.PRIVATE:
        return _write_private(stage, route, actor)
    if isinstance(route.trigger, Command):
        text = f"/{route.trigger.name}@{stage.cast.bot.username}"
    elif isinstance(route.trigger, GroupText):
        text = f"@{stage.cast.bot.username} words"
    else:
        return None
    if place is Place.CHANNEL:
        return stage.owner.say_in(channel.id, text)
    send_as = {Place.GROUP: None, Place.ANONYMOUS_ADMIN: group.id, Place.AS_CHANNEL: channel.id}[place]
    return actor.say_in(group.id, text, send_as=send_as)


def _write_private(stage: Stage, route: Route, actor: Actor) -> Message | None:
    if isinstance(route.trigger, ForwardedPost):
        post = stage.owner.say_in(stage.cast.channel.id, "a post")
        forward(stage.world, actor, post)
        return post
    if isinstance(route.trigger, PrivateMedia):
        return actor.send_file("x.mkv")
    if isinstance(route.trigger, Command):
        return actor.say(f"/{route.trigger.name}")
    words = _WORDS.get(type(route.trigger))
    return actor.say(words) if words is not None else None


def _is_reply(seen: Seen) -> bool:
    """Whether it came from the bot in its private chat, and not as the message with a button."""
    return seen.chat_id == seen.sender_id and seen.text not in {_BUTTON, "a post"}


async def _button_in(stage: Stage, actor: Actor, place: Place) -> Seen:
    """A message of the bot that the person sees in a place."""
    chats = {Place.GROUP: stage.cast.group.full_id, Place.CHANNEL: stage.cast.channel.full_id}
    chat_id = chats.get(place, actor.user_id)
    await stage.bot.telegram.send_text(chat_id, _BUTTON)
    return await actor.wait_message(
        lambda seen: (seen.chat_id in chats.values()) == (place in chats), containing=_BUTTON
    )


def _said(stage: Stage, key: str) -> str:
    return stage.bot.catalogue.for_language("en").plain(key)
