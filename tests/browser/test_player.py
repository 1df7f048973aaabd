"""The player in a real browser: frame numbers are read back from its canvas, and laid beside the sound's schedule."""

import binascii
import itertools
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from console_filmer import LAST, Camera, film, jpeg, on_the_air
from console_officer import CASE
from console_people import make_site
from console_site import Site
from playwright.sync_api import Locator, Page, expect
from test_everyone import PHONE, at, check, theme_of

from protocol.messages import FixBatch
from protocol.records import Fix

Make = Callable[..., Any]
WHOLE, GROWS, HOSTILE, APART, LONG = [bytes([0xA0 + n]) + bytes(7) for n in range(5)]
PART_S = 4
LINE = "[data-line] input[type=range]"
PLAYS_MAX = 4

#: What reaches the loudspeaker and the eye, each with the time of the audio clock.
WATCH = """
window.heard = []; window.seen = [];
const Made = window.AudioContext;
window.AudioContext = class extends Made { constructor(...given) { super(...given); window.audio = this; } };
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, offset = 0) {
  const data = this.buffer.getChannelData(0);
  const on = data.findIndex((value) => Math.abs(value) > 0.2);
  const beep = on < 0 ? null : on / this.buffer.sampleRate;
  heard.push({ when, offset, rate: this.playbackRate.value, s: this.buffer.duration, on: beep });
  return start.call(this, when, offset);
};
window.bitsOf = (canvas) => {
  if (canvas?.dataset.at === undefined) return null;
  const pen = canvas.getContext('2d');
  const band = Math.floor(canvas.height * 0.2);
  let bits = '';
  for (let row = 0; row < 4; row += 1) for (let column = 0; column < 20; column += 1) {
    const [x, y] = [Math.floor((column + 0.5) / 20 * canvas.width), Math.floor((row + 0.5) / 4 * band)];
    const [red] = pen.getImageData(x, y, 1, 1).data;
    bits += red > 128 ? '1' : '0';
  }
  return bits;
};
let [last, before] = [null, 0];
const watch = (now) => {
  requestAnimationFrame(watch);
  const bits = window.bitsOf(document.querySelector('[data-screen]'));
  const { currentTime: s = 0, outputLatency: late = 0 } = window.audio ?? {};
  if (bits !== null && bits !== last) seen.push({ bits, s, late, gap: now - before });
  before = now;
  last = bits;
};
requestAnimationFrame(watch);
"""


def told(bits: str | None) -> tuple[int, int] | None:
    """(number, at_ms) that a picture says of itself; None when it is none of ours."""
    if bits is None:
        return None
    data = int(bits, 2).to_bytes(10, "big")
    if binascii.crc_hqx(data[:8], 0xFFFF) != int.from_bytes(data[8:], "big"):
        return None
    return int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big")


@dataclass
class Air:
    """The camera that is on the air, and how to have it do something."""

    camera: Camera
    run: Callable[[Any], Any]


async def positions(camera: Camera, count: int) -> None:
    """One a second from the recording's beginning on."""
    fixes = []
    for second in range(count):
        stamp = camera._stamp(5_000 + second * 1000)
        fixes.append(
            Fix(stamp, lat_e7=260_390_000 + 1000 * second, lon_e7=1_192_700_000, satellites=9, quality=1)
        )
    await camera.control.say("fix", FixBatch(fixes=fixes, dropped=0))


def spoilt(number: int, at_ms: int) -> bytes:
    """Every third picture is none that may be decoded."""
    good = jpeg(number, at_ms)
    bomb = bytearray(good)
    at = bomb.index(b"\xff\xc0") + 5
    bomb[at : at + 4] = b"\xff\xff\xff\xff"
    return (good, bytes(bomb), good[:200], b"not a picture", good, good)[number % 6]


