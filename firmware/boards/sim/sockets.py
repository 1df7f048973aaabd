"""The board of a simulated unit: two loopback sockets, one for GNSS bytes, one for everything else as JSON lines."""

import asyncio
import os
import socket
import sys
import time

from boards.sim.card import FolderCard, ImageCard
from boards.sim.lines import Lines
from boards.sim.streams import SocketCamera, SocketSpeaker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

WATCHDOG_MS = 8000
STALL_MS = 1000
RESET_EXIT = 17
SEND_BUFFER_BYTES = 5744


class SocketBoard:
    """See `boards` for what a board is, and docs/firmware.md for the lines."""

    def __init__(
        self, home: str, control, gnss, camera=None, microphone=None, speaker=None, card=None
    ) -> None:
        self.home = home
        self.camera = None if camera is None else SocketCamera(camera, self.show)
        self.microphone = None
        if microphone is not None:
            microphone.setblocking(False)
            self.microphone = asyncio.StreamReader(microphone)
        self.speaker = None if speaker is None else SocketSpeaker(speaker)
        self._own_size = card is not None
        self._card = card or FolderCard(home + "/card")
        self.on_edge: Any = None
        self.on_utc: Any = None
        self.on_fault: Any = None
        self.lines = Lines(control)
        gnss.setblocking(False)
        self.gnss = asyncio.StreamReader(gnss)
        self._down = False
        self._battery: tuple[int | None, int | None, bool | None] = (None, None, None)
        self._storage: tuple[int, int] | None = None
        self._signal: tuple[int | None, str | None] = (None, None)
        self._fed_ms: "Any" = None

    @classmethod
    def from_environment(cls) -> "SocketBoard":
        """Connects to the simulator. Raises OSError when it does not listen, ValueError without its ports."""
        ports = []
        for name in ("TIPSTAFF_SIM_CONTROL", "TIPSTAFF_SIM_GNSS"):
            value = os.getenv(name)
            if not value:
                raise ValueError("%s is the simulator's port on 127.0.0.1" % name)
            ports.append(int(value))
        media = []
        for name in ("TIPSTAFF_SIM_CAMERA", "TIPSTAFF_SIM_MIC", "TIPSTAFF_SIM_SPEAKER"):
            port = os.getenv(name)
            media.append(_connect(int(port)) if port else None)
        image = os.getenv("TIPSTAFF_SIM_CARD")
        card = ImageCard(image, int(os.getenv("TIPSTAFF_SIM_CARD_BYTES_S") or 0)) if image else None
        return cls(
            os.getenv("TIPSTAFF_HOME") or ".",
            _connect(ports[0]),
            _connect(ports[1]),
            media[0],
            media[1],
            media[2],
            card,
        )

    def button_down(self) -> bool:
        """Whether the button is down now."""
        return self._down

    def motor(self, strength_pct: int) -> None:
        """Does nothing: what is felt is shown as a pattern."""

    def led(self, on: bool) -> None:
        """Switches the LED."""
        self.show("led", on=on)

    def battery(self) -> "tuple[int | None, int | None, bool | None]":
        """Charge in %, mV at the battery, whether it is charged; None for what is not known."""
        return self._battery

    def storage(self) -> "tuple[int | None, int | None]":
        """KiB free and in all."""
        if self._own_size:
            return self.card_space()
        if self._storage is not None:
            return self._storage
        block_bytes, blocks, free = disk(self.home)
        return free * block_bytes // 1024, blocks * block_bytes // 1024

    def signal(self) -> "tuple[int | None, str | None]":
        """dBm (negative) and the name of the network."""
        return self._signal

    def card(self) -> "str | None":
        """The card's folder."""
        return self._card.root()

    def card_lost(self) -> None:
        """The card is mounted anew."""
        self._card.lost()

    def card_space(self) -> "tuple[int | None, int | None]":
        """KiB free and in all on the card. That of a folder is as told: the machine's disk is not the unit's."""
        root = self._card.root()
        if root is None:
            return None, None
        if not self._own_size and self._storage is not None:
            return self._storage
        try:
            block_bytes, blocks, free = disk(root)
        except OSError:
            return None, None
        return free * block_bytes // 1024, blocks * block_bytes // 1024

    def rtc_utc_s(self) -> int:
        """0: it knows none."""
        return 0

    def keep_utc_s(self, utc_s: int) -> None:
        """Does nothing: a simulated unit starts without a clock."""

    def assume_utc_s(self, utc_s: int) -> None:
        """Does nothing: TLS looks at the clock of the machine."""

    async def open_stream(self, host: str, port: int, tls):
        """As mqtt.stream.open_stream, with the send buffer of the target. Raises OSError."""
        from mqtt.stream import open_stream

        return await open_stream(host, port, tls, SEND_BUFFER_BYTES)

    def feed(self) -> None:
        """Feeds the watchdog that `tasks` keeps, and shows it."""
        self._fed_ms = time.ticks_ms()
        self.show("watchdog")

    def reset(self) -> None:
        """Ends the process; the simulator starts it again. Raises SystemExit."""
        sys.exit(RESET_EXIT)

    def show(self, what: str, **facts) -> None:
        """Sends a line of JSON to the simulator. Raises SystemExit when it is gone."""
        facts["t"] = what
        try:
            self.lines.send(facts)
        except OSError:
            sys.exit(1)

    def tasks(self) -> list:
        """Tasks of the board itself for the supervisor: (name, coroutine function, limit of its heart in ms)."""
        return [("control", self._control, 5000), ("watchdog", self._watch, 5000)]

    async def _control(self, heart) -> None:
        while True:
            heart.rest()  # whoever plays with the board may take any time
            try:
                found: "list[dict]" = await self.lines.read()
            except OSError:
                sys.exit(0)
            heart.beat()
            for message in found:
                self._take(message)

    async def _watch(self, heart) -> None:
        looked_ms = time.ticks_ms()
        while True:
            heart.beat()
            await asyncio.sleep_ms(500)
            try:
                self.lines.flush()
            except OSError:
                sys.exit(0)
            gap_ms = time.ticks_diff(time.ticks_ms(), looked_ms)
            looked_ms = time.ticks_ms()
            if self._fed_ms is not None and gap_ms > STALL_MS:
                # A busy machine stopped the whole process: that is not the unit's fault.
                self._fed_ms = time.ticks_add(self._fed_ms, gap_ms)
            if self._fed_ms is not None and time.ticks_diff(time.ticks_ms(), self._fed_ms) > WATCHDOG_MS:
                self.reset()

    def _take(self, message: dict) -> None:
        what = message.get("t")
        try:
            if what == "button":
                self._down = bool(message["down"])
                if self.on_edge is not None:
                    self.on_edge(self._down, _late_ms(message["at_ms"]))
            elif what == "battery":
                self._battery = (int(message["pct"]), int(message["mv"]), bool(message["charging"]))
            elif what == "signal":
                self._signal = (int(message["dbm"]), str(message["network"]))
            elif what == "storage":
                self._storage = (int(message["free_kib"]), int(message["total_kib"]))
            elif what == "card":
                self._card.present = bool(message["present"])
            elif what == "fault" and self.on_fault is not None:
                self.on_fault(message["kind"], message["name"])
            elif what == "quit":
                sys.exit(0)
        except (KeyError, TypeError, ValueError) as error:
            self.show("event", text="control line refused: %s %s" % (what, error))


def _late_ms(at_ms: int) -> int:
    """How long ago at_ms of the machine's monotonic clock was; the simulator and this process share that clock."""
    at: Any = int(at_ms)
    return time.ticks_diff(time.ticks_ms(), time.ticks_add(0, at))  # type: ignore[type-var]


def disk(path: str) -> "tuple[int, int, int]":
    """(bytes a block, blocks, free blocks) of the file system that holds `path`."""
    facts = os.statvfs(path)
    return facts[1] or facts[0], facts[2], facts[4]


def _connect(port: int):
    sock = socket.socket()
    sock.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
    sock.setsockopt(6, 1, 1)
    return sock
