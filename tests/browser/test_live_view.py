"""A unit live in a real browser: firmware, broker, gateway, canvas and loudspeaker.

What the scene says of itself in its pixels and beeps is read back from the page.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import simplejpeg
from console_chromium import CHROMIUM, CHROMIUM_ARGUMENTS
from console_units import Units, filming
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from test_player import told

from simulator import scene
from simulator.camera import SceneCamera

WITHIN_MS = 30_000
#: On a machine with nothing else to do it is a fifth of a second; here others work.
DELAY_MOST_MS = 1000
STEP_MOST_MS = 120

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
const bitsOf = (canvas, pen) => {
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


@pytest.fixture(scope="module")
def units(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Units]:
    """Three officers with cameras."""
    with filming(tmp_path_factory.mktemp("filmed"), Moody) as made:
        yield made


@pytest.fixture(scope="module")
def browser(units: Units) -> Iterator[Browser]:
    """One Chromium."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=WITHIN_MS)
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of its own, with what reads back."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(WITHIN_MS)
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture(autouse=True)
def quiet_afterwards(units: Units) -> Iterator[None]:
    """No incident stays open."""
    yield
    Moody.spoilt = False

    async def close() -> None:
        async with units.site.desk() as desk:
            for incident in (await desk.get("/incidents", state="open"))["items"]:
                await desk.act(incident["incident_id"], "callback", answered=True, note="end of the test")
                await desk.act(incident["incident_id"], "close", reason="end of the test")

    units.run(close())


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


