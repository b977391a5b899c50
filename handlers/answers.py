"""Whose message answers a question of the bot is served by the route that asked, whatever the words would start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.permission import Role
from handlers.base import Command, PostAddress, PrivateText
from handlers.incoming import IncomingMessage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.domain.user import User
    from core.services.conversation import Conversations
    from core.services.roles import RoleService
    from handlers.base import Route
    from handlers.incoming import Incoming

_CANCEL = "cancel"  # ends the question by itself, and says whether there was one


class AnswerRoutes:
    """Knows the route of every topic. Only people with a role are asked, so nobody else's search waits for Redis."""

    def __init__(self, conversations: Conversations, roles: RoleService) -> None:
        self._conversations = conversations
        self._roles = roles
        self._routes: Mapping[str, Route] = {}

    def find_routes_in(self, routes: Mapping[str, Route]) -> None:
        """Learn which route answers to which topic."""
        self._routes = routes

    async def route_for(self, route: Route, event: Incoming, user: User) -> Route:
        """The route for what somebody wrote: that of the question if one is open, otherwise `route`; never raises.

        Who sends a command has turned to something else: what is written after it is no answer any more.
        """
        if not isinstance(event, IncomingMessage) or not event.is_private or self._roles.role_in(user) is Role.READER:
            return route
        if event.is_forwarded:  # somebody else's words answer nothing
            return route
        if isinstance(route.trigger, Command) and route.name != _CANCEL:
            await self._conversations.end(user.id)
        if not isinstance(route.trigger, PrivateText | PostAddress):
            return route
        conversation = await self._conversations.current(user.id)
        return route if conversation is None else self._routes.get(conversation.topic, route)
