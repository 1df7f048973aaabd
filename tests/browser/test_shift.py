"""The start and the end of a shift: what a person tries, answers for, reads and leaves."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

Make = Callable[..., Any]
NOTE = "仓山<b>区</b>法院 0310 车故障\n\u202eabc\u202c 夜间由台江代值" + "长" * 60


def sit_down(desk: Make, login: str) -> Page:
    one = desk()
    page = one.sign_in(login)
    expect(page.locator("[data-dialog=shift]")).to_be_visible()
    return page


def test_shift_is_checked_by_the_person_and_recorded(desk: Make, shoot: Make, site: Any) -> None:
    with site.signed_in("second") as api:
        api.post("/shift/notes", json={"text": NOTE}).raise_for_status()
    page = sit_down(desk, "dispatcher")
    finish = page.locator("[data-shift=finish]")
    expect(finish).to_be_disabled()
    sound, light = page.locator("[data-step=sound]"), page.locator("[data-step=light]")
    expect(sound.locator("[data-answer=yes]")).to_be_disabled()
    page.locator("[data-shift=play]").click()
    expect(sound.locator("[data-sound-said=on]")).to_be_visible()
    sound.locator("[data-answer=no]").click()
    expect(sound.locator("[role=alert]")).to_contain_text("请检查扬声器")
    sound.locator("[data-answer=yes]").click()
    page.locator("[data-shift=light]").click()
    expect(page.locator("[data-light=true]")).to_be_visible()
    shoot(page, "shift-check")
    light.locator("[data-answer=yes]").click()
    expect(page.locator("[data-step=notes] .note-text").last).to_have_text(NOTE)
    expect(page.locator("[data-step=notes] b.number")).to_have_text("1")
    expect(finish).to_be_disabled()
    page.locator("[data-shift=read]").check()
    expect(finish).to_be_enabled()
    shoot(page, "shift-checked")
    finish.click()
    expect(page.locator("[data-dialog=shift]")).to_be_hidden()
    expect(page.locator("[data-shift-check]")).to_have_count(0)
    with site.signed_in("dispatcher") as api:
        shift = api.get("/shift").raise_for_status().json()
    assert shift["last_check"]["sound"] is True and shift["last_check"]["light"] is True
    assert "陈调度" in shift["notes"][0]["seen_by"]
    page.reload()
    expect(page.locator("[data-live=live]")).to_be_visible()
    expect(page.locator("[data-dialog=shift]")).to_be_hidden()
    expect(page.locator("[data-shift-check]")).to_have_count(0)


def test_check_that_is_put_off_stays_in_sight(desk: Make, shoot: Make) -> None:
    page = sit_down(desk, "duty")
    page.locator("[data-shift=later]").click()
    due = page.locator("[data-shift-check=due]")
    expect(due).to_contain_text("班前检查未做")
    shoot(page, "shift-later")
    page.reload()
    expect(due).to_be_visible()
    due.click()
    expect(page.locator("[data-dialog=shift]")).to_be_visible()


def test_check_that_failed_stays_in_sight(desk: Make) -> None:
    page = sit_down(desk, "second")
    page.locator("[data-shift=play]").click()
    page.locator("[data-step=sound] [data-answer=no]").click()
    page.locator("[data-shift=light]").click()
    page.locator("[data-step=light] [data-answer=yes]").click()
    if page.locator("[data-shift=read]").count():
        page.locator("[data-shift=read]").check()
    page.locator("[data-shift=finish]").click()
    expect(page.locator("[data-shift-check=failed]")).to_contain_text("班前检查未通过")


def test_note_is_left_and_kept_over_an_alarm(desk: Make, officer: Make, shoot: Make, site: Any) -> None:
    page = desk().enter("dispatcher")
    page.locator(".person").click()
    page.locator("[data-menu=notes]").click()
    sheet = page.locator("[data-dialog=notes]")
    sheet.locator("textarea").fill("值班电话已转移至 0591")
    officer().press()
    expect(page.locator(".banner")).to_be_visible()
    expect(sheet).to_be_hidden()
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_be_hidden()
    page.locator(".person").click()
    page.locator("[data-menu=notes]").click()
    expect(sheet.locator("textarea")).to_have_value("值班电话已转移至 0591")
    sheet.locator("button[type=submit]").click()
    expect(sheet.locator(".note-text").first).to_have_text("值班电话已转移至 0591")
    shoot(page, "shift-notes")
    with site.signed_in("second") as api:
        assert api.get("/shift").json()["notes"][0]["name"] == "陈调度"


def test_alarm_comes_before_the_check(desk: Make, officer: Make) -> None:
    officer().press()
    one = desk()
    page = one.sign_in("dispatcher")
    expect(page.locator(".banner")).to_be_visible()
    page.locator(".banner-act").click()
    expect(page.locator(".banner")).to_be_hidden()
    expect(page.locator("[data-shift-check=due]")).to_be_visible()


def test_viewer_has_no_shift(desk: Make) -> None:
    page = desk().sign_in("viewer")
    page.locator(".person").click()
    expect(page.locator("[data-menu=settings]")).to_be_visible()
    expect(page.locator("[data-menu=shift], [data-menu=notes], [data-shift-check]")).to_have_count(0)
