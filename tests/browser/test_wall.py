"""The wall: read from the other end of the room, and nothing on it can be pressed."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

Make = Callable[..., Any]
#: Strokes of 17 minutes of arc at 5 m are 25 mm; a screen of 1920 pixels and 1.2 m has 0.63 mm a pixel.
SEEN_FROM_5_M_PX = 30


def wall(page: Page, site: Any) -> None:
    page.goto(f"{site.url}/wall")
    expect(page.locator(".wall")).to_be_visible()
    expect(page.locator(".wall [data-live=live]")).to_be_visible()


def test_wall_shows_alarms_with_ages_counts_and_health(
    desk: Make, officer: Make, shoot: Make, site: Any
) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    wall(page, site)
    expect(page.locator(".wall-quiet")).to_contain_text("当前无告警")
    expect(page.locator(".wall [data-health=database]")).to_have_attribute("data-ok", "ok")
    page.wait_for_load_state("networkidle")
    shoot(page, "wall-quiet")
    page.set_viewport_size({"width": 1920, "height": 1080})
    first, second = officer("UNIT1"), officer("UNIT2")
    first.fix()
    first.press()
    expect(page.locator(".wall-waiting")).to_contain_text("郑一")
    second.press()
    expect(page.locator(".wall-alarm")).to_have_count(2)
    expect(page.locator(".wall-waiting .wall-age").first).not_to_have_text("00:00")
    expect(page.locator("[data-count=alarms] dd")).to_have_text("2")
    shoot(page, "wall-alarms")
    page.set_viewport_size({"width": 1920, "height": 1080})
    small = page.locator(
        ".wall :is(.wall-alarm *, .wall-counts *, .wall-foot *, .wall-head h1)"
    ).evaluate_all(
        "(all, least) => all.filter(one => one.textContent.trim() && "
        "parseFloat(getComputedStyle(one).fontSize) < least).map(one => one.textContent)",
        SEEN_FROM_5_M_PX,
    )
    assert small == []


def test_nothing_on_the_wall_acts(desk: Make, officer: Make, site: Any) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    officer().press()
    wall(page, site)
    expect(page.locator(".wall-waiting")).to_be_visible()
    for key in ("F2", "F4", "F9", "Tab", "Enter"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body")
    page.mouse.click(500, 500)
    page.mouse.click(1600, 200)
    reachable = page.locator(".wall :is(button, a, input, select, [tabindex])")
    assert reachable.evaluate_all("all => all.filter(one => !one.closest('[inert]')).length") == 0
    with site.signed_in("dispatcher") as api:
        items = api.get("/incidents", params={"state": "open"}).raise_for_status().json()["items"]
    assert [item["centre"]["acknowledged_ms"] for item in items] == [None]


def test_escape_and_back_leave_the_wall(desk: Make, site: Any) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    page.locator(".person").click()
    page.locator("[data-menu=wall]").click()
    expect(page.locator(".wall")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".wall")).to_be_hidden()
    expect(page.locator(".queue")).to_be_visible()
    page.keyboard.press("Alt+Shift+Digit4")
    expect(page.locator(".wall")).to_be_visible()
    page.go_back()
    expect(page.locator(".queue")).to_be_visible()


def test_wall_that_is_lost_says_so_and_shows_no_number(
    desk: Make, officer: Make, shoot: Make, site: Any
) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    officer().press()
    wall(page, site)
    expect(page.locator(".wall-waiting")).to_be_visible()
    site.pause()
    try:
        expect(page.locator("[data-strip=lost]")).to_be_visible()
        expect(page.locator("[data-count=online] dd")).to_have_text("—")
        expect(page.locator(".wall-clock")).to_have_text("--:--:--")
        expect(page.locator(".wall-age")).to_have_text("--:--")
        expect(page.locator(".wall [data-health=database]")).to_have_attribute("data-ok", "unknown")
        shoot(page, "wall-lost")
    finally:
        site.resume()
    expect(page.locator(".wall [data-live=live]")).to_be_visible()
    expect(page.locator("[data-count=online] dd")).not_to_have_text("—")


def test_court_has_no_wall(desk: Make, site: Any) -> None:
    page = desk().enter("duty")
    page.goto(f"{site.url}/wall")
    expect(page.locator(".queue")).to_be_visible()
    expect(page.locator(".wall")).to_have_count(0)
