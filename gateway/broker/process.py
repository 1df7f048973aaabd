"""A program that is kept running: started, watched, started again, and never left behind."""

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import socket
import ssl
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from gateway.broker.verdict import LogReader, Verdict
from gateway.errors import BrokerAddress, BrokerError
from gateway.logs import logger

LINES_KEPT = 200
LINES_A_SECOND = 50
LINE_MAX_BYTES = 4096
# A broker at load writes 20,000 lines a second, each with a write of its own: they are read together.
READ_EVERY_S = 0.02
READ_BYTES = 1 << 20
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
STABLE_S = 10.0
READY_S = 15.0
STOP_S = 5.0
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Supervised:
    """One program, run until `stop`.

    The kernel ends it when we die (Linux); its pid file lets the next gateway end one that was left over all
    the same, before it starts its own on the same port and the same files. `on_restart` is called at each
    start after the first; `tls` is that of a client, to see whether it serves. `log_reader()` reads the log of one
    run; what it finds goes to `on_refusal`, each time.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        pid_path: Path,
        address: tuple[str, int],
        on_restart: Callable[[], None],
        tls: ssl.SSLContext,
        log_reader: Callable[[], LogReader],
        on_refusal: Callable[[Verdict], None],
    ) -> None:
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._left_out = 0
        self.pid: int | None = None
        self.restarts = 0
        self._name = name
        self._command = list(command)
        self._pid_path = pid_path
        self._address = address
        self._on_restart = on_restart
        self._tls = tls
        self._log_reader = log_reader
        self._on_refusal = on_refusal
        self._stopping = False
        self._second, self._written = 0, 0
        self._log = logger("broker")

    async def run(self, ready: asyncio.Event) -> None:
        """Keep it running; sets `ready` when it first accepts connections. Returns after `stop`.

        Raises BrokerError when its address is taken, or when it ends before it was ever ready: then waiting
        would not help.
        """
        pause_s = FIRST_PAUSE_S
        await self._end_left_over()
        self._check_address()
        while not self._stopping:
            process, written = await self._spawn()
            started_s = asyncio.get_running_loop().time()
            reader = asyncio.create_task(self._read_lines(written), name=f"{self._name}-log")
            try:
                if await self._accepts(process):
                    ready.set()
                await process.wait()
            finally:
                await self._end(process)
                await reader
                self._forget_pid()
            if self._stopping:
                break
            last = self.lines[-1] if self.lines else ""
            if not ready.is_set():
                raise BrokerError(f"{self._name} ended with status {process.returncode} at its start: {last}")
            if asyncio.get_running_loop().time() - started_s > STABLE_S:
                pause_s = FIRST_PAUSE_S
            self._log.error("broker_ended", status=process.returncode, again_in_s=pause_s, last_line=last)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            self.restarts += 1
            self._on_restart()

    def reload(self) -> None:
        """Have it read its configuration again."""
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGHUP)

    def stop(self) -> None:
        """End it, and do not start it again."""
        self._stopping = True
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def _check_address(self) -> None:
        host, port = self._address
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(self._address)
            except (OSError, UnicodeError) as error:
                number = getattr(error, "errno", None)
                if number not in (errno.EADDRINUSE, errno.EACCES):
                    raise BrokerAddress(host, f"it cannot be listened on: {error}") from None
                raise BrokerError(
                    f"{host}:{port} cannot be used for the broker: {os.strerror(number)}; "
                    "set broker.port, or 0 for any"
                ) from None

    async def _spawn(self) -> tuple[asyncio.subprocess.Process, int]:
        """The process, and the end of the pipe at which its lines are read."""
        read, write = os.pipe()
        os.set_blocking(read, False)
        with contextlib.suppress(AttributeError, OSError):  # Linux; elsewhere 64 KiB must do
            fcntl.fcntl(read, fcntl.F_SETPIPE_SZ, READ_BYTES)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write,
                stderr=write,
                preexec_fn=_end_with_parent if _libc is not None else None,
                start_new_session=True,  # a Ctrl-C in the terminal is for us; we end it in our order
            )
        except BaseException:
            os.close(read)
            raise
        finally:
            os.close(write)
        self.pid = process.pid
        self._pid_path.write_text(f"{process.pid}\n")
        return process, read

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()

    async def _accepts(self, process: asyncio.subprocess.Process) -> bool:
        deadline_s = asyncio.get_running_loop().time() + READY_S
        while process.returncode is None and not self._stopping:
            try:
                # With a whole handshake: a bare connection would be an error in the broker's log.
                _, writer = await asyncio.open_connection(*self._address, ssl=self._tls)
            except OSError:
                if asyncio.get_running_loop().time() > deadline_s:
                    self._log.error("broker_does_not_listen", address=self._address, waited_s=READY_S)
                    process.terminate()
                    return False
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return True
        return False

    async def _read_lines(self, descriptor: int) -> None:
        """Until the process has ended: what it refuses is told of, the rest is written down within bounds."""
        reader, rest = self._log_reader(), b""
        self._second, self._written = 0, 0
        try:
            while chunk := await _readable(descriptor):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if not reader.noise(line):
                        self._read_line(reader, line)
                if len(rest) > LINE_MAX_BYTES:
                    self._left_out += 1
                    rest = b""
                await asyncio.sleep(READ_EVERY_S)
            if rest:
                self._read_line(reader, rest)
        finally:
            self._say_left_out()
            os.close(descriptor)

    def _read_line(self, reader: LogReader, raw: bytes) -> None:
        line = raw[:LINE_MAX_BYTES].decode("utf-8", "replace").rstrip()
        verdict = reader.verdict(line)
        if verdict is not None:
            self._on_refusal(verdict)
        if verdict is not None or reader.detail(line):
            return
        now = int(asyncio.get_running_loop().time())
        if now != self._second:
            self._second, self._written = now, 0
            self._say_left_out()
        self._written += 1
        if self._written > LINES_A_SECOND:
            self._left_out += 1
            return
        self.lines.append(line)
        serious = "[ERR]" in line or "[FTL]" in line or "rror" in line
        (self._log.warning if serious else self._log.debug)("broker_says", line=line)

    def _say_left_out(self) -> None:
        if self._left_out:
            self._log.warning("broker_lines_left_out", lines=self._left_out)
            self._left_out = 0

    async def _end_left_over(self) -> None:
        pid = self._left_over()
        if pid is None:
            return
        self._log.warning("broker_left_over", pid=pid, done="ended before a new one is started")
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            for _ in range(int(STOP_S / 0.02)):
                if self._left_over() is None:
                    return
                await asyncio.sleep(0.02)
        raise BrokerError(f"an earlier {self._name} (process {pid}) does not end; end it by hand")

    def _left_over(self) -> int | None:
        """The process of the pid file, if it is still the program with our configuration."""
        try:
            pid = int(self._pid_path.read_text())
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return pid if self._command[-1].encode() in words else None

    def _forget_pid(self) -> None:
        self.pid = None
        self._pid_path.unlink(missing_ok=True)


async def _readable(descriptor: int) -> bytes:
    """What can be read now, at least one byte; nothing at the end."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            return os.read(descriptor, READ_BYTES)
        except BlockingIOError:
            ready = asyncio.Event()
            loop.add_reader(descriptor, ready.set)
            try:
                await ready.wait()
            finally:
                loop.remove_reader(descriptor)


def _end_with_parent() -> None:
    assert _libc is not None
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