@pytest.fixture(scope="module")
def site(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway of its own."""
    made = make_site(tmp_path_factory.mktemp("played"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def air(site: Site) -> Iterator[Air]:
    """Recordings: three segments whole; spoilt pictures, a broken segment and a good one; two far apart."""
    start_ms = time.time_ns() // 1_000_000 - 60_000
    with on_the_air(site.config.parent / "units" / "UNIT3", start_ms) as (camera, run):

        def seal(made: Any, from_ms: int, seconds: int, **given: Any) -> None:
            run(camera.send(made, [made.chunk(n) for n in range(len(made.chunks))]))
            assert run(camera.restore(made, camera.signed(made, from_ms, seconds, **given))).sealed

        run(positions(camera, 12))
        alarm = camera.control.alarm(case_no=CASE, pressed=camera._stamp(5_000 + 5_500))
        run(camera.control.stored(alarm))
        for number in range(3):
            from_ms = 1000 * PART_S * number
            segment = film(WHOLE, number, PART_S, from_ms=from_ms, utc_ms=start_ms + from_ms)
            seal(
                segment,
                from_ms,
                PART_S,
                flags=LAST * (number == 2),
                case_no=CASE,
                alarm_id=alarm.alarm_id,
                marks=[2500],
            )
        camera.start_ms -= 600_000
        seal(film(HOSTILE, 0, 3, picture=spoilt), 0, 3)
        torn = film(HOSTILE, 1, 3, from_ms=3000)
        object.__setattr__(torn, "data", torn.data[:30_000] + b"\x00\xde\xad" * 5000)
        object.__setattr__(
            torn,
            "chunks",
            [(at, flags, ms) for at, flags, ms in torn.chunks if at < 30_000] + [(30_000, 0, None)],
        )
        assert run(camera.restore(torn, camera.signed(torn, 3000, 3))).sealed
        seal(film(HOSTILE, 2, 3, from_ms=6000), 6000, 3, flags=LAST)
        camera.start_ms -= 600_000
        seal(film(APART, 0, 3), 0, 3)
        seal(film(APART, 5, 3, from_ms=60_000), 60_000, 3, flags=LAST)
        camera.start_ms = start_ms
        yield Air(camera, run)


def player(page: Page, recording: bytes) -> Locator:
    """The player of a recording, with its first picture drawn."""
    page.add_init_script(WATCH)
    page.goto(f"{page.evaluate('location.origin')}/recordings/UNIT3/{recording.hex()}")
    found = page.locator("[data-player]")
    expect(found).to_be_visible()
    return found


def shown(page: Page) -> tuple[int, int] | None:
    return told(page.evaluate("bitsOf(document.querySelector('[data-screen]'))"))


def until(page: Page, number: int) -> None:
    """Wait until this picture is on the canvas."""
    bits = f"{number:032b}"
    page.wait_for_function(
        "(bits) => bitsOf(document.querySelector('[data-screen]'))?.startsWith(bits)", arg=bits
    )


def until_at_least(page: Page, number: int) -> tuple[int, int]:
    """Wait until this picture is on the canvas, or one after it; what it says of itself."""
    page.wait_for_function(
        "(least) => parseInt(bitsOf(document.querySelector('[data-screen]'))?.slice(0, 32) ?? '0', 2) >= least",
        arg=number,
    )
    now = shown(page)
    assert now is not None
    return now


def seek(page: Page, at_ms: int) -> None:
    """As a finger on the line."""
    page.locator(LINE).evaluate(
        "(one, at) => { one.value = at; one.dispatchEvent(new Event('input', { bubbles: true })); }", at_ms
    )


@pytest.mark.alone
def test_picture_and_sound_are_in_step_across_segments(desk: Make, air: Air, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    found = player(page, WHOLE)
    until(page, 0)
    page.locator("[data-player-act=play]").click()
    expect(found).to_have_attribute("data-player", "playing")
    expect(found).to_have_attribute("data-notice", "end", timeout=40_000)
    seen = [(told(one["bits"]), one["s"] - one["late"], one["gap"]) for one in page.evaluate("seen")]
    assert all(what is not None for what, _, _ in seen)
    numbers = [what[0] for what, _, _ in seen if what]
    assert numbers == sorted(set(numbers)), "a picture came out of order"
    assert numbers[-1] >= 10 * 3 * PART_S - 2
    assert len(numbers) > 0.9 * 10 * 3 * PART_S, "pictures were left out"
    heard = page.evaluate("heard")
    # One packet after another, without a seam, over the ends of segments.
    for before, after in itertools.pairwise(heard):
        assert after["when"] == pytest.approx(before["when"] + before["s"] - before["offset"], abs=0.016)
    beeps = [
        one["when"] + one["on"]
        for before, one in zip([{"on": None}, *heard], heard, strict=False)
        if one["on"] is not None and before["on"] is None
    ]
    assert len(beeps) == 3 * PART_S
    off_ms = []
    for what, s, gap_ms in seen[1:]:
        assert what is not None
        # The moment that is heard when this picture is drawn, by the beep of its second. A page that was given no
        # processor for a while draws late: that is the machine's, and its sound went on.
        second = min(what[1] // 1000, len(beeps) - 1)
        if gap_ms < 40:
            off_ms.append(1000 * second + 1000 * (s - beeps[second]) - what[1])
    assert len(off_ms) > 20
    assert sorted(off_ms)[len(off_ms) // 2] <= 40 and min(off_ms) >= -40, sorted(off_ms)
    assert len([off for off in off_ms if off <= 40]) >= 0.8 * len(off_ms), sorted(off_ms)
    page.locator("[data-act=verify]").click()
    expect(page.locator("[data-verdict=ok]")).to_be_visible()
    expect(page.locator("[data-tick=alarm]")).to_have_attribute("title", re.compile(r"告警 \d\d:\d\d:\d\d"))
    page.locator("[data-tick=alarm]").click()
    until(page, 55)
    page.locator("[data-tick=mark]").nth(1).click()
    until(page, 65)
    shoot(page, "player")


def test_seeks_steps_and_keys(desk: Make, air: Air) -> None:
    page = desk().enter("viewer")
    found = player(page, WHOLE)
    until(page, 0)
    seek(page, 9730)
    until(page, 97)
    page.keyboard.press(".")
    until(page, 98)
    page.keyboard.press(",")
    page.keyboard.press(",")
    until(page, 96)
    page.keyboard.press("ArrowLeft")
    until(page, 46)
    # Over the beginning of a segment, and where nothing of before is in memory.
    seek(page, 4000)
    until(page, 40)
    for number in (39, 38, 37):
        page.keyboard.press(",")
        until(page, number)
    page.keyboard.press("ArrowRight")
    until(page, 87)
    page.locator("[data-part='1'] button.link").click()
    until(page, 40)
    page.locator(LINE).focus()
    page.keyboard.press("ArrowRight")
    until(page, 90)
    page.keyboard.press("Space")
    expect(found).to_have_attribute("data-player", "playing")
    page.keyboard.press("Space")
    expect(found).to_have_attribute("data-player", "paused")
    still = shown(page)
    assert still is not None and still[0] >= 90


@pytest.mark.parametrize("speed", [0.5, 2, 4])
def test_speeds(desk: Make, air: Air, speed: float) -> None:
    page = desk().enter("viewer")
    found = player(page, WHOLE)
    until(page, 0)
    page.locator("[name=player-speed]").select_option(str(speed))
    from_ms = 10_000 if speed < 1 else 0
    seek(page, from_ms)
    until(page, from_ms // 100)
    page.evaluate("seen.length = 0")
    page.locator("[data-player-act=play]").click()
    expect(found).to_have_attribute("data-notice", "end", timeout=40_000)
    seen = [(told(one["bits"]), one["s"]) for one in page.evaluate("seen")]
    assert all(what is not None for what, _ in seen)
    drawn = [(what[1], s) for what, s in seen if what]
    # One picture that is drawn late, be it the first or the last, says nothing of the speed.
    slopes = [
        (later_ms - ms) / 1000 / (later_s - s)
        for (ms, s), (later_ms, later_s) in zip(drawn, drawn[len(drawn) // 2 :], strict=False)
    ]
    assert statistics.median(slopes) == pytest.approx(speed, rel=0.1)
    rates = {one["rate"] for one in page.evaluate("heard")}
    assert rates == ({speed} if speed <= 2 else set())


def test_moment_in_a_long_file_is_found_without_reading_it_all(desk: Make, air: Air) -> None:
    large = (640, 480)
    segment = film(LONG, 0, 40, picture=lambda number, at_ms: jpeg(number, at_ms, large), size=large)
    assert len(segment.data) > 5_000_000
    run = air.run
    run(air.camera.send(segment, [segment.chunk(n) for n in range(len(segment.chunks))]))
    assert run(air.camera.restore(segment, air.camera.signed(segment, 0, 40, flags=LAST))).sealed
    page = desk().enter("viewer")
    player(page, LONG)
    until(page, 0)
    ahead_bytes = 2 * len(segment.data) * 8 // 40
    for number in (333, 51, 207, 399, 398):
        asked: list[int] = []
        page.on("response", lambda one, asked=asked: asked.append(int(one.headers.get("content-length", 0))))
        seek(page, number * 100)
        until(page, number)
        assert sum(asked) < ahead_bytes + 10 * (1 << 17), f"{sum(asked)} bytes for picture {number}"


def test_map_follows_the_moment(desk: Make, air: Air) -> None:
    page = desk().enter("dispatcher")
    player(page, WHOLE)
    place = page.locator("[data-place-map]")
    expect(place).to_have_attribute("data-place", "26.03900,119.27000")
    page.locator("[data-part='2'] button.link").click()
    expect(place).to_have_attribute("data-place", "26.03980,119.27000")


def test_recording_that_grows_is_played_while_it_arrives(desk: Make, air: Air, shoot: Make) -> None:
    camera, run = air.camera, air.run
    segment = film(GROWS, 0, 8)
    middle = next(n for n, (_, _, at_ms) in enumerate(segment.chunks) if at_ms == 4000)
    # On a thin link some pictures are left out at first.
    thin = [n for n in range(middle) if segment.chunks[n][2] not in (1100, 1300)]
    run(camera.send(segment, [segment.chunk(n, early=True) for n in thin]))
    page = desk().enter("dispatcher")
    page.locator(".pages [data-page=recordings]").click()
    expect(page.locator(f"tr[data-recording='{GROWS.hex()}']")).to_be_visible()
    found = player(page, GROWS)
    until(page, 0)
    expect(page.locator("tr[data-part='0']")).to_contain_text("接收中")
    # Standing still, which a busy machine shows as well: where a picture is missing, the one before it.
    for at_ms, number in ((1000, 10), (1100, 10), (1200, 12), (1300, 12), (1400, 14), (0, 0)):
        seek(page, at_ms)
        until(page, number)
    page.evaluate("seen.length = 0")
    page.locator("[data-player-act=play]").click()
    expect(found).to_have_attribute("data-notice", "waiting")
    until(page, 39)
    numbers = [what[0] for one in page.evaluate("seen") if (what := told(one["bits"]))]
    assert not {11, 13} & set(numbers)
    expect(page.locator("tr[data-part='0'] [data-how]")).to_have_attribute("data-how", "missing")
    shoot(page, "player-growing")
    run(camera.send(segment, [segment.chunk(n, early=True) for n in range(middle, len(segment.chunks))]))
    until(page, 79)
    assert run(camera.restore(segment, camera.signed(segment, 0, 8, flags=LAST))).sealed
    expect(page.locator("tr[data-part='0']")).to_contain_text("已封存")
    expect(found).to_have_attribute("data-notice", "end")
    numbers = [what[0] for one in page.evaluate("seen") if (what := told(one["bits"]))]
    assert numbers == sorted(numbers)


def test_hostile_bytes_cost_no_more_than_themselves(desk: Make, air: Air, shoot: Make) -> None:
    page = desk().enter("viewer")
    found = player(page, HOSTILE)
    until(page, 0)
    faults = page.locator(".player-faults")
    for play in range(PLAYS_MAX):
        page.locator("[data-player-act=play]").click()
        until_at_least(page, 88)
        expect(found).to_have_attribute("data-notice", "end", timeout=40_000)
        # A page that was given no processor for a while leaves pictures out: these were not decoded, either.
        if "16 帧" in faults.inner_text() or play == PLAYS_MAX - 1:
            break
        seek(page, 0)
        until(page, 0)
    expect(faults).to_contain_text("第 2 段")
    expect(faults).to_contain_text("帧画面无法解码")
    # Half of the first segment's, and the one in which the second breaks.
    expect(faults).to_contain_text("16 帧")
    expect(faults.locator("p")).to_have_count(3)
    seen = [told(one["bits"]) for one in page.evaluate("seen")]
    numbers = [what[0] for what in seen if what]
    assert None not in seen
    assert {number % 6 for number in numbers if number < 30} == {0, 4, 5}
    assert numbers[-1] >= 88
    seek(page, 3000)
    until(page, 30)
    page.evaluate("document.title")
    shoot(page, "player-hostile")


@pytest.mark.parametrize(("theme", "language"), [("dark", "zh"), ("day", "en")])
def test_recording_has_no_barrier(desk: Make, air: Air, theme: str, language: str, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    page.evaluate("language => localStorage.setItem('tipstaff.language', language)", language)
    theme_of(page, theme)
    player(page, APART)
    until(page, 0)
    page.locator("[data-act=hold]").click()
    check(page, "recording")
    shoot(page, f"recording-{theme}")
    time_of_day = page.locator(".clock").bounding_box()
    assert time_of_day is not None and time_of_day["x"] + time_of_day["width"] <= 1366
    at(page, PHONE, f"recording-{theme}")
    page.locator(".pages [data-page=recordings]").click()
    expect(page.locator("tr[data-recording]").first).to_be_visible()
    check(page, "recordings")
    at(page, PHONE, f"recordings-{theme}")


def test_hole_is_said_and_jumped_over(desk: Make, air: Air) -> None:
    page = desk().enter("viewer")
    found = player(page, APART)
    until(page, 0)
    seek(page, 30_000)
    expect(found).to_have_attribute("data-notice", "noPicture")
    expect(page.locator("tr[data-state=absent]")).to_have_count(4)
    expect(page.locator("[data-sign=absent]")).to_contain_text("没有收到")
    page.locator("[data-player-act=play]").click()
    expect(found).to_have_attribute("data-notice", "skipped")
    number, _ = until_at_least(page, 620)
    assert number < 630
