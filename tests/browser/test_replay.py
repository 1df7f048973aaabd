"""The map over an incident's time: played, moved along, and read."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from console_people import make_site
from console_site import Site
from playwright.sync_api import expect

Make = Callable[..., Any]


@pytest.fixture(scope="module")
def site(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway of its own: officers of other tests would still be near."""
    made = make_site(tmp_path_factory.mktemp("replayed"))
    made.start()
    yield made
    made.stop()


def test_replay_plays_over_the_time_of_the_incident(desk: Make, officer: Make, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    near = officer("UNIT2")
    near.fix(260_400_000, 1_192_710_000)
    # The broker has a position before the gateway has stored it: a page shows only what is stored.
    page.locator(".rows [data-unit=UNIT2]").click()
    expect(page.locator("[data-panel-unit=UNIT2] [data-fix-age=fresh]")).to_be_visible()
    unit = officer("UNIT1")
    for step in range(6):
        unit.fix(260_390_000 + step * 2_000, 1_192_700_000 + step * 3_000)
    unit.press()
    expect(page.locator(".banner")).to_be_visible()
    page.keyboard.press("F2")
    # An act names the version that was seen: one before the answer would be refused.
    expect(page.locator(".banner")).to_have_count(0)
    page.locator("[data-act=offer]").first.click()
    expect(page.locator("[data-timer=offer]")).to_be_visible()
    page.locator("[data-panel-incident] .panel-links a").click()
    replay = page.locator(".replay")
    expect(replay).to_contain_text("本事件 1 台，附近 1 台")
    then = replay.locator(".replay-then")
    expect(then).to_have_attribute("data-replay-state", "NEW")
    line = replay.locator("input[type=range]")
    line.focus()
    page.keyboard.press("End")
    expect(then).to_have_attribute("data-replay-state", "OFFERED")
    expect(then).to_contain_text("调派法院")
    expect(replay.locator("[data-replay-map]")).to_have_attribute("data-units", "2")
    page.wait_for_load_state("networkidle")
    shoot(page, "replay")
    page.keyboard.press("Home")
    expect(then).to_have_attribute("data-replay-state", "BEFORE")
    expect(then).to_contain_text("此时还没有定位")
    replay.locator("[name=speed]").select_option("60")
    replay.locator("[data-play=off]").click()
    expect(replay.locator("[data-play=on]")).to_be_visible()
    expect(line).to_have_attribute("aria-valuetext", re.compile(r"\d\d:\d\d:\d\d"))
    expect(replay.locator("[data-play=off]")).to_be_visible()
    expect(then).to_have_attribute("data-replay-state", "OFFERED")
    replay.get_by_role("button", name=re.compile("跳到 .* 调派法院")).click()
    replay.get_by_role("button", name=re.compile("跳到 .* 确认告警")).click()
    expect(then).to_have_attribute("data-replay-state", "NEW")
    expect(then).to_contain_text("确认告警")
