"""Speech with nothing left out: a browser's microphone, gateway, broker, the real firmware, and its loudspeaker."""

from __future__ import annotations

import asyncio
import contextlib
import time
import wave
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright, expect
from whole_site import OFFICERS, Site, site

from gateway.cli.stage import LOGIN

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
]
WITHIN_MS = 60_000
HZ = 740.0
RATE_HZ = 16_000
EACH_S = 0.5
"""The tone begins so often, and lasts for half of it."""
DELAY_MAX_S = 0.6
"""From the microphone to the loudspeaker, on a machine that does everything at once; a call is usable below 0.4 s."""


def microphone(folder: Path) -> Path:
    """What the person says, over and over."""
    path = folder / "said.wav"
    at = np.arange(48_000 * 10) / 48_000
    tone = np.where(at % EACH_S < EACH_S / 2, 0.5 * np.sin(2 * np.pi * HZ * at), 0)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    return path


@contextlib.asynccontextmanager
async def console_of(it: Site, folder: Path) -> AsyncIterator[Page]:
    """A dispatcher with a microphone, before the panel of the first officer."""
    async with async_playwright() as playwright:
        arguments = [
            *ARGUMENTS,
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone(folder)}",
        ]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            page = await browser.new_page(viewport={"width": 1366, "height": 768})
            page.set_default_timeout(WITHIN_MS)
            await page.goto(it.process.url)
            await page.locator("[name=login]").fill(LOGIN)
            await page.locator("[name=password]").fill(it.password)
            await page.locator("button[type=submit]").click()
            await expect(page.locator("[data-live=live]")).to_be_visible()
            await expect(page.locator("[data-dialog=shift]")).to_be_visible()
            await page.keyboard.press("Escape")
            await page.locator(f"[data-unit={it.unit.unit_id}]").click()
            await page.locator("[data-talk-act=open]").click()
            await expect(page.locator("[data-talk]")).to_have_attribute("data-talk-state", "nobody")
            able = page.locator("[data-talk-act=call]:enabled, [data-talk-act=arm]:enabled")
            await expect(able).to_have_count(1)  # the talk's own link stands
            yield page
        finally:
            await browser.close()


async def heard(it: Site, at_least_ms: int, since_s: float) -> None:
    """So much speech came out of the loudspeaker."""
    async with asyncio.timeout(WITHIN_MS / 1000):
        while it.unit.speaker.spoken_ms(since_s) < at_least_ms:
            await asyncio.sleep(0.05)


def strength(samples: np.ndarray, hz: float) -> float:
    turn = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE_HZ) * np.hanning(len(samples)) * 2
    return float(abs(np.dot(samples / 32768, turn)) * 2 / len(samples))


@pytest.mark.alone
async def test_officer_hears_what_the_dispatcher_says(tmp_path: Path, console: None) -> None:
    expect.set_options(timeout=WITHIN_MS)
    async with (
        site(tmp_path, OFFICERS[:1], speaking={"silent": False}) as it,
        console_of(it, tmp_path) as page,
    ):
        # The page is told when each packet leaves the microphone, by the clock that the loudspeaker has.
        await page.evaluate(
            """() => {
              window.sent = [];
              const send = WebSocket.prototype.send;
              WebSocket.prototype.send = function (data) {
                if (data instanceof Uint8Array) {
                  let loud = 0;
                  for (const code of data.subarray(4)) loud = Math.max(loud, (code ^ 0x55) & 0x7f);
                  sent.push([performance.timeOrigin + performance.now(), loud]);
                }
                return send.call(this, data);
              };
            }"""
        )
        await page.locator("body").focus()
        began_s, began_ms = time.monotonic(), time.time() * 1000
        await page.keyboard.down("Space")
        await expect(page.locator("[data-talk]")).to_have_attribute("data-talk-state", "you")
        await heard(it, 1500, began_s)
        await page.keyboard.up("Space")
        await expect(page.locator("[data-talk]")).to_have_attribute("data-talk-state", "nobody")
        begin_s, sound = it.unit.speaker.sound(began_s)
        assert strength(sound, HZ) > 0.02 and strength(sound, HZ) > 10 * strength(sound, HZ * 1.5)
        sent = await page.evaluate("sent")

        # Delay: each beginning of the tone, as it left the page and as it came out of the loudspeaker.
        left_ms = [at - began_ms for (_, quiet), (at, loud) in pairwise(sent) if loud > 70 >= quiet]
        step = RATE_HZ // 100
        loud = np.abs(sound[: len(sound) // step * step].reshape(-1, step).astype(int)).max(axis=1) > 1500
        came_ms = [
            (begin_s - began_s) * 1000 + 10 * n
            for n in range(5, len(loud))
            if loud[n] and not loud[n - 5 : n].any()
        ]
        delays = [min((came - left for left in left_ms if came > left), default=None) for came in came_ms]
        found = [delay for delay in delays if delay is not None]
        assert len(found) >= 2, (left_ms, came_ms)
        assert float(np.median(found)) < DELAY_MAX_S * 1000, found
        # The tone comes again and again; what was heard first of all says that it is not the one before.
        first_ms = (begin_s - began_s) * 1000 - (sent[0][0] - began_ms)
        print("delay ms", [round(delay) for delay in found], "first heard after", round(first_ms))
        assert 0 < first_ms < DELAY_MAX_S * 1000 - 200


async def test_silent_unit_makes_no_sound_without_the_second_key(tmp_path: Path, console: None) -> None:
    expect.set_options(timeout=WITHIN_MS)
    async with (
        site(tmp_path, OFFICERS[:1], speaking={"silent": True}) as it,
        console_of(it, tmp_path) as page,
    ):
        await expect(page.locator("[data-talk]")).to_have_attribute("data-silent", "true")
        await page.locator("body").focus()
        await page.keyboard.down("Space")
        await expect(page.locator("[data-talk-kept-silent]")).to_be_visible()
        await page.keyboard.up("Space")
        assert it.unit.speaker.speech_ms == 0
        began_s = time.monotonic()
        await page.keyboard.down("Shift")
        await page.keyboard.down("Space")
        await heard(it, 500, began_s)
        await page.keyboard.up("Space")
        await page.keyboard.up("Shift")
