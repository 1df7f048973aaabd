"""One unit under a person's fingers: `tipstaff simulate --interactive`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.live import Live

from simulator.clock import Clock, SystemClock
from simulator.errors import SimulatorError
from simulator.gnss import MODES, Mode
from simulator.hooks import Hooks
from simulator.keys import Keys
from simulator.panel import unit_panel
from simulator.unit import Unit

DRAWN_HZ = 8
SHAPES: tuple[tuple[float | None, float, float], ...] = ((None, 0, 0), (85_000, 60, 0), (4_000, 400, 5))
OFFICER_KEYS = (
    "a alarm   t test   c cancel   2 mark   3-9 short presses   l link cut   L link reset   w link quality"
)
WORLD_KEYS = (
    "b battery -10 %   B charge   k power off/on   s stand/move   g receiver fault   p card out/in   q quit"
)
PEOPLE_KEYS = (
    "people: e record   y acknowledge   o court on the way   r arrived   v call the officer back   x close"
)
DEEDS = {"y": "acknowledge", "o": "accept", "r": "arrived", "v": "callback", "x": "close"}


class Interactive:
    """Maps keys to the unit and draws it. `hooks` None: nobody plays the people at the gateway."""

    def __init__(
        self,
        unit: Unit,
        hooks: Hooks | None = None,
        *,
        cancel_presses: int = 3,
        gateway: str = "",
        clock: Clock | None = None,
    ) -> None:
        self._unit, self._hooks, self._cancel_presses, self._gateway = unit, hooks, cancel_presses, gateway
        self._clock = clock if clock is not None else SystemClock()
        self._start_ms = self._clock.utc_ms()
        self._work: set[asyncio.Task[None]] = set()
        self._shape = 0
        self._card = True
        self._commanded = False
        self.notice = ""

    async def run(self, console: Console, keys: Keys) -> None:
        """Until `q`."""
        with Live(console=console, screen=True, auto_refresh=False) as live:
            drawing = asyncio.create_task(self._draw(live), name="panel")
            try:
                while (key := await keys.next()) != "q":
                    self.press_key(key)
            finally:
                for task in (drawing, *self._work):
                    task.cancel()
                await asyncio.gather(drawing, *self._work, return_exceptions=True)

    async def _draw(self, live: Live) -> None:
        lines = [OFFICER_KEYS, WORLD_KEYS] + ([PEOPLE_KEYS] if self._hooks is not None else [])
        while True:
            now_s = self._clock.monotonic_s()
            live.update(
                unit_panel(self._unit, now_s, "\n".join(lines), self.notice, self._gateway), refresh=True
            )
            await self._clock.sleep_s(1 / DRAWN_HZ)

    def press_key(self, key: str) -> None:
        """Do what `key` means; unknown keys do nothing. Longer deeds go on beside the panel."""
        unit, link = self._unit, self._unit.link
        if key == "a":
            self._begin("button held", unit.press)
        elif key == "t":
            self._begin("test: five short presses", lambda: unit.short_presses(5))
        elif key == "c":
            self._begin(f"cancel: {self._cancel_presses} short presses", self._cancel)
        elif key in "23456789":
            self._begin(f"{key} short presses", lambda: unit.short_presses(int(key)))
        elif key in "lL":
            if link.is_cut:
                link.restore()
            else:
                link.cut("silent" if key == "l" else "reset")
            self.notice = "link cut" if link.is_cut else "link restored"
        elif key == "w":
            self._shape = (self._shape + 1) % len(SHAPES)
            link.shape(*SHAPES[self._shape])
        elif key in "bB":
            unit.battery(unit.battery_pct - 10 if key == "b" else 90, charging=key == "B")
        elif key == "k":
            self._begin(
                "power off" if unit.running else "power on", unit.power_cut if unit.running else unit.start
            )
        elif key == "p":
            self._card = not self._card
            unit.card(self._card)
            self.notice = f"card {'in' if self._card else 'pulled out'}"
        elif key == "e" and self._hooks is not None:
            self._begin("people: stop recording" if self._commanded else "people: record", self._record)
        elif key == "s":
            unit.gnss.set_speed(0.0 if unit.gnss.moving else 1.0)
        elif key == "g":
            modes: list[Mode] = list(MODES)  # type: ignore[arg-type]
            unit.gnss_mode(modes[(modes.index(unit.gnss.mode) + 1) % len(modes)])
        elif key in DEEDS and self._hooks is not None:
            self._begin(f"people: {DEEDS[key]}", lambda: self._people(DEEDS[key]))

    async def _cancel(self) -> None:
        await self._unit.short_presses(self._cancel_presses)

    async def _record(self) -> None:
        assert self._hooks is not None
        await self._hooks.command(self._unit.unit_id, "record", int(not self._commanded))
        self._commanded = not self._commanded

    async def _people(self, action: str) -> None:
        assert self._hooks is not None
        facts = {"reason": "closed from the simulator"} if action == "close" else {}
        if action == "accept":
            newest = (await self._hooks.incidents(self._unit.unit_id, self._start_ms))[:1]
            if newest and newest[0].state == "NEW":  # nobody was asked yet
                await self._hooks.act(self._unit.unit_id, self._start_ms, "offer", {})
        await self._hooks.act(self._unit.unit_id, self._start_ms, action, facts)

    def _begin(self, notice: str, deed: Callable[[], Awaitable[object]]) -> None:
        """Start a deed unless one is going on: there is one button."""
        if self._work:
            self.notice = "wait for the last key to be done"
            return
        self.notice = notice
        task = asyncio.create_task(self._do(notice, deed), name=notice)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _do(self, notice: str, deed: Callable[[], Awaitable[object]]) -> None:
        try:
            await deed()
            self.notice = f"{notice}: done"
        except (SimulatorError, RuntimeError, ValueError, OSError) as error:
            self.notice = f"{notice}: {str(error).splitlines()[0]}"
