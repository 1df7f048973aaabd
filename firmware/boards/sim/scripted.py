"""The board of a test: everything in process, every level set by the test, everything shown kept in lists."""

import asyncio
from asyncio import core  # type: ignore[attr-defined]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ScriptedGnss:
    """A byte stream that a test fills; an empty one waits for ever, as a silent receiver does."""

    def __init__(self) -> None:
        self.waiting = b""
        self._bell: Any = None

    def send(self, data: bytes) -> None:
        """Bytes as they come from the receiver."""
        self.waiting += data
        if self._bell is not None:
            self._bell.set()

    async def readinto(self, buffer) -> int:
        """Waits for bytes and takes as many as fit; returns how many."""
        if self._bell is None:
            self._bell = asyncio.Event()
        while not self.waiting:
            self._bell.clear()
            await self._bell.wait()
        size = min(len(buffer), len(self.waiting))
        buffer[:size] = self.waiting[:size]
        self.waiting = self.waiting[size:]
        return size


class ScriptedCamera:
    """Pictures at even times: `make(number)` gives each as bytes; the loop's clock may be virtual."""

    late_ms = 0

    def __init__(self, make, fps: int = 8) -> None:
        self.make = make
        self.width, self.height, self.fps = 320, 240, fps
        self.number = 0
        self._due_ms: Any = None

    def configure(self, width: int, height: int, fps: int, most_bytes: int) -> None:
        """Keeps its own size and pace."""

    async def frame(self):
        """The next picture, when it is due."""
        if self._due_ms is None:
            self._due_ms = core.ticks()
        await asyncio.sleep_ms(max(0, self._due_ms - core.ticks()))
        self._due_ms += 1000 // self.fps
        self.number += 1
        return self.make(self.number)


class ScriptedMicrophone:
    """Samples at even times, 20 ms at once: each is the low 16 bits of how many there were before."""

    def __init__(self, rate_hz: int = 16_000) -> None:
        self.rate_hz = rate_hz
        self.samples = 0
        self._due_ms: Any = None

    async def readinto(self, buffer) -> int:
        """Waits for the next 20 ms."""
        if self._due_ms is None:
            self._due_ms = core.ticks()
            self._began_ms = self._due_ms
            self._base = self.samples
        count = min(len(buffer) // 2, 320)
        due_ms = self._began_ms + (self.samples - self._base + count) * 1000 // self.rate_hz
        await asyncio.sleep_ms(max(0, due_ms - core.ticks()))
        self.samples += count
        return 2 * count


class ScriptedSpeaker:
    """Takes 20 ms when there is room in 40, as a DMA does. `played`: (ms at which it begins to sound, samples)."""

    def __init__(self, most_played: int = 500) -> None:
        self.played: list = []
        self._until_ms: Any = None
        self._most = most_played

    async def play(self, samples) -> None:
        """Waits for room."""
        length_ms = len(samples) // 32
        now_ms = core.ticks()
        if self._until_ms is None or self._until_ms < now_ms:
            self._until_ms = now_ms
        self.played.append((self._until_ms, bytes(samples)))
        if len(self.played) > self._most:
            self.played.pop(0)
        self._until_ms += length_ms
        await asyncio.sleep_ms(max(0, self._until_ms - now_ms - 40))


class Reset(BaseException):
    """The board was reset."""


class ScriptedBoard:
    """See `boards`. `shown` holds (what, facts); `open_stream` is the test's."""

    def __init__(self, home: str, open_stream=None, most_shown: int = 200) -> None:
        self.home = home
        self.gnss = ScriptedGnss()
        self.camera: Any = None
        self.microphone: Any = None
        self.speaker: Any = None
        self.card_now: str | None = None
        self.card_space_now: tuple = (1_000_000, 2_000_000)
        self.cards_lost = 0
        self.on_edge: Any = None
        self.on_utc: Any = None
        self.on_fault: Any = None
        self.open_stream = open_stream
        self.shown: list = []
        self._felt: list = []
        self.fed = 0
        self.battery_now: tuple = (80, 3900, False)
        self.storage_now: tuple = (1_000_000, 2_000_000)
        self.signal_now: tuple = (-70, "lte")
        self.utc_s = 0
        self.kept_utc_s = 0
        self.assumed_utc_s = 0
        self.motor_pct = 0
        self._down = False
        self._most_shown = most_shown

    def press(self, down: bool, late_ms: int = 0) -> None:
        """Moves the button, or moved it late_ms ago."""
        self._down = down
        if self.on_edge is not None:
            self.on_edge(down, late_ms)

    def button_down(self) -> bool:
        """Whether the button is down now."""
        return self._down

    def motor(self, strength_pct: int) -> None:
        """Keeps the strength in `motor_pct`."""
        self.motor_pct = strength_pct

    def led(self, on: bool) -> None:
        """Switches the LED."""
        self.show("led", on=on)

    def battery(self) -> tuple:
        """`battery_now`: charge in %, mV, whether it is charged."""
        return self.battery_now

    def storage(self) -> tuple:
        """`storage_now`: KiB free and in all."""
        return self.storage_now

    def signal(self) -> tuple:
        """`signal_now`: dBm and the name of the network."""
        return self.signal_now

    def card(self) -> "str | None":
        """`card_now`: the folder."""
        return self.card_now

    def card_lost(self) -> None:
        """Counts in `cards_lost`."""
        self.cards_lost += 1

    def card_space(self) -> tuple:
        """`card_space_now`: KiB free and in all."""
        return self.card_space_now

    def rtc_utc_s(self) -> int:
        """`utc_s`."""
        return self.utc_s

    def keep_utc_s(self, utc_s: int) -> None:
        """Keeps it in `kept_utc_s`."""
        self.kept_utc_s = utc_s

    def assume_utc_s(self, utc_s: int) -> None:
        """Keeps it in `assumed_utc_s`."""
        self.assumed_utc_s = utc_s

    def feed(self) -> None:
        """Counts in `fed`."""
        self.fed += 1

    def reset(self) -> None:
        """Raises Reset."""
        raise Reset

    def tasks(self) -> list:
        """None of its own."""
        return []

    def show(self, what: str, **facts) -> None:
        """Keeps the newest in `shown`, and of a motor what is felt."""
        if what == "motor":
            self._felt.append(facts["pattern"])
            if len(self._felt) > self._most_shown:
                self._felt.pop(0)
        self.shown.append((what, facts))
        if len(self.shown) > self._most_shown:
            self.shown.pop(0)

    def felt(self) -> list:
        """The names of the patterns that the officer felt, in order."""
        return self._felt
