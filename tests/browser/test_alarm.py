"""From the button to the closed incident, by hand and eye."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
from console_site import WITHIN_S
from playwright.sync_api import Page, Route, expect

from protocol.messages import ACKNOWLEDGED, CLOSED, KIND_TEST, ON_THE_WAY, STORED

Make = Callable[..., Any]
ASKED_EVERY_S = 0.05


def raised(page: Page) -> str:
    """The incident in the banner."""
    banner = page.locator(".banner")
    expect(banner).to_be_visible()
    return str(banner.get_attribute("data-incident"))


def test_alarm_is_acknowledged_sent_for_and_closed_with_a_reason(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    unit = officer()
    unit.fix()
    unit.press()
    incident = raised(page)
    panel = page.locator(f"[data-panel-incident={incident}]")
    expect(page.locator(".banner")).to_contain_text("郑一")
    expect(page.locator("[data-count=alarms] b")).to_have_text("1")
    expect(panel.locator("[data-told=stored][data-felt=true]")).to_be_visible()

    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_be_hidden()
    expect(page.locator("[data-outcome=done]")).to_be_visible()
    expect(panel).to_contain_text("陈调度\u2069 于")
    expect(page.locator(f"#queue-{incident}")).to_contain_text("已确认")

    row = panel.locator("[data-candidate]").first
    row.locator("[data-act=offer]").click()
    expect(row).to_contain_text("待应答")
    expect(panel.locator("[data-timer=offer]")).to_contain_text("后转下一家")

    panel.locator("[data-act=phone-accept]").first.click()
    form = panel.locator("[data-form=phone]")
    expect(form.locator("button[type=submit]")).to_be_disabled()
    form.locator("input").fill("赵值班")
    form.locator("button[type=submit]").click()
    expect(page.locator(f"[data-panel-incident={incident}][data-state=ACCEPTED]")).to_be_visible()
    expect(panel.locator("[data-told=on_the_way][data-felt=true]")).to_be_visible()
    expect(panel.locator("[data-event=accept]")).to_contain_text("赵值班")

    panel.locator("[data-act=en_route]").click()
    expect(page.locator("[data-state=EN_ROUTE]")).to_be_visible()
    panel.locator("[data-act=arrived]").click()
    expect(page.locator("[data-state=ON_SCENE]")).to_be_visible()

    panel.locator("[data-act=open-close]").click()
    close = panel.locator("[data-form=close]")
    expect(close.locator("button[type=submit]")).to_be_disabled()
    close.locator("select").select_option("other")
    expect(close.locator("button[type=submit]")).to_be_disabled()
    close.locator("textarea").fill("当事人已离开")
    close.locator("button[type=submit]").click()
    expect(page.locator("[data-state=CLOSED]")).to_contain_text("当事人已离开")
    expect(page.locator("[data-count=alarms] b")).to_have_text("0")
    expect(page.locator(f"#queue-{incident}")).to_be_hidden()
    expect(panel.locator("[data-told=closed][data-felt=true]")).to_be_visible()
    assert {STORED, ACKNOWLEDGED, ON_THE_WAY, CLOSED} <= set(unit.felt)


def test_second_dispatcher_is_told_who_was_first(desk: Make, officer: Make, site: Any) -> None:
    page = desk().enter("dispatcher")
    with site.signed_in("second") as other:

        def overtake(route: Route) -> None:
            other.post(f"/incidents/{incident}/acknowledge", json={}).raise_for_status()
            route.continue_()

        page.route("**/acknowledge", overtake)
        officer().press()
        incident = raised(page)
        page.keyboard.press("F2")
        expect(page.locator("[data-outcome=failed]")).to_contain_text("林接班")
        expect(page.locator(f"[data-panel-incident={incident}]")).to_contain_text("林接班\u2069 于")


def test_act_without_an_answer_says_so_and_is_disabled_while_it_waits(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    waiting: list[Route] = []
    page.route("**/acknowledge", lambda route: waiting.append(route))
    officer().press()
    raised(page)
    with page.expect_request("**/acknowledge"):
        page.keyboard.press("F2")
    expect(page.locator(".banner-act")).to_be_disabled()
    waiting[0].abort()
    expect(page.locator("[data-outcome=failed]")).to_contain_text("网关没有答复")
    expect(page.locator(".banner-act")).to_be_enabled()


def test_duress_and_a_claimed_cancel_are_shown_and_close_nothing(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    unit = officer()
    alarm = unit.press()
    incident = raised(page)
    panel = page.locator(f"[data-panel-incident={incident}]")
    unit.cancel(alarm, 3)
    expect(panel.locator("[data-cancel-claim]")).to_contain_text("只是声明")
    unit.cancel(alarm, 2)
    expect(panel.locator(".duress")).to_be_visible()
    expect(page.locator(".banner .badge")).to_contain_text("胁迫")
    panel.locator("[data-form=callback] input").fill("声音正常")
    panel.locator("[data-form=callback] button[type=submit]").click()
    expect(panel.locator("[data-event=callback]")).to_contain_text("声音正常")
    expect(panel.locator(".duress")).to_be_visible()


def test_test_alarm_is_marked_and_is_no_alarm(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    officer().press(KIND_TEST)
    raised(page)
    expect(page.locator(".banner-test .badge")).to_have_text("测试")
    expect(page.locator("[data-count=alarms] b")).to_have_text("0")


def test_alarm_without_a_position_names_it_and_lists_courts(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    officer("UNIT3").press(with_fix=False)
    incident = raised(page)
    panel = page.locator(f"[data-panel-incident={incident}]")
    expect(panel.locator(".fix-none")).to_have_text("◆ 没有定位")
    expect(panel.locator("[data-candidate]").first).to_be_visible()


def test_new_alarm_opens_itself_unless_somebody_is_at_work(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    officer("UNIT1").press()
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("郑一")
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_be_hidden()
    officer("UNIT2").press()
    expect(page.locator(".banner")).to_contain_text("吴二")
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("郑一")
    page.locator("[data-act=open-close]").click()
    page.locator("[data-form=close] select").select_option("handled")
    page.locator("[data-form=close] button[type=submit]").click()
    expect(page.locator("[data-panel-incident] .officer")).to_have_text("吴二")


def test_court_answers_with_two_big_buttons(desk: Make, officer: Make, site: Any) -> None:
    page = desk().enter("duty")
    unit = officer()
    unit.press()
    with site.signed_in("dispatcher") as api:
        incident = only_incident(api)
        expect(page.locator(f"#queue-{incident}")).to_be_visible()
        api.post(f"/incidents/{incident}/offer", json={"court_id": "350104"}).raise_for_status()
        expect(page.locator(".banner")).to_contain_text("请求支援")
        page.locator(".court-answer [data-act=accept]").click()
        expect(page.locator("[data-state=ACCEPTED]")).to_be_visible()
        expect(page.locator(".banner")).to_be_hidden()
        expect(page.locator("[data-act=open-close]")).to_have_count(0)
        assert api.get(f"/incidents/{incident}").json()["owner_by"] == "王值班"


def test_viewer_sees_and_can_do_nothing(desk: Make, officer: Make) -> None:
    page = desk().enter("viewer")
    officer().press()
    raised(page)
    expect(page.locator("[data-panel-incident]")).to_be_visible()
    expect(page.locator("[data-act], .banner-act, [data-form]")).to_have_count(0)


def test_timeline_says_in_words_what_was_decided_on(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    officer().press()
    incident = raised(page)
    panel = page.locator(f"[data-panel-incident={incident}]")
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_have_count(0)  # an act names the version of the incident that was seen
    panel.locator("[data-act=offer]").first.click()
    panel.locator("[data-act=phone-accept]").first.click()
    panel.locator("[data-form=phone] input").fill("赵值班")
    panel.locator("[data-form=phone] button[type=submit]").click()
    accepted = panel.locator("[data-event=accept]")
    expect(accepted.locator("[data-fact=owner]")).to_contain_text("≈")

    opened = panel.locator("[data-event=alarm_raised]")
    expect(opened.locator("[data-fact=fix]")).to_contain_text(
        re.compile(r"26\.03900, 119\.27000 · 精度 ±8\.5 m · \d+ s前")
    )
    expect(opened.locator("[data-fact=confidence]")).to_contain_text(
        re.compile(r"可信 · \d+ 秒前的定位，精度 9 米")
    )
    expect(opened.locator("[data-fact=told]")).to_contain_text("郑一：已收到求助")
    offered = panel.locator("[data-event=offer] [data-fact=offered]")
    expect(offered).to_contain_text(re.compile(r"m · ≈\s\d+\smin · 值班 · 距定位直线最近.*· 陈调度"))
    expect(panel.locator("[data-event=offer] [data-fact=state]")).to_contain_text("新告警 → 已调派")
    expect(accepted.locator("[data-fact=by_name]")).to_contain_text("赵值班")
    timeline = panel.locator(".timeline")
    unsaid = r"[{}\[\]_]|null|undefined|NaN|[a-z]{4,}"
    expect(timeline).not_to_contain_text(re.compile(unsaid))
    page.get_by_role("button", name="Switch to English").click()
    expect(offered).to_contain_text("nearest to the position by line")
    expect(timeline).not_to_contain_text(re.compile(r"[{}\[\]_]|null|undefined|NaN"))


def only_incident(api: httpx.Client) -> str:
    """The one open incident; the gateway answers as soon as it is committed, so ask until it is."""
    pause, until_s = threading.Event(), time.monotonic() + WITHIN_S
    while time.monotonic() < until_s:
        items = api.get("/incidents", params={"state": "open"}).raise_for_status().json()["items"]
        if items:
            return str(items[0]["incident_id"])
        pause.wait(ASKED_EVERY_S)
    raise AssertionError(f"no incident was opened within {WITHIN_S} s")
