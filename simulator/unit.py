"""One simulated body-worn unit: the real firmware, its board, its receiver and its link."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from simulator.board import Board, Message
from simulator.clock import Clock, SystemClock
from simulator.errors import BoardWireError, UnitExited, UnitTimeout
from simulator.felt import Felt, FeltLog
from simulator.finger import Finger
from simulator.gnss import Mode, Receiver
from simulator.installation import find_installation
from simulator.link import Link
from simulator.media import Media
from simulator.process import BoundedLog, Process
from simulator.speaker import Speaker
from simulator.track import Track
from simulator.unit_config import UnitConfig, card_environment, heap_of, point_at, read_unit_file

HELLO_S = 30.0
QUIT_S = 3.0
KEPT_EVENTS = 200
STORED = 1  # status of a receipt, docs/wire.md
SPARE_MS = 200  # that a button is held longer than it need be
CRASHES_IN_A_ROW = 5  # without a hello between them; then the unit stays down
RESTART_S = 0.5
TOLD_EVENTS = 12


class Unit:
    """Async context manager. Entering starts link, board and firmware and waits for its greeting.

    What the unit tells is kept bounded: `felt` 1,000, `events` and `alarms` 200. Times are seconds of
    the clock's `monotonic_s`.
    """

    def __init__(self, config: UnitConfig, *, clock: Clock | None = None) -> None:
        """Raises NotFound when the home, the interpreter or the firmware is missing."""
        settings = read_unit_file(config.home)
        self.config = config
        self.unit_id = str(settings["unit_id"])
        self.court_id = str(settings.get("court_id", ""))
        self._clock = clock if clock is not None else SystemClock()
        self._installation = find_installation(config.root)
        self._log = BoundedLog(config.home / "unit.log")
        self._process = Process(self._log)
        self._board = Board(self._heard, self._changed)
        alarm_ms = (
            int(str(settings.get("hold_ms", 1000))) + SPARE_MS if config.hold_ms is None else config.hold_ms
        )
        self._finger = Finger(self._board, self._clock, alarm_ms)
        self._felt = FeltLog()
        self._stack = AsyncExitStack()
        self._watch: asyncio.Task[None] | None = None
        self._spawning = asyncio.Lock()
        self._hello_number = 0
        self._wanted = False  # whether the firmware is to run
        self.link = Link(config.broker_host, config.broker_port, clock=self._clock, seed=config.seed)
        self.gnss = Receiver(self._board.feed_gnss, self._clock, seed=config.seed)
        self.media = Media(self._clock, config.camera, config.microphone)
        self.speaker = Speaker(self._clock, config.speaker, self._felt.wake)
        self.events: deque[tuple[float, str]] = deque(maxlen=KEPT_EVENTS)
        self.alarms: deque[tuple[float, str]] = deque(maxlen=KEPT_EVENTS)  # (when, alarm id in hex)
        self._stored_s: dict[str, float] = {}  # alarm id to when its receipt "stored" reached the unit
        self.stats: Message = {}
        self.counts: dict[str, int] = {"starts": 0, "exits": 0, "watchdog": 0, "led": 0}
        self.boot: int | None = None
        self.firmware = ""
        self.connected = False  # what the unit says of its MQTT connection
        self.battery_pct = 90.0

    # --- life -----------------------------------------------------------------------------------------

    async def __aenter__(self) -> Unit:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.link)
            stack.push_async_callback(self._board.close)
            await self._board.start()
            await stack.enter_async_context(self.gnss)
            await stack.enter_async_context(self.media)
            await stack.enter_async_context(self.speaker)
            stack.push_async_callback(self.stop)
            point_at(self.config.home, self.link.host, self.link.port, self.config.settings)
            self.battery(self.battery_pct)
            self.signal(-75)
            self.storage(free_kib=28_000_000, total_kib=31_000_000)
            await self.start()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def start(self, timeout_s: float = HELLO_S) -> None:
        """Switch the power on and wait for the greeting. Raises UnitExited, UnitTimeout or RuntimeError."""
        before = self._hello_number
        async with self._spawning:
            if self._process.running:
                raise RuntimeError(f"unit {self.unit_id} runs already")
            await self._end_watch()
            self._wanted = True
            await self._spawn()
            self._watch = asyncio.create_task(self._watch_process(), name=f"unit {self.unit_id} process")

        def greeted_or_off() -> bool:
            return self._hello_number > before or not self._wanted

        await self._until(greeted_or_off, timeout_s, "no greeting from the firmware")
        if self._hello_number == before:
            raise UnitExited(self.unit_id, "switched off while it started", self.log_tail())

    async def _spawn(self) -> None:
        installation = self._installation
        command = [str(installation.micropython), "-X", f"heapsize={heap_of(self.config)}"]
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "MICROPYPATH": installation.module_path,
            "TIPSTAFF_BOARD": "sim",
            "TIPSTAFF_SIM_CONTROL": str(self._board.control_port),
            "TIPSTAFF_SIM_GNSS": str(self._board.gnss_port),
            "TIPSTAFF_HOME": str(self.config.home.resolve()),
            **self.media.environment(),
            **self.speaker.environment(),
            **card_environment(self.config),
        }
        self.counts["starts"] += 1
        await self._process.start(
            [*command, str(installation.firmware / "main.py")], env=env, cwd=self.config.home
        )

    async def _watch_process(self) -> None:
        """Notice when the firmware ends by itself and, when so configured, start it again."""
        in_a_row, greeted = 0, self._hello_number
        while True:
            status = await self._process.wait()
            self.connected = False
            if self._wanted:
                self.counts["exits"] += 1
                self.events.append((self._clock.monotonic_s(), f"firmware ended with status {status}"))
                in_a_row = 0 if self._hello_number > greeted else in_a_row + 1
            if not self._wanted or not self.config.restart_on_exit or in_a_row >= CRASHES_IN_A_ROW:
                self._changed()
                return
            greeted = self._hello_number
            await self._clock.sleep_s(RESTART_S)
            async with self._spawning:
                if not self._wanted:
                    return
                await self._spawn()

    async def kill(self) -> None:
        """SIGKILL; the kernel closes its connections, which the broker notices. Harmless when it is off."""
        self._wanted = False
        async with self._spawning:  # uncontended it does not yield: SIGKILL goes out at once
            await self._process.kill()
        await self._reap()

    async def power_cut(self) -> None:
        """As `kill`, but the broker hears nothing, as when the battery falls out."""
        self._wanted = False
        self.link.abandon()
        await self.kill()

    async def restart(self) -> None:
        """Power cut and start again."""
        await self.power_cut()
        await self.start()

    async def stop(self) -> None:
        """Ask the firmware to end; kill it when it has not after 3 s."""
        self._wanted = False
        if self._process.running and self._board.tell({"t": "quit"}):
            waiting = asyncio.create_task(self._process.wait(), name=f"unit {self.unit_id} ends")
            await asyncio.wait({waiting}, timeout=QUIT_S)
        await self.kill()

    async def _reap(self) -> None:
        await self._end_watch()
        await self._board.drain()
        self._board.disconnect()
        self.media.disconnect()
        self.speaker.disconnect()
        self._changed()

    async def _end_watch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None

    @property
    def running(self) -> bool:
        """Whether the firmware's process is alive."""
        return self._process.running

    @property
    def pid(self) -> int | None:
        """The firmware's process (and process group), while it runs."""
        return self._process.pid

    @property
    def log_path(self) -> Path:
        """The file with the firmware's output (the older half beside it as `*.1`)."""
        return self._log.path

    def log_tail(self, lines: int = 12) -> tuple[str, ...]:
        """The newest lines of the firmware's output."""
        return self._log.tail(lines)

    # --- what the officer does ------------------------------------------------------------------------

    async def press(self, hold_ms: int | None = None) -> float:
        """Hold the button, then let go; returns when it had gone down. Default: long enough for an alarm."""
        return await self._finger.press(hold_ms)

    async def short_presses(self, number: int) -> float:
        """Press `number` times shortly; returns when the first went down."""
        return await self._finger.short_presses(number)

    def button(self, down: bool) -> float:
        """Move the button; returns when."""
        return self._finger.move(down)

    # --- the world around it --------------------------------------------------------------------------

    def battery(self, pct: float, charging: bool = False) -> None:
        """Set the battery; the voltage follows a lithium cell from 3.3 V empty to 4.2 V full."""
        self.battery_pct = min(100.0, max(0.0, float(pct)))
        mv = round(3300 + 9 * self.battery_pct)
        self._board.tell({"t": "battery", "pct": round(self.battery_pct), "mv": mv, "charging": charging})

    def signal(self, dbm: int, network: str = "lte") -> None:
        """Set the radio signal in dBm (negative)."""
        self._board.tell({"t": "signal", "dbm": dbm, "network": network})

    def storage(self, free_kib: int, total_kib: int) -> None:
        """Set the memory card's space."""
        self._board.tell({"t": "storage", "free_kib": free_kib, "total_kib": total_kib})

    def card(self, present: bool) -> None:
        """Put the memory card in, or pull it out."""
        self._board.tell({"t": "card", "present": present})

    def fault(self, name: str) -> None:
        """Kill the firmware's task `name`, for tests of its supervisor."""
        self._board.tell({"t": "fault", "kind": "task", "name": name})

    def follow(self, track: Track, speed: float = 1.0, start_s: float = 0.0) -> None:
        """Move along `track`, to and fro, `speed` times as fast as recorded."""
        self.gnss.follow(track, speed, start_s)

    def gnss_mode(self, mode: Mode) -> None:
        """Let the receiver misbehave, see `simulator.gnss.output`."""
        self.gnss.mode = mode

    # --- what it does ---------------------------------------------------------------------------------

    @property
    def felt(self) -> list[Felt]:
        """What the officer felt, oldest first."""
        return self._felt.entries()

    def felt_since(self, pattern: str, since_s: float) -> Felt | None:
        """The oldest `pattern` felt at or after `since_s`, whoever was given it before."""
        return self._felt.first(pattern, since_s=since_s)

    async def wait_news(self) -> None:
        """Until the unit told something, or ended, after this call began."""
        await self._felt.news()

    async def wait_felt(self, pattern: str, timeout_s: float = 30.0, since_s: float | None = None) -> Felt:
        """The oldest `pattern` that no earlier call was given (felt at or after `since_s`).

        Raises UnitTimeout with the log's last lines, UnitExited when the firmware ended for good.
        """
        since_s = float("-inf") if since_s is None else since_s
        found: list[Felt] = []

        def look() -> bool:
            felt = self._felt.take(pattern, since_s)
            if felt is not None:
                found.append(felt)
            return felt is not None

        felt_so_far = ", ".join(felt.pattern for felt in self.felt[-8:]) or "nothing"
        await self._until(look, timeout_s, f"did not feel {pattern!r} (felt before: {felt_so_far})")
        return found[0]

    async def wait_stored(self, timeout_s: float = 30.0, since_s: float = float("-inf")) -> float:
        """When the receipt "stored" of the newest alarm raised at or after `since_s` reached the unit.

        Raises as `wait_felt`.
        """

        def look() -> float:
            raised = [alarm_id for at_s, alarm_id in self.alarms if at_s >= since_s]
            return self._stored_s.get(raised[-1], 0.0) if raised else 0.0

        await self._until(lambda: look() > 0, timeout_s, "no receipt that the alarm is stored")
        return look()

    async def wait_spoken(self, timeout_s: float = 30.0, since_s: float = float("-inf")) -> float:
        """When the loudspeaker began to speak, at or after `since_s`. Raises as `wait_felt`."""
        await self._until(lambda: self.speaker.spoken_s(since_s) is not None, timeout_s, "nothing was said")
        return self.speaker.spoken_s(since_s) or 0.0

    async def wait_connected(self, timeout_s: float = 30.0) -> None:
        """Until the unit says that its MQTT connection stands. Raises as `wait_felt`."""
        await self._until(lambda: self.connected, timeout_s, "did not connect to the broker")

    async def wait_disconnected(self, timeout_s: float = 60.0) -> None:
        """Until the unit has noticed that its MQTT connection is gone. Raises as `wait_felt`."""
        await self._until(lambda: not self.connected, timeout_s, "did not notice the lost connection")

    async def wait_event(self, part: str, timeout_s: float = 30.0) -> str:
        """The newest event text that contains `part`, waiting for it. Raises as `wait_felt`."""
        found: list[str] = []

        def look() -> bool:
            found.extend(text for _, text in reversed(self.events) if part in text)
            return bool(found)

        await self._until(look, timeout_s, f"no event with {part!r}")
        return found[0]

    async def _until(self, reached: Callable[[], bool], timeout_s: float, problem: str) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not reached():
                    if (
                        self._wanted
                        and not self._process.running
                        and (self._watch is None or self._watch.done())
                    ):
                        status = self._process.returncode
                        why = f"{problem}: the firmware ended with status {status}"
                        raise UnitExited(self.unit_id, why, self.log_tail())
                    await self._felt.news()
        except TimeoutError:
            told = tuple(f"{at_s - self._clock.monotonic_s():.1f} s: {text}" for at_s, text in self.events)
            why = f"{problem} within {timeout_s:g} s"
            raise UnitTimeout(self.unit_id, why, (*told[-TOLD_EVENTS:], *self.log_tail())) from None

    def _changed(self) -> None:
        if not self._board.connected:
            self.connected = False
        self._felt.wake()

    def _heard(self, message: Message) -> None:
        """Take a control message. Unknown kinds are counted; raises BoardWireError for wrong fields."""
        now_s = self._clock.monotonic_s()
        kind = str(message["t"])
        if kind == "motor":
            pulses = message.get("pulses_ms", [])
            mono = message.get("mono_ms")
            if not isinstance(pulses, list) or not isinstance(message.get("pattern"), str):
                raise BoardWireError("motor without pattern or pulses_ms")
            steps = tuple(value for value in pulses if isinstance(value, int))
            self._felt.add(str(message["pattern"]), now_s, steps, mono if isinstance(mono, int) else None)
        elif kind == "hello":
            boot = message.get("boot")
            self.boot = boot if isinstance(boot, int) else None
            self.firmware = str(message.get("firmware", ""))[:64]
            self._hello_number += 1
        elif kind == "mqtt":
            self.connected = message.get("connected") is True
        elif kind == "event":
            self.events.append((now_s, str(message.get("text", ""))[:400]))
        elif kind == "alarm":
            self.alarms.append((now_s, str(message.get("id", ""))[:64]))
        elif kind == "receipt":
            if message.get("status") == STORED:
                self._stored_s[str(message.get("id", ""))[:64]] = now_s
                while len(self._stored_s) > KEPT_EVENTS:
                    del self._stored_s[next(iter(self._stored_s))]
        elif kind == "stats":
            self.stats = message
        elif kind == "camera":
            self.media.configure(message)
        elif kind in ("watchdog", "led"):
            self.counts[kind] += 1
        else:
            self.counts["unknown"] = self.counts.get("unknown", 0) + 1
        self._felt.wake()
