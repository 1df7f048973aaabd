"""One incident as a page of its own, and what stands beside the desk: hand-over, merging, one device."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

import pytest
from console_officer import Officer
from playwright.sync_api import expect
from test_alarm import only_incident
from test_everyone import PHONE, at, check, theme_of

from protocol.messages import SETTING

Make = Callable[..., Any]


def test_incident_page_has_everything_and_acts(desk: Make, officer: Make, site: Any, shoot: Make) -> None:
    one = desk()
    page = one.enter("dispatcher")
    unit = officer()
    unit.fix()
    unit.press()
    expect(page.locator(".banner")).to_be_visible()
    page.keyboard.press("F2")
    page.locator("[data-panel-incident] .panel-links a").click()
    main = page.locator("main[data-page=incident]")
    expect(main.locator(".officer")).to_have_text("郑一")
    expect(main.locator("[data-ranked]").first).to_contain_text("距定位直线最近")
    record = main.locator(".record-table")
    expect(record.locator("[data-event=alarm_raised]")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d\.\d{3}"))
    expect(record.locator("[data-event=acknowledge]")).to_contain_text("陈调度")
    page.keyboard.press("F8")
    page.keyboard.type("已联系当事人")
    page.keyboard.press("Enter")
    expect(record.locator("[data-event=note]")).to_contain_text("已联系当事人")
    main.locator("[data-act=offer]").first.click()
    expect(main.locator(".ranking .offer-open")).to_be_visible()
    shoot(page, "incident")
    page.get_by_role("button", name="Switch to English").click()
    expect(main.locator("[data-ranked]").first).to_contain_text("nearest to the position by line")
    own = main.locator(".page-head, th, .attachments, .replay, .told h3, .section-head")
    assert re.search("[\u4e00-\u9fff]", " ".join(own.all_inner_texts())) is None
    page.locator("[data-act=open-close]").click()
    page.locator("[data-form=close] select").select_option("handled")
    page.locator("[data-form=close] button[type=submit]").click()
    expect(page.locator("article[data-state=CLOSED]")).to_be_visible()
    page.reload()
    expect(page.locator("article[data-state=CLOSED]")).to_be_visible()
    expect(page.locator("[data-form=note]")).to_have_count(0)


def test_hand_over_is_seen_by_the_receiver_on_any_page_until_taken(
    desk: Make, officer: Make, site: Any, shoot: Make
) -> None:
    page, other = desk().enter("dispatcher"), desk().enter("second")
    officer().press()
    expect(page.locator(".banner")).to_be_visible()
    page.keyboard.press("F2")
    with site.signed_in("dispatcher") as api:
        incident = only_incident(api)
    other.locator(".pages [data-page=units]").click()
    page.locator("[data-act=open-hand-over]").click()
    form = page.locator("[data-form=hand-over]")
    form.locator("select").select_option("second")
    form.locator("textarea").fill("已派仓山，等出发")
    form.locator("button[type=submit]").click()
    expect(page.locator("[data-handover=second]")).to_contain_text("待 \u2068林接班\u2069 接手")
    call = other.locator(f"[data-handover-call={incident}]")
    expect(call).to_contain_text("已派仓山，等出发")
    shoot(other, "hand-over-call")
    other.locator(".pages [data-page=desk]").click()
    expect(other.locator(f"#queue-{incident} .badge-mine")).to_have_text("交接给您")
    expect(page.locator(f"#queue-{incident}")).to_contain_text("待接手")
    call.get_by_role("button", name="查看").click()
    expect(other.locator(".handover-mine")).to_be_visible()
    shoot(other, "hand-over")
    other.locator(".handover-mine [data-act=take_over]").click()
    expect(call).to_be_hidden()
    expect(other.locator("[data-event=take_over]")).to_contain_text("林接班")
    expect(page.locator("[data-handover]")).to_have_count(0)
    expect(page.locator("[data-panel-incident]")).to_contain_text("处理人 \u2068林接班")


def test_two_alarms_at_one_place_are_laid_side_by_side(desk: Make, officer: Make, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    first, second = officer("UNIT1"), officer("UNIT2")
    first.press()
    expect(page.locator(".item")).to_have_count(1)
    second.press()
    expect(page.locator(".item")).to_have_count(2)
    page.locator(".item").nth(1).click()
    merge = page.locator("[data-merge]")
    expect(merge).to_contain_text(re.compile(r"相距 \d+(\.\d)? m，先后相差 00:0\d"))
    expect(merge).to_contain_text("郑一")
    expect(merge).to_contain_text("吴二")
    shoot(page, "merge")
    merge.get_by_role("button", name="不是同一事件").click()
    expect(page.locator("[data-merge]")).to_have_count(0)
    page.locator(".item").first.click()
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("郑一")
    expect(page.locator("[data-merge]")).to_have_count(0)


def test_device_has_a_page_with_commands(desk: Make, officer: Make, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    unit = officer("UNIT1")
    unit.fix()
    unit.press()
    expect(page.locator(".banner")).to_be_visible()
    page.keyboard.press("F2")
    page.locator(".pages [data-page=units]").click()
    page.locator("tr[data-unit=UNIT1] [data-row]").click()
    main = page.locator("[data-unit-page=UNIT1]")
    expect(main).to_contain_text("郑一")
    expect(main).to_contain_text("1.0.0")
    main.locator("[data-command=locate]").click()
    expect(page.locator("[data-outcome=done]")).to_contain_text("请求定位")
    expect(main.get_by_role("table", name="最近事件")).to_contain_text("陈调度")
    shoot(page, "device")
    main.get_by_role("button", name="在态势图上看轨迹").click()
    expect(page.locator(".right [data-panel-incident] .officer")).to_have_text("郑一")


def settings_sent(unit: Officer) -> list[tuple[str | None, int | str | None]]:
    """Live pictures are asked for as well while the page is open."""
    return [(sent.name, sent.value) for sent in unit.commands if sent.kind == SETTING]


def test_setting_is_sent_when_confirmed_and_the_unit_says_what_came_of_it(
    desk: Make, officer: Make, shoot: Make
) -> None:
    unit = officer("UNIT1")
    window = desk()
    page = window.enter("dispatcher")
    page.goto(f"{window.url}/units/UNIT1")
    form = page.locator("[data-settings]")
    form.locator("summary").click()
    form.get_by_label("参数").select_option("hold_ms")
    expect(form).to_contain_text("0 ms 至 5,000 ms，出厂值 1,000 ms")
    ask = form.get_by_role("button", name="设置…")
    form.get_by_label("新值").fill("5001")
    expect(ask).to_be_disabled()
    form.get_by_label("新值").fill("500")
    ask.click()
    form.get_by_role("button", name="确认设置：报警长按时间 = 500 ms").click()
    expect(page.locator("[data-outcome=done]")).to_contain_text("送出“报警长按时间”")
    expect(form.locator("[data-setting-course=done]")).to_contain_text("设备已保存")
    assert settings_sent(unit) == [("hold_ms", 500)]
    unit.refuses = "<b>no</b> room"
    form.get_by_label("参数").select_option("silent")
    form.get_by_label("新值").select_option("0")
    ask.click()
    form.get_by_role("button", name="确认设置：静默 = 关").click()
    expect(form.locator("[data-setting-course=refused]")).to_contain_text("设备原话：<b>no</b> room")
    assert settings_sent(unit) == [("hold_ms", 500), ("silent", 0)]
    form.scroll_into_view_if_needed()
    shoot(page, "setting")


GIVE = """([how, name, type, text]) => {
    const given = new DataTransfer();
    given.items.add(new File([text], name, {type}));
    const event = how === "drop"
        ? new DragEvent("drop", {dataTransfer: given, bubbles: true, cancelable: true})
        : new ClipboardEvent("paste", {clipboardData: given, bubbles: true, cancelable: true});
    document.querySelector("[data-drop]").dispatchEvent(event);
}"""


def test_files_are_attached_by_choice_drop_and_paste_and_downloaded(
    desk: Make, officer: Make, site: Any, shoot: Make
) -> None:
    page = desk().enter("dispatcher")
    officer().press()
    expect(page.locator(".banner")).to_be_visible()
    page.keyboard.press("F2")
    page.locator("[data-panel-incident] .panel-links a").click()
    box = page.locator(".attachments")
    expect(box).to_contain_text("20 MiB")
    chosen = {"name": "现场<b>记录</b>.txt", "mimeType": "text/plain", "buffer": "执行现场情况".encode()}
    box.locator("input[type=file]").set_input_files([chosen])
    stored = box.locator("[data-attachment]")
    expect(stored).to_have_count(1)
    expect(stored).to_contain_text("现场<b>记录</b>.txt")
    expect(stored).to_contain_text("陈调度")
    expect(stored.locator(".hash")).to_have_text(hashlib.sha256(chosen["buffer"]).hexdigest())
    page.evaluate(GIVE, ["drop", "dropped.txt", "text/plain", "dropped"])
    expect(stored).to_have_count(2)
    page.evaluate(GIVE, ["paste", "pasted.txt", "text/plain", "pasted"])
    expect(stored).to_have_count(3)
    page.evaluate(GIVE, ["drop", "run.exe", "application/x-msdownload", "MZ"])
    expect(box.locator("[data-sending=failed]")).to_contain_text("不接受这种文件")
    page.evaluate(GIVE, ["drop", "no.png", "image/png", "not a picture"])
    expect(box.locator("[data-sending=failed]").nth(1)).to_contain_text("(415)")
    expect(page.locator(".record-table [data-event=attach]")).to_have_count(3)
    box.scroll_into_view_if_needed()
    shoot(page, "attachments")
    with page.expect_download() as download:
        stored.first.locator("a").click()
    assert download.value.path().read_bytes() == chosen["buffer"]
    page.locator(".pages [data-page=desk]").click()
    expect(page.locator("[data-attachments]")).to_have_text("附件 3")


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_pages_have_no_barrier_and_fit_a_phone_whatever_the_names(
    desk: Make, officer: Make, site: Any, theme: str, shoot: Make
) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    theme_of(page, theme)
    for unit_id in ("HOSTILE1", "HOSTILE2", "HOSTILE3"):
        unit = officer(unit_id)
        unit.fix()
        unit.press()
    expect(page.locator(".item")).to_have_count(3)
    incident = page.locator(".item").nth(2).get_attribute("data-incident")
    for path in ("incidents", f"incidents/{incident}", "units", "units/HOSTILE3"):
        page.goto(f"{site.url}/{path}")
        expect(page.locator("[data-live=live]")).to_be_visible()
        expect(page.locator("main [data-row], main .officer").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        check(page, path)
        name = path.replace(incident or "", "one").replace("/", "-")
        shoot(page, f"{name}-{theme}")
        at(page, PHONE, f"{name}-{theme}")
        page.set_viewport_size({"width": 1920, "height": 1080})
    assert page.evaluate("window.owned") is None
    assert page.locator("#app img, #app script").count() == 0
