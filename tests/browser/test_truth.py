"""Old is shown as old: the page never looks alive when the gateway is not."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from console_site import COOKIE
from playwright.sync_api import Route, expect

Make = Callable[..., Any]

#: What the page has said of its picture, one after the other: some of it lasts two seconds only.
WENT = """
window.went = [];
new MutationObserver(() => {
  const now = document.querySelector("[data-live]")?.dataset.live;
  if (now !== undefined && went.at(-1) !== now) went.push(now);
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-live"] });
"""


def test_stopped_gateway_makes_the_picture_stale_then_lost_then_live(
    desk: Make, officer: Make, shoot: Make, site: Any
) -> None:
    page = desk().enter("dispatcher")
    officer().press()
    expect(page.locator(".banner-act")).to_be_enabled()
    page.evaluate(WENT)
    site.pause()
    try:
        expect(page.locator("[data-live=lost]")).to_be_visible()
        went = page.evaluate("went")
        assert went.index("stale") < went.index("lost")
        expect(page.locator("[data-strip=lost]")).to_contain_text("操作已停用")
        expect(page.locator("[data-count=online] b")).to_have_text("—")
        expect(page.locator(".clock")).to_have_text("--:--:--")
        expect(page.locator(".banner-act")).to_be_disabled()
        expect(page.locator("[data-act=offer]").first).to_be_disabled()
        shoot(page, "lost")
        assert "grayscale(1)" in page.locator(".map-canvas").evaluate(
            "element => getComputedStyle(element).filter"
        )
    finally:
        site.resume()
    expect(page.locator("[data-live=live]")).to_be_visible()
    expect(page.locator("[data-strip=lost]")).to_be_hidden()
    expect(page.locator(".banner-act")).to_be_enabled()


def test_killed_gateway_is_found_again_with_its_incident(desk: Make, officer: Make, site: Any) -> None:
    page = desk().enter("dispatcher")
    officer().press()
    incident = page.locator(".banner").get_attribute("data-incident")
    site.kill()
    expect(page.locator("[data-live=lost]")).to_be_visible()
    expect(page.locator("[data-strip=lost]")).to_contain_text("正在重新连接")
    site.start()
    expect(page.locator("[data-live=live]")).to_be_visible()
    expect(page.locator(f".banner[data-incident={incident}]")).to_be_visible()


def test_ended_session_leads_to_the_login(desk: Make, site: Any) -> None:
    one = desk()
    page = one.sign_in("dispatcher")
    other = one.context.new_page()
    other.goto(site.url)
    expect(other.locator("[data-live=live]")).to_be_visible()
    other.locator(".person").click()
    other.locator("[data-menu=sign-out]").click()
    expect(other.locator(".login")).to_be_visible()
    expect(page.locator(".login")).to_be_visible()


def test_low_battery_is_counted_once_and_everywhere_the_same(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    unit = officer("UNIT2")
    unit.state(battery_pct=9)
    expect(page.locator("[data-count=low_battery] b")).to_have_text("1")
    page.locator("[data-count=low_battery]").click()
    expect(page.locator("#units-title b")).to_contain_text("1 /")
    expect(page.locator("[data-unit=UNIT2]")).to_contain_text("9%")


@pytest.mark.parametrize("ahead_s", [3600, None], ids=["an_hour_ahead", "never_set"])
def test_position_of_a_clock_that_is_not_to_be_believed_is_never_new(
    desk: Make, officer: Make, ahead_s: int | None
) -> None:
    page = desk().enter("dispatcher")
    unit = officer("UNIT2")
    unit.fix(ahead_s=ahead_s)
    page.locator(".rows [data-unit=UNIT2]").click()
    shown = page.locator("[data-panel-unit=UNIT2] [data-fix-age]")
    expect(shown).to_have_attribute("data-fix-age", "doubtful")
    expect(shown).to_have_text(re.compile(r"^◆ 时间存疑 · \d+ s前收到$"))
    expect(shown).to_have_css("color", "rgb(224, 165, 38)")
    expect(shown).not_to_contain_text(" 0 s")  # it ages: by its arrival, however new it says that it is
    page.get_by_role("button", name="Switch to English").click()
    expect(shown).to_contain_text("time doubtful")
    unit.fix()
    expect(shown).to_have_attribute("data-fix-age", "fresh")


PAGES = ("", "incidents", "units")


@pytest.mark.parametrize("path", PAGES)
def test_lost_page_offers_no_act_and_stacks_its_banners(
    desk: Make, officer: Make, site: Any, path: str
) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    officer().press()
    expect(page.locator(".banner")).to_be_visible()
    page.goto(f"{site.url}/{path}")
    expect(page.locator(".banner-act")).to_be_enabled()
    site.pause()
    try:
        expect(page.locator("[data-strip=lost]")).to_be_visible()
        banner, strip = (
            page.locator(".banner").bounding_box(),
            page.locator("[data-strip=lost]").bounding_box(),
        )
        assert banner["y"] + banner["height"] <= strip["y"]
        expect(page.locator(":is(.banner-act, [data-act]):enabled")).to_have_count(0)
        expect(page.locator("[data-sound]")).to_be_visible()
        for count in ("online", "offline", "low_battery", "alarms"):
            expect(page.locator(f"[data-count={count}] b")).to_have_text("—")
        for key in ("F2", "F4", "F9"):
            page.keyboard.press(key)
        expect(page.locator("[data-form=close]")).to_have_count(0)
        expect(page.locator("[data-outcome]")).to_have_count(0)
    finally:
        site.resume()
    expect(page.locator("[data-live=live]")).to_be_visible()


def test_window_that_stops_reading_holds_up_nobody_and_starts_afresh(
    desk: Make, officer: Make, site: Any
) -> None:
    stopped, other = desk(), desk()
    page = stopped.enter("dispatcher")
    beside = other.enter("second")
    debugger = stopped.context.new_cdp_session(page)
    debugger.send("Debugger.enable")
    debugger.send("Debugger.pause")
    with page.expect_event("websocket", timeout=40_000) as again:
        officer().press()
        expect(beside.locator(".banner")).to_be_visible()
        # The gateway closes who has read nothing for 10 s: seen at the other desk by the clock that went on.
        began = beside.locator(".banner-age b")
        expect(began).to_have_text(re.compile(r"^00:1[2-9]$"), timeout=30_000)
        expect(beside.locator("[data-live=live]")).to_be_visible()
        with site.signed_in("second") as api:
            while api.get("/health").json()["subscribers"] > 1:
                beside.wait_for_timeout(100)
        debugger.send("Debugger.disable")
    assert again.value.url.endswith("/live")
    expect(page.locator("[data-live=live]")).to_be_visible()
    expect(page.locator(".banner")).to_be_visible()


def test_two_desks_that_acknowledge_in_the_same_instant_agree_on_who_was_first(
    desk: Make, officer: Make
) -> None:
    one, two = desk().enter("dispatcher"), desk().enter("second")
    held: list[Route] = []
    for page in (one, two):
        page.route("**/acknowledge", lambda route: held.append(route))
    officer().press()
    for page in (one, two):
        expect(page.locator(".banner-act")).to_be_enabled()
        with page.expect_request("**/acknowledge"):
            page.keyboard.press("F2")
        expect(page.locator(".banner-act")).to_be_disabled()
    while len(held) < 2:
        one.wait_for_timeout(20)
    for route in held:
        route.continue_()
    outcomes = [page.locator("[data-outcome]").last.get_attribute("data-outcome") for page in (one, two)]
    for page in (one, two):
        expect(page.locator(".banner")).to_be_hidden()
    said = {page.locator("[data-panel-incident] .panel-head").inner_text() for page in (one, two)}
    first = [name for name in ("陈调度", "林接班") if all(f"{name}\u2069 于" in text for text in said)]
    assert len(first) == 1
    assert sorted(outcomes) == ["done", "failed"]


def test_key_that_is_pressed_twice_asks_one_court(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    held: list[Route] = []
    page.route("**/offer", lambda route: held.append(route))
    officer().press()
    expect(page.locator(".banner-act")).to_be_enabled()
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_have_count(0)
    page.wait_for_timeout(700)  # a choice that is younger than 600 ms is not acted on
    with page.expect_request("**/offer"):
        page.keyboard.press("F4")
    expect(page.locator(".panel [data-act=offer]").first).to_be_disabled()
    page.keyboard.press("F4")
    page.keyboard.press("F4")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator(".panel .offer-open")).to_have_count(1)
    assert len(held) == 1


#: Makes the page that comes first one of an earlier gateway: a file of it has another name. A reload has the new one.
OLDER = """
if (sessionStorage.getItem("older") === null) {
  sessionStorage.setItem("older", "");
  new MutationObserver((_, observer) => {
    const style = document.querySelector("link[rel=stylesheet]");
    if (!style) return;
    observer.disconnect();
    style.setAttribute("href", style.getAttribute("href") + "?older");
  }).observe(document, {childList: true, subtree: true});
}
"""


def test_upgrade_asks_for_a_reload_at_a_quiet_moment(
    desk: Make, officer: Make, shoot: Make, site: Any
) -> None:
    one = desk()
    page = one.page
    one.context.add_init_script(OLDER)
    one.context.add_cookies([{"name": COOKIE, "value": site.session("dispatcher")[0], "url": site.url}])
    unit = officer()
    unit.press()
    page.goto(site.url)
    expect(page.locator(".banner")).to_be_visible()
    expect(page.locator("[data-live=live]")).to_be_visible()
    expect(page.locator("[data-strip=reload]")).to_have_count(0)
    page.evaluate("window.same = true")
    page.keyboard.press("F2")
    ask = page.locator("[data-strip=reload]")
    expect(ask).to_contain_text("网关已升级")
    shoot(page, "reload")
    page.keyboard.press("F8")
    page.keyboard.type("写到一半")
    expect(ask).to_have_count(0)
    page.keyboard.press("Escape")
    expect(ask).to_have_count(0)  # its words would be lost
    page.locator("[data-form=note] :is(input, textarea)").fill("")
    page.keyboard.press("Escape")
    expect(ask).to_be_visible()
    assert page.evaluate("window.same") is True
    ask.get_by_role("button").click()
    expect(page.locator("[data-live=live]")).to_be_visible()
    assert page.evaluate("window.same") is None
    expect(ask).to_have_count(0)


def test_wall_reloads_itself_but_not_during_an_alarm(desk: Make, officer: Make, site: Any) -> None:
    one = desk()
    page = one.page
    one.context.add_init_script(OLDER)
    one.context.add_cookies([{"name": COOKIE, "value": site.session("viewer")[0], "url": site.url}])
    unit = officer()
    unit.press()
    page.goto(site.url)
    page.evaluate("window.same = true")
    expect(page.locator("[data-live=live]")).to_be_visible()
    page.keyboard.press("Alt+Shift+Digit4")
    expect(page.locator(".wall-waiting")).to_be_visible()
    assert page.evaluate("window.same") is True
    with site.signed_in("dispatcher") as api, page.expect_navigation():
        for incident in api.get("/incidents", params={"state": "open"}).json()["items"]:
            api.post(f"/incidents/{incident['incident_id']}/acknowledge", json={}).raise_for_status()
    expect(page.locator(".wall [data-live=live]")).to_be_visible()
    assert page.evaluate("window.same") is None


LOOKS = """(() => {
  window.looks = [];
  const look = () => {
    const strip = document.querySelector("[data-strip=lost]");
    const greyed = document.querySelector(".link-lost") !== null;
    if (strip || greyed) window.looks.push([performance.now(), document.body.textContent]);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""


def test_first_picture_is_drawn_as_a_live_one(desk: Make) -> None:
    one = desk()
    one.context.add_init_script(LOOKS)
    page = one.enter("dispatcher")
    expect(page.locator(".map-canvas canvas").first).to_be_visible()
    assert page.evaluate("window.looks") == []


def test_page_whose_watchdog_does_not_start_shows_its_picture_as_lost(desk: Make, site: Any) -> None:
    one = desk()
    one.context.route("**/watchdog.worker*", lambda route: route.abort())
    one.context.add_cookies([{"name": COOKIE, "value": site.session("dispatcher")[0], "url": site.url}])
    page = one.page
    page.goto(site.url)
    expect(page.locator("[data-strip=lost]")).to_be_visible()
    expect(page.locator("[data-live=lost]")).to_be_visible()
    expect(page.locator(".units .row").first).to_be_visible()
