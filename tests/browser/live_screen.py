"""What reads a unit's live picture and sound back from a page, and what spoils them on their way."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, WebSocketRoute, expect
from test_player import told

from simulator.camera import SceneCamera

WITHIN_MS = 30_000
#: docs/api.md, "Live pictures and sound".
HEAD_BYTES, H264, A_LAW = 24, 2, 4

#: Each new picture with the page's time of day and the audio clock; each beep with the audio clock of its first sample.
WATCH = """
window.seen = []; window.beeps = [];
const Made = window.AudioWorkletNode;
window.AudioWorkletNode = class extends Made {
  constructor(context, name, options) {
    super(context, name, options);
    window.audio = context;
    window.ear = new AnalyserNode(context, { fftSize: 8192 });
    this.connect(window.ear);
  }
};
window.bitsOf = (canvas, pen) => {
  const band = Math.floor(canvas.height * 0.2);
  let bits = '';
  const { data } = pen.getImageData(0, 0, canvas.width, band);
  for (let row = 0; row < 4; row += 1) for (let column = 0; column < 20; column += 1) {
    const [x, y] = [Math.floor((column + 0.5) / 20 * canvas.width), Math.floor((row + 0.5) / 4 * band)];
    bits += data[4 * (y * canvas.width + x)] > 128 ? '1' : '0';
  }
  return bits;
};
let last = null;
const samples = new Float32Array(8192);
const watch = () => {
  requestAnimationFrame(watch);
  const canvas = document.querySelector('[data-live-screen]');
  const wall = performance.timeOrigin + performance.now();
  const { currentTime: s = 0, outputLatency: late = 0, sampleRate: rate = 1 } = window.audio ?? {};
  if (window.ear && window.audio.state === 'running') {
    window.ear.getFloatTimeDomainData(samples);
    const at = samples.findIndex((value) => Math.abs(value) > 0.2);
    const onset = s - (samples.length - at) / rate;
    if (at > 0 && onset - (beeps.at(-1) ?? -1) > 0.4) beeps.push(onset);
  }
  if (!canvas?.dataset.at || canvas.dataset.at === last) return;
  last = canvas.dataset.at;
  const pen = canvas.getContext('2d');
  const [lit] = pen.getImageData(Math.floor(canvas.width / 4), Math.floor(canvas.height * 0.6), 1, 1).data;
  const heard = document.querySelector('[data-listen=heard]') !== null;
  seen.push({ bits: bitsOf(canvas, pen), wall, s, late, taken: Number(last), lit: lit > 200, heard });
};
requestAnimationFrame(watch);
"""


class Moody(SceneCamera):
    """Every other picture is none while `spoilt`: what a camera with a bad cable gives, and what an attacker would."""

    spoilt = False

    def shoot(self, at_ms: int) -> bytes:
        made = super().shoot(at_ms)
        if not self.spoilt or self._number % 2:
            return made
        bomb = bytearray(made)
        at = bomb.index(b"\xff\xc0") + 5
        bomb[at : at + 4] = b"\xff\xff\xff\xff"
        return (bytes(bomb), made[:300], b"\xff\xd8not a picture", made[: len(made) // 2])[
            self._number // 2 % 4
        ]


def hear(page: Page) -> None:
    """By a click, as at the start of a shift."""
    page.locator("[data-sound]").first.click()
    expect(page.locator("[data-sound=on]").first).to_be_visible()


def until(page: Page, looks: str, what: str) -> None:
    """Until the page's expression is true."""
    try:
        page.wait_for_function(f"() => {looks}", timeout=WITHIN_MS)
    except Exception as error:
        raise AssertionError(f"{what}: {page.locator('[data-live-view]').all_inner_texts()}") from error


def seen(page: Page) -> list[dict[str, Any]]:
    """What was drawn, each with `number` and `scene_ms` of its pixels."""
    found = []
    for one in page.evaluate("seen"):
        read = told(one["bits"])
        assert read is not None, "a picture that no camera made"
        found.append({**one, "number": read[0], "scene_ms": read[1]})
    return found


def open_unit(page: Page, unit_id: str) -> None:
    """Its panel, and its picture by the button."""
    page.locator("#unit-search").fill(unit_id)
    page.keyboard.press("Enter")
    page.locator("[data-live-act=open]").click()


def coded(data: str | bytes) -> set[int]:
    """How a picture is coded, if it is one."""
    return {data[2]} if isinstance(data, bytes) and data[1] == 1 else set()


#: One in so many is spoilt.
EVERY = {H264: 9, A_LAW: 6}


class Spoiler:
    """Between the gateway and a page: while `spoils`, now and then a block is none. `spoilt`: how many, by codec."""

    def __init__(self, window: BrowserContext) -> None:
        self.spoils = False
        self.spoilt = {H264: 0, A_LAW: 0}
        self._came = {H264: 0, A_LAW: 0}
        window.route_web_socket(re.compile(r"/units/[^/]+/live$"), self._between)

    def _between(self, page: WebSocketRoute) -> None:
        page.connect_to_server().on_message(lambda message: page.send(self._passed(message)))

    def _passed(self, message: str | bytes) -> str | bytes:
        if not self.spoils or isinstance(message, str) or message[2] not in EVERY:
            return message
        codec = message[2]
        self._came[codec] += 1
        if self._came[codec] % EVERY[codec]:
            return message
        self.spoilt[codec] += 1
        made = _no_sounds(message) if codec == A_LAW else _no_pictures(message)
        return made[self.spoilt[codec] % len(made)]


def _no_sounds(block: bytes) -> list[bytes]:
    """Another codec; parts of a block and of a sample; nothing; far too much; not even a head."""
    head, content = block[:HEAD_BYTES], block[HEAD_BYTES:]
    return [
        head[:2] + b"\x09" + block[3:],
        head[:2] + b"\x05" + head[3:] + content[:3],
        head[:2] + b"\x03" + head[3:] + content[:1],
        head,
        head + content * 400,
        block[:20],
    ]


def _no_pictures(block: bytes) -> list[bytes]:
    """Said to be decodable alone: without parameters, with senseless ones, cut off, nothing."""
    alone = block[:3] + b"\x01" + block[4:HEAD_BYTES]
    sps = b"\0\0\0\1\x67"
    return [
        alone + block[HEAD_BYTES:],
        alone + sps + b"\xff" * 200,
        alone + sps + b"\x42\xc0\x0d" + bytes(range(256)),
        alone,
    ]


def shoot_to(page: Page, name: str) -> None:
    """A picture of the page; nothing may stand out of the window."""
    shots = Path(__file__).resolve().parent / "shots"
    shots.mkdir(exist_ok=True)
    for width, height in ((1920, 1080), (1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: too wide"
        page.screenshot(path=shots / f"{name}-{width}.png")
    page.set_viewport_size({"width": 1366, "height": 768})
