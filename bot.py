"""Process entry: read flags and settings, open the container, serve until a signal."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from config.flags import read_flags
from config.settings import BootstrapSettings, load_settings
from core.container import Container, open_container
from core.errors import ConfigurationError, TelegramUnavailableError
from core.lifecycle import EXIT_CONFIGURATION, EXIT_RESTART, EXIT_UNAVAILABLE, ShutdownSignal, exit_at_the_latest
from core.observability.logging import log_process
from handlers import build_manager
from handlers.start_check import check_start
from updater.hand_over import run_current

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence


async def serve(
    settings: BootstrapSettings,
    *,
    on_ready: Callable[[Container], Coroutine[Any, Any, None]] | None = None,
    runs_again: bool = False,
    **parts: Any,
) -> int:
    """Run the bot until SIGINT or SIGTERM, or until it cannot hear Telegram any more; returns the exit code.

    Args:
        settings: where everything is.
        on_ready: called once when the bot answers.
        runs_again: the process stays when a restart is asked for, and calls this again.
        parts: what else `open_container` takes: stores, clock, routes of the HTTP sidecar.
    """
    stop = ShutdownSignal().install()
    async with open_container(settings, stop=stop, **parts) as container:
        manager = build_manager(container)
        manager.register(container.client)
        try:
            if await stop.unless_asked(container.start(manager.introduce)):
                container.shutdown.push("updates", manager.cleanup)
                if on_ready is not None:
                    container.tasks.spawn(on_ready(container), name="on_ready")
                await stop.wait()
        finally:
            exit_code = stop.exit_code if stop.is_set else EXIT_UNAVAILABLE
            last_resort = exit_at_the_latest(settings.shutdown_deadline_s, exit_code)
    if runs_again and exit_code == EXIT_RESTART:
        last_resort.cancel()
    return stop.exit_code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bot, or the demo; returns the exit code."""
    flags = read_flags(arguments)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if flags.demo:
                from sandbox.demo import run_demo

                return runner.run(run_demo(serve, port=flags.port, datacenter_port=flags.datacenter_port))
            settings = load_settings()
            log_process(settings)
            return runner.run(check_start(settings) if flags.check else serve(settings))
    except (ConfigurationError, TelegramUnavailableError) as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIGURATION if isinstance(error, ConfigurationError) else EXIT_UNAVAILABLE


if __name__ == "__main__":
    run_current(Path(__file__))
    sys.exit(main())
