"""What a person chooses: theme, sound, layout; and the windows of one desk, of which one sounds."""

from collections.abc import Callable
from typing import Any

from console_site import COOKIE
from playwright.sync_api import BrowserContext, Page, expect

Make = Callable[..., Any]


def open_settings(page: Page) -> None:
    page.locator(".person").click()
    page.locator("[data-menu=settings]").click()
    expect(page.locator("[data-dialog=settings]")).to_be_visible()


def window(context: BrowserContext, url: str) -> Page:
    """One more window of the same desk."""
    page = context.new_page()
    page.goto(url)
    expect(page.locator("[data-live=live]")).to_be_visible()
    return page


def test_choices_hold_at_once_in_all_windows_and_after_a_reload(desk: Make, shoot: Make, site: Any) -> None:
    one = desk(1920, 1080)
    page = one.enter("dispatcher")
    other = window(one.context, site.url)
    open_settings(page)
    page.locator("[name=theme][value=day]").check()
    expect(page.locator("html")).to_have_attribute("data-theme", "day")
    expect(other.locator("html")).to_have_attribute("data-theme", "day")
    shoot(page, "settings-day")
    page.locator("[data-setting=volume]").fill("40")
    page.locator("[name=theme][value=dark]").check()
    page.locator("[data-part=list]").uncheck()
    shoot(page, "settings")
    page.keyboard.press("Escape")
    expect(page.locator("[data-dialog=settings]")).to_be_hidden()
    expect(page.locator(".units")).to_have_count(0)
    expect(other.locator(".units")).to_have_count(0)
    page.reload()
    expect(page.locator(".queue")).to_be_visible()
    expect(page.locator(".units")).to_have_count(0)
    open_settings(page)
    expect(page.locator("[data-setting=volume]")).to_have_value("40")


def test_window_of_another_monitor_shows_what_its_address_says(desk: Make, site: Any) -> None:
    one = desk(1920, 1080)
    page = one.enter("dispatcher")
    page.goto(f"{site.url}/?show=map")
    expect(page.locator(".map")).to_be_visible()
    expect(page.locator(".left, .right")).to_have_count(0)
    page.goto(f"{site.url}/?show=nonsense")
    expect(page.locator(".left")).to_be_visible()


def is_wide(page: Page, which: str, width_px: float, within_px: float = 1) -> None:
    """Wait until it is."""
    page.wait_for_function(
        "([which, width, within]) => "
        "Math.abs(document.querySelector(which)?.getBoundingClientRect().width - width) < within",
        arg=[which, width_px, within_px],
    )


def test_widths_are_moved_by_keys_and_by_hand_and_kept(desk: Make) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    left = page.locator(".left")
    wide = left.bounding_box()["width"]
    page.locator(".splitter-left").focus()
    page.keyboard.press("ArrowRight")
    is_wide(page, ".left", wide + 20)
    bar = page.locator(".splitter-right").bounding_box()
    page.mouse.move(bar["x"] + 4, 400)
    page.mouse.down()
    page.mouse.move(bar["x"] - 60, 400)
    page.mouse.up()
    is_wide(page, ".right", 495, 15)
    page.reload()
    is_wide(page, ".left", wide + 20)


def test_one_window_of_a_desk_sounds_and_hands_on_when_it_closes(
    desk: Make, officer: Make, site: Any
) -> None:
    one = desk()
    first = one.enter("dispatcher")
    first.locator("[data-sound]").click()
    expect(first.locator("[data-sounding=here]")).to_be_visible()
    second = window(one.context, site.url)
    expect(second.locator("[data-sound=off][data-sounding=other]")).to_contain_text("由窗口 1 发声")
    second.locator("[data-sound]").click()
    expect(second.locator("[data-sound=on][data-sounding=other]")).to_be_visible()
    expect(first.locator("[data-sounding=here]")).to_contain_text("本窗口发声（窗口 1）")
    officer().press()
    expect(first.locator("[data-sound=ringing]")).to_be_visible()
    expect(second.locator("[data-sound=on][data-sounding=other]")).to_be_visible()
    first.close()
    expect(second.locator("[data-sound=ringing][data-sounding=here]")).to_be_visible()


def test_frozen_window_hands_the_sound_on_and_a_thawed_one_waits(desk: Make, site: Any) -> None:
    one = desk()
    first = one.enter("dispatcher")
    first.locator("[data-sound]").click()
    expect(first.locator("[data-sounding=here]")).to_be_visible()
    second = window(one.context, site.url)
    second.locator("[data-sound]").click()
    expect(second.locator("[data-sounding=other]")).to_be_visible()
    # What a browser tells a page that it is about to freeze, and one that it has thawed.
    first.evaluate("document.dispatchEvent(new Event('freeze'))")
    expect(second.locator("[data-sounding=here]")).to_be_visible()
    first.evaluate("document.dispatchEvent(new Event('resume'))")
    expect(first.locator("[data-sounding=other]")).to_contain_text("由窗口 2 发声")


def test_window_that_hangs_loses_the_sound_to_the_next(desk: Make, officer: Make, site: Any) -> None:
    one = desk()
    first = one.enter("dispatcher")
    first.locator("[data-sound]").click()
    expect(first.locator("[data-sounding=here]")).to_be_visible()
    second = window(one.context, site.url)
    second.locator("[data-sound]").click()
    expect(second.locator("[data-sounding=other]")).to_be_visible()
    debugger = one.context.new_cdp_session(first)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    officer().press()
    expect(second.locator("[data-sound=ringing][data-sounding=here]")).to_be_visible()
    debugger.send("Debugger.disable")
    expect(first.locator("[data-sounding=other]")).to_be_visible()


def test_without_web_locks_every_window_sounds_and_says_so(desk: Make, site: Any) -> None:
    one = desk()
    one.context.add_init_script("delete Navigator.prototype.locks")
    page = one.enter("dispatcher")
    page.locator("[data-sound]").click()
    expect(page.locator("[data-sounding=each]")).to_contain_text("各窗口都发声")


def test_browser_that_refuses_sound_says_so(desk: Make) -> None:
    one = desk()
    one.context.add_init_script("AudioContext.prototype.resume = () => new Promise(() => undefined)")
    one.context.add_init_script(
        "Object.defineProperty(AudioContext.prototype, 'state', {get: () => 'suspended'})"
    )
    page = one.enter("dispatcher")
    page.locator("[data-sound]").click()
    expect(page.locator("[data-sound=refused]")).to_contain_text("浏览器拒绝发声")


def test_loudspeaker_is_chosen_and_its_loss_is_said(desk: Make, site: Any) -> None:
    one = desk()
    one.context.grant_permissions(["microphone"], origin=site.url)
    page = one.enter("dispatcher")
    open_settings(page)
    expect(page.locator("[data-setting=device]:enabled, [data-dialog=settings] .link").first).to_be_visible()
    ask = page.locator("[data-dialog=settings] .link")
    if ask.count():
        ask.first.click()
    device = page.locator("[data-setting=device]")
    expect(device).to_be_enabled()
    assert device.locator("option").count() > 1
    device.select_option(index=1)
    page.locator("[data-dialog=settings]").get_by_role("button", name="播放试音").click()
    expect(page.locator("[data-device-fault]")).to_have_count(0)
    page.evaluate("localStorage.setItem('tipstaff.sound-device', 'no such device')")
    page.reload()
    page.locator("[data-sound]").click()
    expect(page.locator("[data-sound]")).to_contain_text("所选扬声器不在")
    assert one.context.cookies()[0]["name"] == COOKIE
