"""Headless Chromium without a GPU, and what is measured in its pages."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.report import percentile
from gateway.errors import TipstaffError

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession, Page

IN_PAGE = Path(__file__).with_name("in_page.js").read_text("utf-8")
ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZE = {"width": 1920, "height": 1080}
CLOCK_LOOKS = 20
WAIT_MS = 60_000.0
DELTAS_KEPT = 40
HEAP_LOOKS = 4
HEAP_PAUSE_S = 0.3


@dataclass(frozen=True, slots=True)
class Frames:
    """Frames of a while. `pause_p99_ms`: from one to the next, of 99 % of them."""

    per_s: float
    pause_p99_ms: float
    pause_max_ms: float


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser. Raises TipstaffError that says what is missing."""
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise TipstaffError("Playwright drives the browser: pip install playwright") from None
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        raise TipstaffError("Chromium is needed: install the package `chromium`")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def page_in(browser: Browser, cookies: dict[str, str], url: str) -> AsyncIterator[MeasuredPage]:
    """An empty page in a context of its own: nothing is cached. `cookies` go to `url` only."""
    context: BrowserContext = await browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
    try:
        context.set_default_timeout(WAIT_MS)
        await context.add_cookies([{"name": n, "value": v, "url": url} for n, v in cookies.items()])
        await context.add_init_script(IN_PAGE)
        page = await context.new_page()
        yield MeasuredPage(page, await context.new_cdp_session(page))
    finally:
        await context.close()


class MeasuredPage:
    """A page, and its clock beside ours."""

    def __init__(self, page: Page, devtools: CDPSession) -> None:
        self.page = page
        self._devtools = devtools
        self._ahead_ms = 0.0
        self._deltas: asyncio.Queue[str] = asyncio.Queue(DELTAS_KEPT)

    def listen(self) -> None:
        """Have `next_delta` hear; before the page is opened. What is not listened to costs nothing here."""
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._came))

    def _came(self, text: str | bytes) -> None:
        if isinstance(text, str) and text.startswith('{"t":"delta"'):
            if self._deltas.full():
                self._deltas.get_nowait()
            self._deltas.put_nowait(text)

    async def next_delta(self) -> list[dict[str, Any]]:
        """The units in the oldest of the last deltas that came to the page; waits for one."""
        units: list[dict[str, Any]] = json.loads(await self._deltas.get())["units"]
        return units

    async def frames(self, for_s: float) -> Frames:
        """Count frames for so long, as requestAnimationFrame gives them."""
        pauses: list[float] = await self.page.evaluate("ms => bench.frames(ms)", for_s * 1000)
        return Frames(1000 * len(pauses) / sum(pauses), percentile(pauses, 99), max(pauses))

    async def align(self) -> float:
        """Learn how far the page's clock is ahead of this process's: from the look that came back soonest,
        whose middle is when the page answered. Returns half of how long that took: the uncertainty, in ms."""
        best = float("inf")
        for _ in range(CLOCK_LOOKS):
            began_s = time.time()
            page_ms: float = await self.page.evaluate("bench.wallMs()")
            took_ms = (time.time() - began_s) * 1000
            if took_ms < best:
                best, self._ahead_ms = took_ms, page_ms - (began_s * 1000 + took_ms / 2)
        return best / 2

    def ours(self, page_ms: float) -> float:
        """A time of the page by this process's clock, in UTC ms."""
        return page_ms - self._ahead_ms

    async def heap_mb(self) -> float:
        """What the page's scripts hold, after a forced collection: the least of some looks, for the message of a
        second that is just being worked on is held as well."""
        await self._devtools.send("HeapProfiler.enable")
        looks = []
        for _ in range(HEAP_LOOKS):
            await self._devtools.send("HeapProfiler.collectGarbage")
            usage: dict[str, Any] = await self._devtools.send("Runtime.getHeapUsage")
            looks.append(float(usage["usedSize"]) / 1e6)
            await asyncio.sleep(HEAP_PAUSE_S)
        return min(looks)
