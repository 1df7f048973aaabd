"""The ESP32-S3's peripherals as a board (see `boards`). Not executed off the chip; compiled and type-checked."""

import asyncio
import gc
import os
import time

import vfs
from machine import ADC, PWM, RTC, UART, WDT, Pin, SDCard, reset

from boards.esp32s3 import pins
from boards.esp32s3.media import make_camera, make_microphone, make_speaker
from boards.esp32s3.net import Net, read_settings
from boards.esp32s3.power import Smooth, percent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HOME = "/data"
CARD = "/sd"
CARDS_KEPT = 4
WATCHDOG_MS = 8000
SEND_BUFFER_BYTES = 0  # lwIP's own (5,744 bytes) is small already
EPOCH_2000_S = 946_684_800
EARLIEST_UTC_S = 1_704_067_200
# In the RTC's memory, which lasts as long as its time, while that time is true.
KNOWN = b"utc"


class Esp32S3:
    """See `boards` for what a board is."""

    def __init__(self) -> None:
        self.home = HOME
        self.on_edge: Any = None
        self.on_fault: Any = None
        self._button = Pin(pins.BUTTON, Pin.IN, Pin.PULL_UP)
        self._flag = asyncio.ThreadSafeFlag()
        self._edges_seen = 0
        # Ticks, of those not looked at yet.
        self._first_edge: Any = 0
        self._last_edge: Any = 0
        self._button.irq(self._edge, Pin.IRQ_FALLING | Pin.IRQ_RISING)
        self._motor = PWM(Pin(pins.MOTOR), freq=pins.MOTOR_HZ, duty_u16=0)
        self._adc = ADC(Pin(pins.BATTERY_ADC), atten=ADC.ATTN_11DB)
        # The charger pulls it low, and so does the unit for its light: which of them did is known from what was before.
        self._charger = Pin(pins.LED_CHARGING, Pin.OPEN_DRAIN, Pin.PULL_UP, value=1)
        self._lit = False
        self._charging = self._charger.value() == 0
        self._battery_mv = Smooth()
        self._watchdog: WDT | None = None
        self.gnss = asyncio.StreamReader(
            UART(
                pins.GNSS_UART,
                baudrate=pins.GNSS_BAUD,
                # It must have one. Nobody writes, and the amplifier takes it over below.
                tx=Pin(pins.SPEAKER_WS),
                rx=Pin(pins.GNSS_RX),
                rxbuf=1024,
            )
        )
        try:
            os.mkdir(HOME)
        except OSError:
            pass
        self._card: Any = None
        self._old_cards: list = []
        self._mount()
        self.camera = make_camera()
        self.microphone = make_microphone()
        self.speaker = make_speaker()
        self._net = Net(read_settings(HOME + "/network.json"))

    def _mount(self) -> None:
        card: Any = None
        try:
            card = SDCard(
                slot=1,
                width=1,
                sck=Pin(pins.SD_CLK),
                cmd=Pin(pins.SD_CMD),
                data=(Pin(pins.SD_D0),),  # type: ignore[arg-type]
            )
            files: Any = vfs.VfsFat(card)  # type: ignore[abstract]
            vfs.mount(files, CARD)
        except OSError:
            if card is not None:
                card.deinit()
            return
        self._card = (card, files)

    def card(self) -> "str | None":
        """The card's folder, mounted if need be; None without a card."""
        if self._card is None:
            self._mount()
        return None if self._card is None else CARD

    def card_lost(self) -> None:
        """The card has refused something: it is mounted anew when it is asked for."""
        if self._card is None:
            return
        lost, self._card = self._card, None
        vfs.umount(CARD)
        # A file does not keep its file system: it is closed here, while that is still there.
        self._old_cards = (self._old_cards + [lost])[-CARDS_KEPT:]
        gc.collect()
        lost[0].deinit()

    def card_space(self) -> "tuple[int | None, int | None]":
        """KiB free and in all on the card."""
        if self._card is None:
            return None, None
        try:
            facts = os.statvfs(CARD)
        except OSError:
            return None, None
        return facts[0] * facts[3] // 1024, facts[0] * facts[2] // 1024

    @property
    def on_utc(self):
        """See `boards`."""
        return self._net.on_utc

    @on_utc.setter
    def on_utc(self, function) -> None:
        self._net.on_utc = function

    def _edge(self, pin) -> None:
        """In the interrupt: only counts, keeps the time, and wakes the task."""
        self._last_edge = time.ticks_ms()
        if not self._edges_seen:
            self._first_edge = self._last_edge
        self._edges_seen += 1
        self._flag.set()

    async def _edges(self, heart) -> None:
        """Task: tells the button's level, and a press that was over before it could be looked at."""
        told = False
        while True:
            heart.beat()
            try:
                await asyncio.wait_for_ms(self._flag.wait(), 1000)
            except asyncio.TimeoutError:
                pass
            if self.on_edge is None:
                continue
            seen, first, last = self._edges_seen, self._first_edge, self._last_edge
            self._edges_seen = 0
            now = time.ticks_ms()
            down = self.button_down()
            if seen and down == told:
                self.on_edge(not down, time.ticks_diff(now, first))
            self.on_edge(down, time.ticks_diff(now, last) if seen else 0)
            told = down

    def button_down(self) -> bool:
        """Whether the button is down now."""
        return self._button.value() == 0

    def motor(self, strength_pct: int) -> None:
        """Vibrates with 0 (off) to 100 %."""
        self._motor.duty_u16(strength_pct * 65535 // 100)

    def led(self, on: bool) -> None:
        """Switches the LED; while the cell is charged it is lit anyway."""
        self._lit = on
        self._charger.value(0 if on else 1)

    def battery(self) -> "tuple[int | None, int | None, bool | None]":
        """Charge in %, mV at the battery, whether it is charged; None for what is not known."""
        battery_mv = self._battery_mv.add(self._adc.read_uv() // 1000 * pins.DIVIDER)
        if not self._lit:
            self._charging = self._charger.value() == 0
        return percent(battery_mv), battery_mv, self._charging

    def storage(self) -> "tuple[int | None, int | None]":
        """KiB free and in all."""
        try:
            facts = os.statvfs(CARD if self._card else HOME)
        except OSError:
            return None, None
        return facts[0] * facts[3] // 1024, facts[0] * facts[2] // 1024

    def signal(self) -> "tuple[int | None, str | None]":
        """dBm (negative) and the name of the network."""
        return self._net.signal()

    def rtc_utc_s(self) -> int:
        """UTC seconds since 1970 that the board kept; 0 when it knows none."""
        utc_s = time.time() + EPOCH_2000_S
        return utc_s if utc_s >= EARLIEST_UTC_S and RTC().memory() == KNOWN else 0

    def keep_utc_s(self, utc_s: int) -> None:
        """Sets the chip's RTC, which runs on through a restart; UTC seconds since 1970."""
        self._set_rtc(utc_s)
        RTC().memory(KNOWN)

    def assume_utc_s(self, utc_s: int) -> None:
        """Sets the RTC, against which TLS holds certificates, to a time that nobody is told."""
        RTC().memory(b"")
        self._set_rtc(utc_s)

    def _set_rtc(self, utc_s: int) -> None:
        now = time.gmtime(utc_s - EPOCH_2000_S)
        RTC().datetime((now[0], now[1], now[2], now[6], now[3], now[4], now[5], 0))

    async def open_stream(self, host: str, port: int, tls):
        """As mqtt.stream.open_stream, with the send buffer of the target. Raises OSError."""
        from mqtt.stream import open_stream

        try:
            stream = await open_stream(host, port, tls, SEND_BUFFER_BYTES)
        except OSError:
            self._net.tried(False)
            raise
        self._net.tried(True)
        return stream

    def feed(self) -> None:
        """Feeds the watchdog."""
        if self._watchdog is None:
            self._watchdog = WDT(timeout=WATCHDOG_MS)
        self._watchdog.feed()

    def reset(self) -> None:
        """Restarts the chip; does not return."""
        reset()

    def show(self, what: str, **facts) -> None:
        """Nobody watches: does nothing."""

    def tasks(self) -> list:
        """Tasks of the board itself for the supervisor: (name, coroutine function, limit of its heart in ms)."""
        return [("edges", self._edges, 5000), ("net", self._net.run, 60_000)]
