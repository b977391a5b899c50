"""Every handler of the bot, built in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.container import Container
    from handlers.base import BaseHandler
    from handlers.manager import HandlerManager


def build_handlers(container: Container) -> Sequence[BaseHandler]:
    """The one list of every handler; each gets only the services it uses."""
    from handlers.file import FileHandler
    from handlers.inline import InlineHandler
    from handlers.search import SearchHandler
    from handlers.search_help import SearchHelpHandler
    from handlers.start import StartHandler

    return (
        StartHandler(container.telegram, container.links, container.delivery, container.search),
        SearchHelpHandler(container.telegram),
        SearchHandler(container.telegram, container.search),
        InlineHandler(container.telegram, container.inline_search),
        FileHandler(container.telegram, container.delivery),
    )


def build_manager(container: Container) -> HandlerManager:
    """Routes, pipeline and the channel handler over one container, ready to be registered."""
    from handlers.channel import ChannelHandler
    from handlers.command_menu import CommandMenu
    from handlers.manager import HandlerManager
    from handlers.pipeline import UpdatePipeline

    pipeline = UpdatePipeline(
        container.access, container.limiter, container.telegram, container.catalogue, container.metrics, container.clock
    )
    menu = CommandMenu(container.telegram, container.catalogue, container.clock)
    handlers, channel_handler = build_handlers(container), ChannelHandler(container.index_list)
    return HandlerManager(handlers, channel_handler, pipeline, menu, container.tasks)
