"""Whether this version of the bot can be put together with these settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.container import open_container
from core.lifecycle import EXIT_STOPPED
from handlers import build_manager

if TYPE_CHECKING:
    from config.settings import BootstrapSettings


async def check_start(settings: BootstrapSettings) -> int:
    """Build everything, start nothing and connect to nothing; returns the exit code.

    Raises:
        ConfigurationError: the client cannot be built from these settings.
    """
    async with open_container(settings) as container:
        build_manager(container)
    return EXIT_STOPPED
