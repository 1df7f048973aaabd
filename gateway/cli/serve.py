"""`tipstaff serve`: run the gateway until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from typing import TYPE_CHECKING

import typer

from gateway.cli.options import Config, settings_of

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("serve")(serve)


def serve(config: Config = None) -> None:
    """Run the gateway: broker, dispatch and console, until Ctrl-C or SIGTERM.

    SIGHUP reads the registers of units and courts again. Without any settings it runs the embedded broker and
    serves the console at http://127.0.0.1:8440, with everything it keeps in ./tipstaff-data.
    """
    # Almost all that is made until the gateway is ready stays: looking for garbage meanwhile took a tenth of a start.
    gc.disable()
    from gateway.logs import configure

    settings = settings_of(config)
    configure(settings.log)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    from gateway.app import Gateway

    gateway = Gateway(settings)
    loop = asyncio.get_running_loop()
    stopping, asked = asyncio.Event(), asyncio.Event()
    # From the first moment on: `tipstaff provision` may ask while we start, and unheard it would end us.
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    started = asyncio.create_task(gateway.start(), name="start")
    stop_asked = asyncio.create_task(stopping.wait(), name="stop-asked")
    await asyncio.wait((started, stop_asked), return_when=asyncio.FIRST_COMPLETED)
    if started.done():
        await started
        # What is there now stays: each full collection would look at all of it again, with everybody waiting.
        gc.freeze()
        gc.enable()
        reloading = asyncio.create_task(_reload_when(asked, gateway), name="reload")
        ended = asyncio.create_task(gateway.wait(), name="ended")
        await asyncio.wait((ended, stop_asked), return_when=asyncio.FIRST_COMPLETED)
        reloading.cancel()
    else:
        started.cancel()
    await gateway.stop()


async def _reload_when(asked: asyncio.Event, gateway: Gateway) -> None:
    """Each time that `asked` is set: any number of times at once is one reload."""
    from gateway.errors import TipstaffError
    from gateway.logs import logger

    while True:
        await asked.wait()
        asked.clear()
        try:
            await gateway.reload()
        except (TipstaffError, OSError) as error:
            logger("gateway").error("registers_not_read", error=str(error), done="ask again with SIGHUP")