@pytest.mark.alone
def test_alarm_opens_picture_and_sound_by_itself_in_step(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    hear(page)
    units.run(units.unit(0).press())
    view = page.locator(f"[data-live-view={units.ids[0]}]")
    expect(view).to_be_visible()
    expect(view.locator("[data-listen=heard]")).to_be_visible()
    page.keyboard.press("F2")
    page.wait_for_function("() => seen.length > 20")
    page.evaluate("seen.length = 0; beeps.length = 0")
    until(page, "seen.length >= 60 && beeps.length >= 6", "pictures and beeps")
    found = seen(page)
    beeps = page.evaluate("beeps")

    numbers = [one["number"] for one in found]
    assert numbers == sorted(set(numbers)), "out of order, or drawn twice"
    assert len(numbers) >= 0.7 * (numbers[-1] - numbers[0]), "pictures are lost without need"
    delays = sorted(1000 * (one["wall"] / 1000 - units.taken_s(0, one["scene_ms"])) for one in found)
    assert delays[len(delays) * 95 // 100] < DELAY_MOST_MS, delays[-5:]

    # A flash is drawn when its beep is heard: the first lit picture of a second lies in its first tenth.
    steps = []
    for one in found:
        if not one["lit"] or not one["heard"]:
            continue
        shown_s = one["s"] - one["late"] + 0.016 - one["scene_ms"] % 1000 / 1000
        steps.append(min((shown_s - beep for beep in beeps), key=abs) * 1000)
    assert len(steps) >= 3
    assert statistics.median(abs(step) for step in steps) < STEP_MOST_MS, steps

    shown_ms = int(view.locator("[data-delay]").get_attribute("data-delay") or -1)
    assert 0 <= shown_ms < DELAY_MOST_MS
    assert abs(shown_ms - statistics.median(delays)) < 400
    expect(view.locator("[data-mode=full]")).to_be_visible()
    expect(view.locator("[data-viewers='1']")).to_contain_text("值班调度员")
    expect(view.locator("[role=meter]")).to_have_attribute("aria-valuetext", "有声")


def test_still_of_the_unit_goes_into_the_incident(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    units.run(units.unit(1).press())
    view = page.locator(f"[data-live-view={units.ids[1]}]")
    # Nobody has tested the sound: that is said, and pictures run free.
    expect(view.locator("[data-listen=off]")).to_have_text("声音未试，点此试音")
    expect(view.locator("[data-delay]")).to_be_visible()
    page.keyboard.press("F10")
    expect(page.locator("[data-attachments='1']")).to_be_visible()

    api = f"{units.site.process.url}/api/v1/incidents"
    (incident,) = page.request.get(api, params={"state": "open"}).json()["items"]
    (kept,) = incident["attachments"]
    content = page.request.get(f"{api}/{incident['incident_id']}/attachments/{kept['attachment_id']}").body()
    name = kept["name"]
    assert name.startswith(f"{units.ids[1]} 20")
    assert name.endswith(".jpg")
    read = scene.read(simplejpeg.decode_jpeg(content))
    assert read is not None
    drawn = {told(one["bits"]) for one in page.evaluate("seen")}
    assert read in drawn


@pytest.mark.alone
def test_gateway_restarts_while_somebody_watches(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    hear(page)
    units.run(units.unit(0).press())
    view = page.locator(f"[data-live-view={units.ids[0]}]")
    expect(view.locator("[data-listen=heard]")).to_be_visible()
    units.run(units.site.process.kill())
    expect(view).to_have_attribute("data-link", "connecting")
    expect(view).to_have_attribute("data-old", "true")
    expect(view.locator("[data-notice]")).to_contain_text("连接中断，正在重连")
    expect(view.locator("[data-notice]")).to_contain_text("没有新画面")
    page.evaluate("seen.length = 0")
    units.run(units.site.process.start())
    expect(view).to_have_attribute("data-old", "false", timeout=2 * WITHIN_MS)
    expect(view.locator("[data-listen=heard]")).to_be_visible()
    page.wait_for_function("() => seen.length > 10")
    found = seen(page)[3:]
    late_ms = [1000 * (one["wall"] / 1000 - units.taken_s(0, one["scene_ms"])) for one in found]
    assert statistics.median(late_ms) < DELAY_MOST_MS


def test_garbage_between_pictures_stops_nothing(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    hear(page)
    units.run(units.unit(2).press())
    view = page.locator(f"[data-live-view={units.ids[2]}]")
    expect(view.locator("[data-listen=heard]")).to_be_visible()
    page.wait_for_function("() => seen.length > 5")
    Moody.spoilt = True
    expect(view.locator(".watch-worse")).to_contain_text("无法解码")
    page.evaluate("seen.length = 0")
    page.wait_for_function("() => seen.length >= 12")
    assert all(one["number"] % 2 for one in seen(page)), "garbage was drawn"
    expect(view).to_have_attribute("data-old", "false")
    expect(view.locator("[data-listen=heard]")).to_be_visible()


def test_picture_that_does_not_come_is_old_and_says_since_when(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    units.run(units.unit(0).press())
    view = page.locator(f"[data-live-view={units.ids[0]}]")
    expect(view).to_have_attribute("data-old", "false")
    units.run(link(units, 0, "cut"))
    try:
        expect(view.locator("[data-notice=old]")).to_contain_text("没有新画面")
        expect(view).to_have_attribute("data-old", "true")
        expect(view.locator("canvas.watch-old")).to_be_visible()
        expect(view.locator("[data-level=none]")).to_contain_text("没有声音传来")
    finally:
        units.run(link(units, 0, "restore"))
    expect(view).to_have_attribute("data-old", "false", timeout=2 * WITHIN_MS)


async def link(units: Units, number: int, deed: str) -> None:
    """Cut or restore the unit's way to the broker."""
    getattr(units.unit(number).link, deed)()


def test_less_is_sent_by_choice(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    open_unit(page, units.ids[0])
    view = page.locator(f"[data-live-view={units.ids[0]}]")
    expect(view).to_have_attribute("data-old", "false")
    for profile, said in (("stills", "静态画面（人工选择）"), ("sound", "只有声音（人工选择）")):
        view.locator("[name=live-profile]").select_option(profile)
        expect(view.locator(f"[data-mode={profile}][data-why=chosen]")).to_have_text(said)
    expect(view.locator("[data-notice=sound]")).to_contain_text("只传声音")
    view.locator("[name=live-profile]").select_option("auto")
    expect(view.locator("[data-mode=full][data-why='']")).to_be_visible()
    expect(view).to_have_attribute("data-old", "false")
    # Without an incident there is nowhere to keep a still.
    expect(view.locator("[data-live-act=still]")).to_be_disabled()
    view.locator("[data-live-act=close]").click()
    expect(page.locator("[data-live-act=open]")).to_be_enabled()


def test_full_screen_gives_way_to_an_alarm(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    open_unit(page, units.ids[2])
    view = page.locator(f"[data-live-view={units.ids[2]}]")
    expect(view).to_have_attribute("data-old", "false")
    page.keyboard.press("F6")
    expect(view.locator("[data-live-act=full]")).to_have_text("退出全屏")
    units.run(units.unit(1).press())
    expect(page.locator(".banner")).to_be_visible()
    page.wait_for_function("() => document.fullscreenElement === null")


def test_one_window_of_a_browser_listens(units: Units, window: BrowserContext) -> None:
    first = units.enter(window)
    hear(first)
    open_unit(first, units.ids[0])
    expect(first.locator("[data-listen=heard]")).to_be_visible()
    second = window.new_page()
    second.goto(units.site.process.url)
    expect(second.locator("[data-live=live]")).to_be_visible()
    open_unit(second, units.ids[1])
    expect(first.locator("[data-listen=elsewhere]")).to_have_text("另一窗口在收听")
    second.locator("[data-live-act=close]").click()
    expect(first.locator("[data-listen=not]")).to_have_text("收听")
    first.keyboard.press("F7")
    expect(first.locator("[data-listen=heard]")).to_be_visible()


def test_small_pictures_come_as_h264(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    open_unit(page, units.ids[0])
    view = page.locator(f"[data-live-view={units.ids[0]}]")
    expect(view).to_have_attribute("data-old", "false")
    codecs: set[int] = set()
    # The bytes that come: the third says how a picture is coded.
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: codecs.update(coded(data))))
    view.locator("[data-live-act=close]").click()
    page.locator("[data-live-act=open]").click()
    view.locator("[name=live-profile]").select_option("small")
    deadline_s = time.monotonic() + WITHIN_MS / 1000
    while 2 not in codecs and time.monotonic() < deadline_s:
        page.wait_for_timeout(100)
    page.evaluate("seen.length = 0")
    page.wait_for_function("() => seen.length > 15")
    numbers = [one["number"] for one in seen(page)]
    assert 2 in codecs
    assert numbers == sorted(set(numbers))
    expect(view).to_have_attribute("data-old", "false")
    expect(view.locator(".watch-worse")).to_have_count(0)


def coded(data: str | bytes) -> set[int]:
    """How a picture is coded, if it is one."""
    return {data[2]} if isinstance(data, bytes) and data[1] == 1 else set()


def open_unit(page: Page, unit_id: str) -> None:
    """Its panel, and its picture by the button."""
    page.locator("#unit-search").fill(unit_id)
    page.keyboard.press("Enter")
    page.locator("[data-live-act=open]").click()


@pytest.mark.alone
def test_page_that_stops_reading_is_told_what_it_lost(units: Units, window: BrowserContext) -> None:
    page = units.enter(window)
    open_unit(page, units.ids[0])
    view = page.locator(f"[data-live-view={units.ids[0]}]")
    expect(view).to_have_attribute("data-old", "false")
    page.evaluate("() => { const end = performance.now() + 6000; while (performance.now() < end); }")
    page.wait_for_function("() => Number(document.querySelector('[data-dropped]')?.dataset.dropped) > 0")
    expect(view).to_have_attribute("data-old", "false")
    expect(view.locator("[data-mode=full][data-why='']")).to_be_visible()
    page.evaluate("seen.length = 0")
    page.wait_for_function("() => seen.length > 10")
    late_ms = [1000 * (one["wall"] / 1000 - units.taken_s(0, one["scene_ms"])) for one in seen(page)[3:]]
    assert statistics.median(late_ms) < DELAY_MOST_MS


def test_wall_shows_several_and_the_alarmed_first(
    units: Units, window: BrowserContext, shoot_to: Callable[[Page, str], None]
) -> None:
    page = units.enter(window)
    hear(page)
    page.goto(f"{units.site.process.url}/live?units={','.join(units.ids)}&show=4")
    hear(page)
    for unit_id in units.ids:
        expect(page.locator(f"[data-live-view={unit_id}]")).to_have_attribute("data-old", "false")
    expect(page.locator("[data-listen=heard]")).to_have_count(1)
    page.keyboard.press("3")
    heard = page.locator(f"[data-live-view={units.ids[2]}] [data-listen=heard]")
    expect(heard).to_be_visible()
    expect(page.locator("[data-listen=heard]")).to_have_count(1)
    shoot_to(page, "live-wall")

    units.run(units.unit(1).press())
    first = page.locator("[data-live-view]").first
    expect(first).to_have_attribute("data-live-view", units.ids[1])
    expect(first.locator(".live-alarm")).to_contain_text("未确认")
    expect(first.locator("[data-listen=heard]")).to_be_visible()
    expect(page.locator("[data-listen=heard]")).to_have_count(1)
    shoot_to(page, "live-wall-alarm")
    page.locator("[data-show='1']").click()
    expect(page.locator("[data-live-view]")).to_have_count(1)
    expect(page.locator(".page-hint")).to_contain_text("还有 2 台未显示")


@pytest.fixture
def shoot_to() -> Callable[[Page, str], None]:
    """A picture of the page; nothing may stand out of the window."""

    def make(page: Page, name: str) -> None:
        shots = Path(__file__).resolve().parent / "shots"
        shots.mkdir(exist_ok=True)
        for width, height in ((1920, 1080), (1366, 768), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: too wide"
            page.screenshot(path=shots / f"{name}-{width}.png")
        page.set_viewport_size({"width": 1366, "height": 768})

    return make
