"""The page itself: language, keys, sound, names from outside, and how it looks."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

Make = Callable[..., Any]


def test_wrong_password_is_said_and_the_right_one_gets_in(desk: Make, shoot: Make) -> None:
    one = desk()
    page = one.page
    page.goto(one.url)
    shoot(page, "login")
    page.locator("[name=login]").fill("dispatcher")
    page.locator("[name=password]").fill("not this one")
    page.locator("button[type=submit]").click()
    expect(page.locator("[role=alert]")).to_contain_text("账号或密码不正确")
    one.sign_in("dispatcher")
    expect(page.locator("h1")).to_have_text("福建法院执行指挥中心")


def test_language_is_switched_and_kept(desk: Make) -> None:
    page = desk().enter("dispatcher")
    expect(page.locator("#queue-title")).to_contain_text("告警队列")
    page.get_by_role("button", name="Switch to English").click()
    expect(page.locator("#queue-title")).to_contain_text("Alarm queue")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.locator("#queue-title")).to_contain_text("Alarm queue")
    own = ".counters, .left h2, .legend, .map-note, .idle > p, .overview thead, .health"
    own_words = page.locator(own).all_inner_texts()
    assert re.search("[\u4e00-\u9fff]", " ".join(own_words)) is None


def test_keys_reach_what_is_urgent(desk: Make, officer: Make, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    shoot(page, "help")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.help")).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#unit-search")).to_be_focused()
    page.keyboard.type("吴二")
    expect(page.locator("[data-unit]")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#unit-search")).not_to_be_focused()
    first, second = officer("UNIT1"), officer("UNIT2")
    first.press()
    expect(page.locator(".item")).to_have_count(1)
    second.press()
    expect(page.locator(".item")).to_have_count(2)
    page.locator(".item").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".item").nth(1)).to_be_focused()
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("吴二")
    page.keyboard.press("F2")
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("郑一")
    expect(page.locator(".banner")).to_contain_text("吴二")
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_be_hidden()


def test_sound_is_off_until_somebody_has_tested_it(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    unit = officer()
    unit.press()
    expect(page.locator(".banner")).to_be_visible()
    expect(page.locator("[data-sound=off]")).to_contain_text("声音未启用")
    page.locator("[data-sound]").click()
    expect(page.locator("[data-sound=ringing]")).to_be_visible()
    page.keyboard.press("F2")
    expect(page.locator("[data-sound=on]")).to_be_visible()


def test_names_are_data(desk: Make, officer: Make, shoot: Make, site: Any) -> None:
    page = desk().enter("dispatcher")
    for unit_id in ("HOSTILE1", "HOSTILE2", "HOSTILE3"):
        with site.signed_in("dispatcher") as api:
            name = api.get(f"/units/{unit_id}").raise_for_status().json()["officer"]
        unit = officer(unit_id)
        unit.fix()
        unit.press()
        page.locator(f".rows [data-unit={unit_id}]").click()
        expect(page.locator("[data-panel-incident] .officer")).to_have_text(name)
        assert page.locator(".banner bdi").first.text_content() == name
        assert page.locator(f".rows [data-unit={unit_id}] bdi").first.text_content() == name
        expect(page.locator(".banner-act")).to_be_in_viewport()
        shoot(page, unit_id.lower())
        page.keyboard.press("F2")
        expect(page.locator(".banner")).to_be_hidden()
    assert page.evaluate("window.owned") is None
    assert page.locator("#app img, #app script").count() == 0


def test_each_state_of_the_page_fits_its_window(desk: Make, officer: Make, shoot: Make) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    page.wait_for_load_state("networkidle")
    shoot(page, "quiet")
    unit = officer()
    unit.fix()
    unit.press()
    expect(page.locator(".banner")).to_be_visible()
    shoot(page, "alarm")
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_have_count(0)  # an act names the version of the incident that was seen
    page.locator("[data-act=offer]").first.click()
    page.locator("[data-act=phone-accept]").first.click()
    page.locator("[data-form=phone] input").fill("赵值班")
    shoot(page, "phone")
    page.locator("[data-form=phone] button[type=submit]").click()
    expect(page.locator("[data-state=ACCEPTED]")).to_be_visible()
    shoot(page, "accepted")
    page.locator("[data-act=open-close]").click()
    shoot(page, "closing")
    page.get_by_role("button", name="Switch to English").click()
    shoot(page, "english")
