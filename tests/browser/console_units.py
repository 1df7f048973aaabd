"""A whole site for a browser: gateway as a process, real broker, real firmware with the scene's camera and microphone.

It runs in a loop of its own thread, since the test drives a browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

sys.path.append(str(Path(__file__).resolve().parent.parent / "e2e"))
import whole_site

from gateway.cli.stage import LOGIN
from simulator.camera import Camera, SceneCamera
from simulator.unit import Unit

FILMING: dict[str, object] = {
    "picture": "qvga",
    "picture_fps": 10,  # a picture in the flash of every second, wherever they begin
    "picture_kib": 32,
    "segment_s": 10,
    "pre_event_s": 2,
    "ring_kib": 256,
    "state_s": 5,
}
WITHIN_S = 60.0


@dataclass
class Units:
    """The site, and how to have it do something."""

    site: whole_site.Site
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    @property
    def ids(self) -> list[str]:
        """Of all units."""
        return [officer.unit_id for officer in whole_site.OFFICERS]

    def unit(self, number: int = 0) -> Unit:
        """By its place."""
        return self.site.fleet[self.ids[number]]

    def taken_s(self, number: int, scene_ms: float) -> float:
        """Wall clock of a moment of the unit's scene."""
        now_ms = self.unit(number).media.now_ms
        return time.time() - (now_ms - scene_ms) / 1000

    def enter(self, context: BrowserContext) -> Page:
        """A dispatcher at the console."""
        page = context.new_page()
        page.goto(self.site.process.url)
        page.locator("[name=login]").fill(LOGIN)
        page.locator("[name=password]").fill(self.site.password)
        page.locator("button[type=submit]").click()
        expect(page.locator("[data-live=live]")).to_be_visible()
        page.locator("dialog[open]").first.wait_for()
        page.keyboard.press("Escape")
        return page

    def close_all(self) -> None:
        """No incident stays open."""

        async def close() -> None:
            async with self.site.desk() as desk:
                for incident in (await desk.get("/incidents", state="open"))["items"]:
                    await desk.act(incident["incident_id"], "callback", answered=True, note="end of the test")
                    await desk.act(incident["incident_id"], "close", reason="end of the test")

        self.run(close())


@contextlib.contextmanager
def filming(
    folder: Path, camera: Callable[[], Camera] = SceneCamera, *, speaking: bool = False, **recording: object
) -> Iterator[Units]:
    """Three officers whose units film when they are told to; `speaking`: they have loudspeakers as well."""
    settings = {**FILMING, **recording}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(WITHIN_S * 3)

    stack = contextlib.AsyncExitStack()

    async def enter() -> whole_site.Site:
        return await stack.enter_async_context(
            whole_site.site(
                folder,
                whole_site.OFFICERS,
                recording=settings,
                camera=camera,
                speaking=settings if speaking else None,
                auto_offer_s=600,  # nobody but the test offers anything
            )
        )

    try:
        yield Units(run(enter()), run)
    finally:
        run(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
