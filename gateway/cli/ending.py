"""How a command that runs for a while ends on a signal: tidily, with nothing left behind."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

T = TypeVar("T")
STOPPED = 130


def until_signal(work: Coroutine[Any, Any, T], status: int = STOPPED) -> T:
    """Run `work`; Ctrl-C, SIGTERM and a closed terminal end it as an error inside it would.

    Raises typer.Exit with `status` when it was ended so, after everything that `work` had opened is closed.
    """

    async def run() -> T:
        task = asyncio.current_task()
        assert task is not None
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await work

    try:
        return asyncio.run(run())
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("tipstaff: stopped", err=True)
        raise typer.Exit(status) from None
