"""How the unit reaches its network: LTE by PPP over the modem's UART, or Wi-Fi. One task keeps it up.

`network.json` in the unit's directory says which: {"kind": "lte", "apn": "..."} or
{"kind": "wifi", "ssid": "...", "key": "..."}.
"""

import asyncio
import json
import time

import network
from machine import UART, Pin

from boards.esp32s3 import at, pins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOOK_MS = 1000
ANSWER_MS = 3000
JOIN_MS = 20_000
REGISTER_TRIES = 60
PAUSE_MS = 5000
MOST_ANSWER_BYTES = 512
# A modem that was reset or lost its bearer can leave an address behind on which nothing answers.
DEAD_MS = 300_000


def read_settings(path: str) -> dict:
    """What network.json says; {} when there is none or it is not readable."""
    try:
        with open(path) as stream:
            found = json.load(stream)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


class Wifi:
    """A Wi-Fi station."""

    name = "wifi"

    def __init__(self, ssid: str, key: str) -> None:
        self._ssid = ssid
        self._key = key
        self._station = network.WLAN(network.STA_IF)

    def signal_dbm(self) -> "int | None":
        """Strength of the access point, or None when not joined."""
        if not self._station.isconnected():
            return None
        return min(0, int(self._station.status("rssi")))

    def up(self) -> bool:
        """Whether there is an address."""
        return bool(self._station.isconnected())

    async def bring_up(self, heart) -> None:
        """One attempt to join."""
        self._station.active(True)
        self._station.config(pm=network.WLAN.PM_NONE)
        self._station.disconnect()
        self._station.connect(self._ssid, self._key)
        for _ in range(JOIN_MS // LOOK_MS):
            heart.beat()
            if self.up():
                return
            await asyncio.sleep_ms(LOOK_MS)
        self._station.disconnect()


class Modem:
    """An LTE Cat-1 modem with standard AT commands. While PPP runs, the UART carries nothing else."""

    name = "lte"

    def __init__(self, apn: str) -> None:
        self._apn = apn
        self._uart = UART(
            pins.MODEM_UART,
            baudrate=pins.MODEM_BAUD,
            tx=Pin(pins.MODEM_TX),
            rx=Pin(pins.MODEM_RX),
            rxbuf=4096,
            txbuf=2048,
        )
        self._key = Pin(pins.MODEM_PWRKEY, Pin.OUT, value=0)
        self._ppp = network.PPP(self._uart)
        self._dbm: int | None = None
        self._silent = 0
        self.on_utc: Any = None

    def signal_dbm(self) -> "int | None":
        """As the modem said before the last dialling."""
        return self._dbm

    def up(self) -> bool:
        """Whether PPP has an address."""
        return bool(self._ppp.isconnected())

    async def ask(self, command: str, most_ms: int = ANSWER_MS) -> str:
        """One command; what came until OK, ERROR, CONNECT or the end of the time."""
        while self._uart.any():
            self._uart.read()
        self._uart.write(command.encode() + b"\r")
        answer = b""
        waited_ms = 0
        while waited_ms < most_ms and len(answer) < MOST_ANSWER_BYTES:
            if self._uart.any():
                answer += self._uart.read(MOST_ANSWER_BYTES - len(answer)) or b""
                if b"OK\r" in answer or b"ERROR" in answer or b"CONNECT" in answer:
                    break
            await asyncio.sleep_ms(20)
            waited_ms += 20
        return "".join([chr(byte) for byte in answer if byte < 128])

    async def bring_up(self, heart) -> None:
        """One attempt: wake the modem, register, take time and signal, dial."""
        self._ppp.disconnect()
        if "OK" not in await self.ask("ATE0"):
            await self._wake(heart)
            return
        self._silent = 0
        for command in ("AT+CMEE=1", "AT+CTZU=1", 'AT+CGDCONT=1,"IP","%s"' % self._apn):
            heart.beat()
            await self.ask(command)
        for _ in range(REGISTER_TRIES):
            heart.beat()
            if at.registered(await self.ask("AT+CEREG?")):
                break
            await asyncio.sleep_ms(LOOK_MS)
        else:
            return
        self._dbm = at.signal_dbm(await self.ask("AT+CSQ"))
        utc_s = at.utc_s(await self.ask("AT+CCLK?"))
        if utc_s and self.on_utc is not None:
            self.on_utc(utc_s)
        if "CONNECT" not in await self.ask("ATD*99***1#", 10_000):
            return
        self._ppp.active(True)
        self._ppp.connect()
        for _ in range(JOIN_MS // LOOK_MS):
            heart.beat()
            if self.up():
                return
            await asyncio.sleep_ms(LOOK_MS)

    async def _wake(self, heart) -> None:
        """Leaves data mode; every fifth time in a row, presses the power key."""
        self._silent += 1
        await asyncio.sleep_ms(1100)
        self._uart.write(b"+++")
        await asyncio.sleep_ms(1100)
        heart.beat()
        if self._silent % 5 == 0:
            self._key.value(1)
            await asyncio.sleep_ms(1500)
            self._key.value(0)


class Net:
    """Keeps one of them up. Without a network.json there is none, and the unit keeps everything on its flash."""

    def __init__(self, settings: dict) -> None:
        self.on_utc: Any = None
        self.way: Any = None
        self._vain_since_ms: Any = None
        if settings.get("kind") == "wifi":
            self.way = Wifi(str(settings.get("ssid", "")), str(settings.get("key", "")))
        elif settings.get("kind") == "lte":
            self.way = Modem(str(settings.get("apn", "")))
            self.way.on_utc = self._utc

    def _utc(self, utc_s: int) -> None:
        if self.on_utc is not None:
            self.on_utc(utc_s)

    def signal(self) -> "tuple[int | None, str | None]":
        """(dBm, name), each None when not known."""
        if self.way is None:
            return None, None
        return self.way.signal_dbm(), self.way.name

    def tried(self, reached: bool) -> None:
        """Told of each attempt to reach the broker, and whether the network carried it there."""
        if reached:
            self._vain_since_ms = None
        elif self._vain_since_ms is None:
            self._vain_since_ms = time.ticks_ms()

    def _dead(self) -> bool:
        """Whether the unit has sought its broker in vain for DEAD_MS."""
        since_ms = self._vain_since_ms
        return since_ms is not None and time.ticks_diff(time.ticks_ms(), since_ms) >= DEAD_MS

    async def run(self, heart) -> None:
        """Task: looks once a second whether the network is up and brings it up when not, or when it carries nothing."""
        while True:
            heart.beat()
            if self.way is None or (self.way.up() and not self._dead()):
                await asyncio.sleep_ms(LOOK_MS)
            else:
                self._vain_since_ms = None
                await self.way.bring_up(heart)
                heart.beat()
                await asyncio.sleep_ms(LOOK_MS if self.way.up() else PAUSE_MS)
