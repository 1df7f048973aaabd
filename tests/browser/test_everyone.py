"""For everyone: WCAG 2.2 AA by axe-core on every page in both themes, every urgent act by key, every width."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Make = Callable[..., Any]
AXE = Path(__file__).resolve().parent.parent.parent / "console" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = Path(__file__).resolve().parent / "shots"
PAGES = ["incidents", "units", "wall"]
PHONE = (390, 844)
THREE_MONITORS = (5760, 1080)


def theme_of(page: Page, theme: str) -> None:
    page.evaluate("theme => localStorage.setItem('tipstaff.theme', theme)", theme)
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", theme)


def check(page: Page, name: str) -> None:
    """No failure of WCAG 2.2 AA; what axe cannot tell from a picture of moving colours is left to the eye."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE.read_text("utf-8"))
    # Steady, since a flash is measured in the middle of it.
    page.emulate_media(reduced_motion="reduce")
    # The bars between the panes belong to none of them.
    found = page.evaluate("rules => axe.run({runOnly: rules, rules: {region: {enabled: false}}})", RULES)
    said = [
        {"rule": one["id"], "help": one["help"], "where": [node["html"][:160] for node in one["nodes"]][:4],
         "why": one["nodes"][0]["failureSummary"]}
        for one in found["violations"]
    ]  # fmt: skip
    assert said == [], f"{name}: {json.dumps(said, ensure_ascii=False, indent=1)}"


def at(page: Page, size: tuple[int, int], name: str) -> None:
    """A picture at another size; nothing may stand out at its side."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: too wide"
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-{size[0]}.png", full_page=size == PHONE)


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_login_has_no_barrier(desk: Make, theme: str, shoot: Make) -> None:
    one = desk()
    one.page.goto(one.url)
    theme_of(one.page, theme)
    expect(one.page.locator("[name=login]")).to_be_visible()
    check(one.page, "login")
    shoot(one.page, f"login-{theme}")
    at(one.page, PHONE, f"login-{theme}")


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_desk_has_no_barrier_in_quiet_and_in_an_alarm(
    desk: Make, officer: Make, theme: str, shoot: Make
) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    theme_of(page, theme)
    expect(page.locator("[data-live=live]")).to_be_visible()
    check(page, "quiet")
    page.wait_for_load_state("networkidle")
    shoot(page, f"quiet-{theme}")
    unit = officer()
    unit.fix()
    unit.press()
    expect(page.locator(".banner")).to_be_visible()
    check(page, "alarm")
    shoot(page, f"alarm-{theme}")
    at(page, THREE_MONITORS, f"alarm-{theme}")
    at(page, PHONE, f"alarm-{theme}")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_be_hidden()
    page.keyboard.press("F9")
    expect(page.locator("[data-form=close]")).to_be_visible()
    check(page, "closing")
    for name in ("settings", "notes", "shift"):
        page.locator(".person").click()
        page.locator(f"[data-menu={name}]").click()
        expect(page.locator(f"[data-dialog={name}][open]")).to_be_visible()
        check(page, name)
        shoot(page, f"{name}-{theme}")
        at(page, PHONE, f"{name}-{theme}")
        page.set_viewport_size({"width": 1366, "height": 768})
        page.keyboard.press("Escape")
        expect(page.locator(f"[data-dialog={name}]")).to_be_hidden()
    page.keyboard.press("?")
    check(page, "help")


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_lost_picture_has_no_barrier(desk: Make, officer: Make, site: Any, theme: str, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    theme_of(page, theme)
    officer().press()
    expect(page.locator(".banner")).to_be_visible()
    site.pause()
    try:
        expect(page.locator("[data-strip=lost]")).to_be_visible()
        check(page, "lost")
        shoot(page, f"lost-{theme}")
    finally:
        site.resume()
    expect(page.locator("[data-live=live]")).to_be_visible()


@pytest.mark.parametrize("theme", ["dark", "day"])
@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_barrier(
    desk: Make, officer: Make, site: Any, path: str, theme: str, shoot: Make
) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    unit = officer()
    unit.fix()
    unit.press()
    theme_of(page, theme)
    page.goto(f"{site.url}/{path}")
    expect(page.locator("[data-live=live]")).to_be_visible()
    page.wait_for_load_state("networkidle")
    check(page, path)
    shoot(page, f"{path}-{theme}")
    at(page, PHONE, f"{path}-{theme}")


def test_every_urgent_act_has_a_key(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    officer("UNIT1").press()
    expect(page.locator(".banner")).to_be_visible()
    officer("UNIT2").press()
    expect(page.locator(".item")).to_have_count(2)
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_contain_text("吴二")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("吴二")
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("郑一")
    first = page.locator("[data-candidate]").first
    # A choice that is younger than 600 ms may not be what the hand meant.
    page.wait_for_timeout(700)
    page.keyboard.press("F4")
    expect(first).to_contain_text("待应答")
    page.keyboard.press("F8")
    page.keyboard.type("当事人持械 /?")
    expect(page.locator("[data-dialog=help]")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("[data-event=note]")).to_contain_text("当事人持械 /?")
    page.keyboard.press("F9")
    page.locator("[data-form=close] select").select_option("handled")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("吴二")


def test_pages_have_keys_and_single_keys_can_be_switched_off(desk: Make, site: Any) -> None:
    page = desk().enter("dispatcher")
    for number, path in ((2, "incidents"), (3, "units"), (1, "")):
        page.keyboard.press(f"Alt+Shift+Digit{number}")
        expect(page).to_have_url(f"{site.url}/{path}")
    page.evaluate("localStorage.setItem('tipstaff.short-keys', 'off')")
    page.reload()
    expect(page.locator("[data-live=live]")).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.locator("[data-dialog=help]")).to_be_hidden()
    expect(page.locator("#unit-search")).not_to_be_focused()


def test_nothing_moves_where_motion_is_not_wanted(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    page.emulate_media(reduced_motion="reduce")
    officer().press()
    expect(page.locator(".banner")).to_be_visible()
    moving = "document.getAnimations().filter(one => one.playState === 'running').length"
    assert page.evaluate(moving) == 0
