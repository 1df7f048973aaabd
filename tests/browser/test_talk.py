"""Speaking with an officer: a real browser's microphone, the real gateway and broker, and what arrives at the unit."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from console_chromium import SHOTS, chromium
from console_ear import said, strength
from console_officer import Officer
from console_site import WITHIN_S, Site
from playwright.sync_api import Browser, Locator, Page, expect

from protocol.messages import KIND_DURESS, SPEAKER_PLAYS, SPEAKER_SILENT
from protocol.talk import ALOUD, LAST, Talk

Make = Any
HZ = 740.0
PANEL = "[data-talk=UNIT1]"


@pytest.fixture(scope="module")
def browser(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """With a person at the microphone who says 200 ms of one tone, four times a second."""
    path = tmp_path_factory.mktemp("microphone") / "tone.wav"
    at = np.arange(48_000 * 4) / 48_000
    tone = np.where(at % 0.25 < 0.2, 0.4 * np.sin(2 * np.pi * HZ * at), 0)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((tone * 32767).astype("<i2").tobytes())
    with chromium(WITHIN_S * 1000, f"--use-file-for-fake-audio-capture={path}") as opened:
        yield opened


def alarmed(desk: Make, officer: Make, speaker: int = SPEAKER_PLAYS) -> tuple[Page, Officer]:
    """A dispatcher before the panel of an officer who has pressed."""
    page = desk().enter("dispatcher")
    worn = officer("UNIT1")
    worn.fix()
    worn.state(speaker=speaker)
    worn.press()
    expect(page.locator(f".right {PANEL}")).to_have_attribute("data-talk-state", "nobody")
    act = "arm" if speaker == SPEAKER_SILENT else "call"
    expect(
        page.locator(f".right {PANEL} [data-talk-act={act}]")
    ).to_be_enabled()  # the talk's own link stands
    page.keyboard.press("F2")
    return page, worn


def hear(worn: Officer, fits: Callable[[list[Talk]], bool]) -> list[Talk]:
    """What the unit heard, once that fits."""
    end_s = time.monotonic() + WITHIN_S
    while not fits(found := [talk for _, talk in worn.heard]):
        assert time.monotonic() < end_s, f"{len(found)} packets"
        time.sleep(0.02)
    return found


def over(found: list[Talk]) -> bool:
    return bool(found) and bool(found[-1].flags & LAST)


@pytest.mark.alone
def test_what_is_said_while_space_is_held_reaches_the_officer(
    desk: Make, officer: Make, shoot: Make, site: Site
) -> None:
    page, worn = alarmed(desk, officer)
    shoot(page, "talk-nobody")
    page.locator("body").focus()
    page.keyboard.down("Space")
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    hear(worn, lambda found: len(found) > 75)
    shoot(page, "talk-you")
    page.keyboard.up("Space")
    found = hear(worn, over)
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "nobody")
    numbers = [talk.number for talk in found]
    assert numbers == sorted(set(numbers)) and len({talk.talk for talk in found}) == 1
    spoken = said(b"".join(talk.sound for talk in found))
    assert strength(spoken, HZ) > 0.02, "the tone of the microphone is in it"
    assert strength(spoken, HZ) > 10 * strength(spoken, HZ * 1.5)
    # They come as they are said: one each 20 ms, and never in heaps.
    came = np.array([at for at, _ in worn.heard[5:-1]]) - np.array([talk.number / 50 for talk in found[5:-1]])
    assert np.percentile(came, 95) - came.min() < 0.2
    entry = page.locator("[data-event=talk]").first
    expect(entry).to_contain_text("喊话")
    expect(entry).to_contain_text("陈调度")
    shoot(page, "talk-timeline")
    with site.signed_in("dispatcher") as api:
        (row,) = api.get("/units/UNIT1/talks").json()["items"]
        file = api.get(f"/units/UNIT1/talks/{row['talk']}")
    assert row["packets"] == len(found) - 1 and row["ended"] == "released"
    assert found[10].sound in file.content


def played(page: Page) -> np.ndarray:
    """What was handed to the loudspeaker, at 16 kHz."""
    return np.array(page.evaluate("played.flat()"))


#: Keeps what the page hands to its loudspeaker.
EAR = """
window.played = [];
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (...when) {
  if (this.buffer.sampleRate === 16000) played.push([...this.buffer.getChannelData(0)]);
  return start.apply(this, when);
};
null;
"""


@pytest.mark.alone
def test_what_was_said_is_heard_where_it_stands(desk: Make, officer: Make, site: Site, shoot: Make) -> None:
    page, worn = alarmed(desk, officer)
    page.locator("body").focus()
    page.keyboard.down("Space")
    hear(worn, lambda found: len(found) > 75)
    page.keyboard.up("Space")
    sound = b"".join(talk.sound for talk in hear(worn, over))
    entry = page.locator("[data-event=talk]").first
    (row,) = talks_of_unit(site, entry)
    page.evaluate(EAR)
    player = entry.locator(f"[data-talk-play='{row['talk']}']")
    player.locator("[data-talk-act=play]").click()
    expect(player).to_have_attribute("data-phase", "playing")
    shoot(page, "talk-playing")
    expect(player).to_have_attribute("data-phase", "paused")
    assert row["packets"] == len(sound) // 320
    assert int(player.get_attribute("data-at") or 0) == 20 * (row["packets"] + row["dropped"])
    assert np.allclose(played(page), said(sound), atol=1e-4), "what is heard is what was sent, in its order"
    # From the middle on by its slider; who speaks ends it, or the officer would hear it again.
    page.evaluate("played.length = 0")
    player.locator("input[type=range]").fill("1000")
    player.locator("[data-talk-act=play]").click()
    expect(player).to_have_attribute("data-phase", "playing")
    assert len(played(page)) < len(sound) - 15_000
    page.evaluate("document.activeElement.blur()")
    page.keyboard.down("Space")
    expect(player).to_have_attribute("data-phase", "none")
    page.keyboard.up("Space")
    hear(worn, over)

    # Whoever changes a byte is found out, on the unit's page as well.
    path = site.config.parent / "data" / "talks" / "UNIT1" / f"{row['talk']}.mkv"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    page.goto(f"{site.url}/units/UNIT1")
    listed = page.locator(f"[data-talk-row='{row['talk']}']")
    expect(listed).to_contain_text("陈调度")
    expect(listed).to_contain_text("说完")
    listed.locator("[data-talk-act=play]").click()
    expect(listed.locator("[data-talk-fault=damaged]")).to_be_visible()
    shoot(page, "talks-of-unit")
    path.write_bytes(content)
    listed.locator("[data-talk-act=play]").click()
    expect(listed.locator("[data-phase=playing]")).to_be_visible()
    page.goto(f"{site.url}/incidents/{row['incident_id']}")
    expect(page.locator(f"[data-talk-row='{row['talk']}']")).to_be_visible()
    shoot(page, "talks-of-incident")


def talks_of_unit(site: Site, entry: Locator) -> list[dict[str, Any]]:
    """The talk of an entry of the timeline, as the register has it."""
    talk = entry.locator("[data-talk-play]").get_attribute("data-talk-play")
    with site.signed_in("dispatcher") as api:
        return [one for one in api.get("/units/UNIT1/talks").json()["items"] if one["talk"] == talk]


def test_officer_is_spoken_to_from_the_full_screen_and_from_the_wall(
    desk: Make, officer: Make, shoot: Make, site: Site
) -> None:
    page, worn = alarmed(desk, officer)
    page.keyboard.press("F6")
    expect(page.locator("[data-live-act=full]")).to_have_text("退出全屏")
    full = page.locator("[data-attend]:fullscreen")
    expect(full.locator(f"{PANEL} [data-talk-act=hold]")).to_be_in_viewport()
    page.keyboard.down("Space")
    expect(full.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    page.screenshot(path=SHOTS / "talk-full.png")
    page.keyboard.up("Space")
    hear(worn, over)
    page.keyboard.press("F6")
    page.wait_for_function("() => document.fullscreenElement === null")

    other = officer("UNIT2")
    other.fix()
    other.state(speaker=SPEAKER_SILENT)
    worn.heard.clear()
    page.goto(f"{site.url}/live?units=UNIT1,UNIT2&show=4")
    first, second = page.locator("[data-live-view=UNIT1]"), page.locator("[data-live-view=UNIT2]")
    first.locator("[data-talk-act=open]").click()
    expect(first.locator("[data-talk-act=call]")).to_be_enabled()
    page.keyboard.down("Space")
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    shoot(page, "talk-wall")
    page.keyboard.up("Space")
    hear(worn, over)
    # One talk at a time; the second key is needed here as everywhere.
    second.locator("[data-talk-act=open]").click()
    expect(page.locator("[data-talk]")).to_have_count(1)
    expect(second.locator("[data-talk-warning]")).to_be_visible()
    expect(second.locator("[data-talk-act=arm]")).to_be_enabled()
    page.keyboard.down("Space")
    expect(second.locator("[data-talk-kept-silent]")).to_be_visible()
    page.keyboard.up("Space")
    shoot(page, "talk-wall-silent")
    page.keyboard.press("F6")
    expect(page.locator("[data-live-view]:fullscreen")).to_have_count(1)
    page.keyboard.down("Shift")
    page.keyboard.down("Space")
    expect(second.locator("[data-talk]")).to_have_attribute("data-talk-state", "you")
    page.keyboard.up("Space")
    page.keyboard.up("Shift")
    assert all(talk.flags & ALOUD for talk in hear(other, over))


@pytest.mark.alone
def test_call_goes_on_when_somebody_presses_and_when_the_officer_does(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    worn, other = officer("UNIT1"), officer("UNIT2")
    worn.fix()
    worn.state(speaker=SPEAKER_PLAYS)
    page.locator("#unit-search").fill("UNIT1")
    page.keyboard.press("Enter")
    unit = page.locator("[data-panel-unit=UNIT1]")
    unit.locator("[data-talk-act=open]").click()
    unit.locator("[data-talk-act=call]").click()
    hear(worn, lambda found: len(found) > 10)
    other.press()
    expect(page.locator(".banner")).to_be_visible()
    worn.press()
    talk = page.locator(f".right [data-panel-incident] {PANEL}")
    expect(talk).to_have_attribute("data-talk-state", "you")
    so_far = len(worn.heard)
    found = hear(worn, lambda found: len(found) > so_far + 25)
    assert len({one.talk for one in found}) == 1 and not over(found)
    talk.locator("[data-talk-act=hang-up]").click()
    hear(worn, over)


def test_space_belongs_to_who_writes(desk: Make, officer: Make) -> None:
    page, worn = alarmed(desk, officer)
    page.keyboard.press("F8")
    page.keyboard.type("a b")
    page.keyboard.press("Escape")
    # A button that was clicked keeps the focus; Space speaks, and does not click it again.
    page.locator(f"{PANEL} [data-talk-act=call]").click()
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    page.locator("[data-talk-act=hang-up]").click()
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "nobody")
    hear(worn, over)
    talks = {talk.talk for _, talk in worn.heard}
    assert len(talks) == 1
    page.keyboard.down("Space")
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    page.keyboard.up("Space")
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "nobody")


def test_silent_alarm_makes_no_sound_without_the_second_key(desk: Make, officer: Make, shoot: Make) -> None:
    page, worn = alarmed(desk, officer, SPEAKER_SILENT)
    expect(page.locator("[data-talk-warning]")).to_be_visible()
    page.locator("body").focus()
    page.keyboard.down("Space")
    expect(page.locator("[data-talk-kept-silent]")).to_be_visible()
    shoot(page, "talk-silent")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(PANEL).scroll_into_view_if_needed()
    page.screenshot(path=SHOTS / "talk-silent-390.png")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.keyboard.up("Space")
    assert page.locator(f"{PANEL} [data-talk-act=hold]").is_disabled()
    assert worn.heard == []
    page.keyboard.down("Shift")
    page.keyboard.down("Space")
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    hear(worn, lambda found: len(found) > 10)
    shoot(page, "talk-aloud")
    page.keyboard.up("Space")
    page.keyboard.up("Shift")
    assert all(talk.flags & ALOUD for talk in hear(worn, over))
    worn.heard.clear()
    page.locator("[data-talk-act=arm]").click()
    box = page.locator("[data-talk-act=hold]").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    page.mouse.up()
    assert all(talk.flags & ALOUD for talk in hear(worn, over))


def test_duress_is_silent_before_the_unit_says_so(desk: Make, officer: Make) -> None:
    page, worn = alarmed(desk, officer)
    worn.press(KIND_DURESS)
    expect(page.locator(PANEL)).to_have_attribute("data-silent", "true")
    assert page.locator(f"{PANEL} [data-talk-act=call]").is_disabled()


@pytest.mark.alone
def test_call_is_handed_over(desk: Make, officer: Make, shoot: Make) -> None:
    mine, worn = alarmed(desk, officer)
    other = desk().enter("second")
    other.locator("button[id^=queue-]").first.click()
    expect(other.locator(f".right {PANEL} [data-talk-act=call]")).to_be_visible()
    mine.locator("[data-talk-act=call]").click()
    expect(mine.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    expect(other.locator(PANEL)).to_have_attribute("data-talk-state", "other")
    expect(other.locator(f"{PANEL} .talk-now")).to_contain_text("陈调度")
    assert other.locator("[data-talk-act=hold]").is_disabled()
    shoot(mine, "talk-call")
    mine.locator("[data-talk-act=hand-over]").click()
    expect(other.locator("[data-talk-offer=dispatcher]")).to_be_visible()
    shoot(other, "talk-offered")
    other.locator("[data-talk-act=take]").click()
    expect(other.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    expect(mine.locator(PANEL)).to_have_attribute("data-talk-state", "other")
    other.locator("[data-talk-act=hang-up]").click()
    found = hear(worn, lambda found: sum(talk.flags & LAST != 0 for talk in found) == 2)
    assert len({talk.talk for talk in found}) == 2


def test_call_goes_to_nobody_else_when_the_chosen_one_leaves(desk: Make, officer: Make) -> None:
    mine, _ = alarmed(desk, officer)
    others = {name: desk().enter(name) for name in ("second", "third")}
    for other in others.values():
        other.locator("button[id^=queue-]").first.click()
        expect(other.locator(f".right {PANEL} [data-talk-act=call]")).to_be_visible()
    mine.locator("[data-talk-act=call]").click()
    expect(mine.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    to, act = mine.locator("[name=talk-to]"), mine.locator("[data-talk-act=hand-over]")
    expect(to.locator("option")).to_have_count(2)
    chosen = to.input_value()
    expect(act).to_be_enabled()
    others[chosen].close()
    expect(act).to_be_disabled()
    expect(to).to_have_value(chosen)
    (left,) = others.keys() - {chosen}
    to.select_option(left)
    act.click()
    offered = others[left].locator("[data-talk-offer=dispatcher]")
    expect(offered).to_be_visible()
    # Nobody takes it: who gave it away may speak again.
    mine.locator("[data-talk-act=call]").click()
    expect(mine.locator(PANEL)).to_have_attribute("data-talk-state", "you")
    expect(offered).to_be_hidden()
    mine.locator("[data-talk-act=hang-up]").click()


@pytest.mark.parametrize(
    ("name", "words"), [("NotAllowedError", "未获准"), ("NotFoundError", "没有找到麦克风")]
)
def test_microphone_that_is_not_to_be_had_is_said(
    desk: Make, officer: Make, shoot: Make, name: str, words: str
) -> None:
    page, worn = alarmed(desk, officer)
    page.evaluate(
        "name => { MediaDevices.prototype.getUserMedia = () => Promise.reject(new DOMException('', name)) }",
        name,
    )
    page.locator("[data-talk-act=call]").click()
    expect(page.locator(f"{PANEL} .talk-fault")).to_contain_text(words)
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "nobody")
    shoot(page, f"talk-{name}")
    assert worn.heard == []


def test_gateway_that_is_killed_while_somebody_speaks(
    desk: Make, officer: Make, site: Site, shoot: Make
) -> None:
    page, worn = alarmed(desk, officer)
    page.locator("[data-talk-act=call]").click()
    hear(worn, lambda found: len(found) > 50)
    site.kill()
    expect(page.locator(f"{PANEL} .talk-now")).to_contain_text("失去联系")
    shoot(page, "talk-lost")
    assert page.locator("[data-talk-act=call]").is_disabled()
    site.start()
    expect(page.locator(PANEL)).to_have_attribute("data-talk-state", "nobody")
    expect(page.locator("[data-event=talk]").first).to_contain_text("网关重启")
    with site.signed_in("dispatcher") as api:
        row = api.get("/units/UNIT1/talks").json()["items"][0]
    assert row["ended"] == "restart" and row["kept"] and row["packets"] > 30
