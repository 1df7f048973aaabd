"""A loudspeaker for a test: PulseAudio's null sink, of a server of the test's own, and an ear at its monitor."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np

RATE_HZ = 16_000
KEPT_S = 2
READY_S = 20.0
NEEDED = "the tests need PulseAudio: run `make system`"


class Room:
    """What can be heard in the room of the loudspeaker. `environment` is for programs that play there."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self.heard = np.zeros(0, np.float32)
        """The last KEPT_S."""
        self._news = asyncio.Event()

    async def listen(self, stream: asyncio.StreamReader) -> None:
        """Until the end of `stream`, which is raw 16-bit sound."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                block = np.frombuffer(await stream.readexactly(RATE_HZ // 5), "<i2") / 32768
                self.heard = np.concatenate((self.heard, block.astype(np.float32)))[-KEPT_S * RATE_HZ :]
                self._news.set()
                self._news = asyncio.Event()

    async def until(self, hears: Callable[[np.ndarray], bool], what: str, within_s: float = 30.0) -> None:
        """Until `hears` is true of the last KEPT_S. Raises TimeoutError."""
        try:
            async with asyncio.timeout(within_s):
                while len(self.heard) < KEPT_S * RATE_HZ or not hears(self.heard):
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"{what} was not heard within {within_s:g} s") from None


@contextlib.asynccontextmanager
async def room(folder: Path) -> AsyncIterator[Room]:
    """A room that is silent until something plays."""
    assert shutil.which("pulseaudio") and shutil.which("parec"), NEEDED
    folder.mkdir()
    socket = folder / "sound.sock"
    (folder / ".asoundrc").write_text(
        "pcm.!default { type pulse }\nctl.!default { type pulse }\n"
        'pcm.monitor { type pulse device "room.monitor" hint { show on description "room" } }\n'
    )
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "PULSE_SERVER": f"unix:{socket}",
        "PULSE_COOKIE": str(folder / "cookie"),
    }
    modules = (
        "module-null-sink sink_name=room rate=48000 channels=2",
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
    )
    words = [
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--use-pid-file=no",
        "--disable-shm=yes",
    ]
    for module in modules:
        words += ["-L", module]
    with (folder / "log").open("wb") as log:
        server = await asyncio.create_subprocess_exec(*words, env=environment, stdout=log, stderr=log)
    ear = None
    try:
        async with asyncio.timeout(READY_S):
            while True:
                assert server.returncode is None, (folder / "log").read_text()
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_unix_connection(str(socket))
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        ear = await asyncio.create_subprocess_exec(
            *(
                "parec",
                "-d",
                "room.monitor",
                f"--rate={RATE_HZ}",
                "--channels=1",
                "--format=s16le",
                "--latency-msec=50",
            ),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        assert ear.stdout is not None
        found = Room(environment)
        listening = asyncio.create_task(found.listen(ear.stdout))
        try:
            yield found
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    finally:
        for process in (ear, server):
            if process is not None and process.returncode is None:
                process.terminate()
                # `wait` alone waits for the end of a pipe, which one whose reading is paused never comes to.
                await process.communicate()
