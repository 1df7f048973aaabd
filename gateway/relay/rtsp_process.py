"""Keeps the RTSP process running: nothing else of the gateway waits for it, and nothing is harmed when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from pathlib import Path
from typing import Any

from gateway.live_settings import RtspSettings
from gateway.logs import logger
from gateway.metrics import Metrics

CHILD = Path(__file__).with_name("rtsp_child.py")
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
MISSING_PAUSE_S = 60.0
STABLE_S = 10.0
STOP_S = 3.0
MISSING = 3
LINE_MAX_BYTES = 4096
SPARE_CLIENTS = 8
PACKAGES = (
    "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "glib-networking"
)
log = logger("rtsp")


class RtspProcess:
    """`run()` until cancelled. `problem`: why nobody can watch by RTSP just now, or None; `port`: where it listens."""

    def __init__(self, settings: RtspSettings, folder: Path, metrics: Metrics) -> None:
        self.problem: str | None = "it starts"
        self.port: int | None = None
        self.pid: int | None = None
        self._settings = settings
        self._folder = folder
        self._metrics = metrics
        self.ready = asyncio.Event()

    def health(self) -> dict[str, Any]:
        """Its part of the health. It is never ill as a whole: no alarm needs RTSP."""
        return {"ok": True, "problem": self.problem}

    async def run(self) -> None:
        """See the class."""
        pause_s = FIRST_PAUSE_S
        while True:
            started_s = asyncio.get_running_loop().time()
            try:
                status, last = await self._once()
            except OSError as error:
                status, last = MISSING, f"{self._settings.python}: {error.strerror}"
            self.problem = _why(status, last, self._settings)
            if status == MISSING:
                pause_s = MISSING_PAUSE_S
            elif asyncio.get_running_loop().time() - started_s > STABLE_S:
                pause_s = FIRST_PAUSE_S
            log.error("rtsp_ended", problem=self.problem, again_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            self._metrics.rtsp_restarts.inc()

    async def _once(self) -> tuple[int, str]:
        """(status with which it ended, its last line)."""
        chosen = self._settings
        arguments = {
            "host": chosen.host,
            "port": chosen.port,
            "clients": chosen.sessions + SPARE_CLIENTS,
            "tls": [str(path.absolute()) for path in chosen.tls] if chosen.tls is not None else None,
        }
        process = await asyncio.create_subprocess_exec(
            *(str(chosen.python), "-I", "-B", str(CHILD), json.dumps(arguments)),
            cwd=self._folder,
            env={name: value for name, value in os.environ.items() if not name.startswith("TIPSTAFF_")},
            stdin=asyncio.subprocess.PIPE,  # it ends when we do
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LINE_MAX_BYTES,
            start_new_session=True,
        )
        assert process.stdout is not None and process.stdin is not None
        self.pid, last = process.pid, ""
        try:
            while line := await _line_of(process.stdout):
                last = line
                word, _, rest = line.partition(" ")
                if word == "ready":
                    self.problem, self.port = None, int(rest)
                    log.info("rtsp_ready", host=chosen.host, port=self.port)
                    self.ready.set()
            return await process.wait(), last
        finally:
            self.pid = None
            self.ready.clear()
            await _end(process)


async def _line_of(stream: asyncio.StreamReader) -> str:
    """The next line; of one that is too long, that it was; empty at the end."""
    try:
        return (await stream.readline()).decode("utf-8", "replace").strip() or ""
    except ValueError:
        return "a line that is too long"


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _why(status: int, last: str, settings: RtspSettings) -> str:
    if status == MISSING:
        return f"RTSP needs GStreamer's server and {settings.python} ({last}): apt-get install {PACKAGES}"
    return f"the RTSP process ended with status {status}: {last}"[:300]
