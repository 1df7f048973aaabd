"""The desk itself: many units, many alarms at once, and the tools of the map."""

import asyncio
import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from console_crowd import populate
from console_officer import Officer
from console_site import PASSWORD, WITHIN_S, Desk, Site, site_in
from playwright.sync_api import Page, expect
from pyproj import Geod

from gateway.dispatch import datum
from gateway.model import Role

Make = Callable[..., Any]
CROWD = 600
PEOPLE = (("dispatcher", "陈调度", Role.DISPATCHER, None),)
#: Where the flood comes from: three cities.
COURTS = ("350104", "350102", "350111", "350203", "350206", "350302")
PLACES_E7 = {
    "350104": (260_390_000, 1_192_700_000),
    "350102": (260_820_000, 1_193_030_000),
    "350111": (260_850_000, 1_193_300_000),
    "350203": (244_460_000, 1_180_810_000),
    "350206": (245_100_000, 1_181_500_000),
    "350302": (254_460_000, 1_190_100_000),
}
NAMES = ["郑一", "吴二", "何三", "林四", "陈五", "黄六", "郑七", "吴八", "何九", "林十", "陈甲", "黄乙"]
OFFICERS = {f"UNIT{i:02}": (name, COURTS[i % 6]) for i, name in enumerate(NAMES)}
HOUR_FIXES = 30
ASKED_EVERY_S = 0.05


@pytest.fixture(scope="module")
def site(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway of its own: a flood of alarms is remembered by every page that saw it."""
    folder = tmp_path_factory.mktemp("desk")
    made = site_in(folder)
    now_ms = time.time_ns() // 1_000_000
    asyncio.run(populate(made.settings, folder / "units", PEOPLE, PASSWORD, OFFICERS, CROWD, now_ms))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def officer(site: Site) -> Iterator[Callable[[str], Officer]]:
    on_air: list[Officer] = []

    def make(unit_id: str) -> Officer:
        one = Officer(unit_id, site.config.parent / "units" / unit_id).__enter__()
        on_air.append(one)
        one.fix(*PLACES_E7[one.court_id])
        return one

    yield make
    with site.signed_in("dispatcher") as api:
        for incident in api.get("/incidents", params={"state": "open"}).raise_for_status().json()["items"]:
            api.post(f"/incidents/{incident['incident_id']}/close", json={"reason": "end of the test"})
    for one in on_air:
        one.__exit__()


def settled_map(page: Page) -> Any:
    """The map, after it has drawn its units and lies still."""
    page.wait_for_load_state("networkidle")
    canvas = page.locator(".map-canvas")
    expect(canvas).to_have_attribute("data-units", re.compile(r"^[1-9]\d*$"))
    return canvas


def test_units_far_out_are_one_mark_and_near_are_each_their_own(desk: Make, shoot: Make) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    canvas = settled_map(page)
    expect(canvas).to_have_attribute("data-clusters", re.compile(r"^[1-9]"))
    clusters, single, units = (
        int(canvas.get_attribute(f"data-{name}")) for name in ("clusters", "single", "units")
    )
    assert units == CROWD
    assert clusters * 3 + single <= units
    shoot(page, "desk-crowd")
    page.locator("[data-area='3501'] .area-name").click()
    expect(page.locator("[data-area-filter='3501']")).to_be_visible()
    for _ in range(4):
        page.locator(".tool").first.click()
    expect(canvas).to_have_attribute("data-clusters", "0")
    expect(canvas).to_have_attribute("data-single", str(CROWD))
    page.wait_for_load_state("networkidle")
    shoot(page, "desk-near")


def test_alarm_is_never_in_a_cluster(desk: Make, officer: Make) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    canvas = settled_map(page)
    one = officer("UNIT00")
    expect(canvas).to_have_attribute("data-units", str(CROWD + 1))
    one.press()
    expect(page.locator(".banner")).to_be_visible()
    expect(canvas).to_have_attribute("data-units", str(CROWD))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="全景").click()
    expect(canvas).to_have_attribute("data-clusters", re.compile(r"^[1-9]"))
    expect(page.locator(".off-map")).to_be_hidden()


def test_overview_divides_what_the_top_counts(desk: Make, site: Site) -> None:
    page = desk().enter("dispatcher")
    settled_map(page)
    rows = page.locator(".overview tbody tr")
    numbers = [
        [int(n) for n in re.findall(r"\d+", row)]
        for row in rows.locator("td:first-of-type").all_inner_texts()
    ]
    online, units = (sum(column) for column in zip(*numbers, strict=True))
    expect(page.locator("[data-count=online] b")).to_have_text(str(online))
    expect(page.locator("[data-area=all] td").first).to_have_text(f"{online} / {units}")
    with site.signed_in("dispatcher") as api:
        assert len(api.get("/units", params={"limit": 2000}).json()["items"]) == units
    page.locator("[data-area='3502'] .area-name").click()
    shown = page.locator("#units-title b").inner_text().split(" / ")
    expect(page.locator("[data-area='3502'] td").first).to_contain_text(f"/ {shown[0]}")
    expect(page.locator("[data-area='3502'] .area-name")).to_have_attribute("aria-pressed", "true")
    page.locator("[data-area-filter]").click()
    expect(page.locator("#units-title b")).to_have_text(str(units))


def test_search_by_keyboard_finds_by_number_name_court_and_case(desk: Make, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    settled_map(page)
    page.keyboard.press("/")
    page.keyboard.type("1003")
    expect(page.locator("[data-unit='FJ1003']")).to_have_attribute("data-by", "unit")
    expect(page.locator("[data-unit='FJ1003'] mark")).to_have_text("1003")
    page.keyboard.press("Enter")
    expect(page.locator("[data-panel-unit='FJ1003']")).to_be_visible()

    field = page.locator("#unit-search")
    field.fill("思明区")
    expect(page.locator("[data-at='0']")).to_have_attribute("data-by", "court")
    expect(page.locator("[data-at='0'] mark")).to_have_text("思明区")
    field.press("ArrowDown")
    expect(page.locator("[data-at='0']")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-at='1']")).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(field).to_be_focused()

    field.fill("（2026）闽 执")
    expect(page.locator("[data-at='0']")).to_have_attribute("data-by", "case")
    shoot(page, "desk-search")
    field.press("ArrowDown")
    page.keyboard.press("End")
    last = int(page.locator("#units-title b").inner_text().split(" / ")[0]) - 1
    expect(page.locator(f"[data-at='{last}']")).to_be_focused()
    unit = page.locator(f"[data-at='{last}']").get_attribute("data-unit")
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-panel-unit='{unit}']")).to_be_visible()

    field.fill("没有这个人")
    expect(page.locator(".rows .empty")).to_be_visible()


def test_flood_is_grouped_and_worked_one_after_the_other(desk: Make, officer: Make, shoot: Make) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    settled_map(page)
    on_air = [officer(unit_id) for unit_id in OFFICERS]
    for one in on_air[:10]:
        one.press()
    expect(page.locator(".item")).to_have_count(10)
    expect(page.locator("[data-flood]")).to_be_hidden()
    for one in on_air[10:]:
        one.press()
    flood = page.locator("[data-flood]")
    expect(flood.locator("[data-incident]")).to_have_count(12)
    expect(flood.locator(".flood-count")).to_have_text("12 起，未确认 12")
    expect(page.locator(".banner")).to_have_count(1)
    expect(page.locator(".banner-more")).to_have_text("另有 11 起未确认")
    areas = flood.locator("[data-flood-area]")
    expect(areas).to_have_count(3)
    expect(areas.first).to_have_attribute("data-flood-area", "3501")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="全景").click()
    expect(page.locator(".off-map")).to_be_hidden()
    shoot(page, "desk-flood")
    for left in range(11, 8, -1):
        first = page.locator(".banner").get_attribute("data-incident")
        assert page.locator("[data-flood] .line-waiting").first.get_attribute("data-incident") == first
        page.keyboard.press("F2")
        expect(flood.locator(".flood-count")).to_have_text(f"12 起，未确认 {left}")
        expect(page.locator(f"#queue-{first}")).not_to_have_class(re.compile("line-waiting"))
    shoot(page, "desk-flood-worked")


def test_coordinates_are_told_in_the_datum_that_is_chosen(desk: Make, officer: Make) -> None:
    one: Desk = desk()
    one.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=one.url)
    page = one.enter("dispatcher")
    officer("UNIT03")
    page.locator("#unit-search").fill("UNIT03")
    page.locator("[data-unit=UNIT03]").click()
    lat, lon = (e7 / 1e7 for e7 in PLACES_E7["350203"])
    expect(page.locator("[data-coordinates]")).to_have_text(f"{lat:.5f}, {lon:.5f}")
    expect(page.locator("[data-datum]")).to_have_text("WGS-84")
    gcj_lat, gcj_lon = datum.wgs84_to_gcj02(lat, lon)
    bd_lat, bd_lon = datum.gcj02_to_bd09(gcj_lat, gcj_lon)
    for name, at in (("gcj02", (gcj_lat, gcj_lon)), ("bd09", (bd_lat, bd_lon))):
        page.locator(".readout select").select_option(name)
        expect(page.locator("[data-coordinates]")).to_have_text(f"{at[0]:.5f}, {at[1]:.5f}")
    page.locator("[data-act-copy]").click()
    expect(page.locator("[data-outcome=done]")).to_contain_text("BD-09")
    assert page.evaluate("navigator.clipboard.readText()") == f"{bd_lat:.5f}, {bd_lon:.5f} (BD-09)"
    page.reload()
    expect(page.locator(".readout select")).to_have_value("bd09")
    page.locator(".map-canvas").hover(position={"x": 300, "y": 300})
    expect(page.locator(".readout")).to_contain_text("指针")


def test_measuring_is_geodesic_and_esc_ends_it(desk: Make, shoot: Make) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    settled_map(page)
    page.keyboard.press("m")
    expect(page.locator("[data-measure]")).to_be_visible()
    box = page.locator(".map-canvas").bounding_box()
    assert box is not None
    seen = []
    for x, y in ((300, 250), (620, 330), (700, 620)):
        before = page.locator("[data-readout]").inner_text()
        page.mouse.move(box["x"] + x, box["y"] + y)
        expect(page.locator("[data-readout]")).not_to_have_text(before)
        page.mouse.click(box["x"] + x, box["y"] + y)
        seen.append([float(n) for n in page.locator("[data-readout]").inner_text().split(",")])
    geod = Geod(ellps="WGS84")
    expected_m = sum(geod.inv(a[1], a[0], b[1], b[0])[2] for a, b in itertools.pairwise(seen))
    total = page.locator("[data-measure-total]")
    assert float(str(total.get_attribute("data-measure-total"))) == pytest.approx(expected_m, abs=5)
    shoot(page, "desk-measure")
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    expect(page.locator("[data-measure]")).to_be_hidden()


def stored_track(api: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get("/units/UNIT05/track").raise_for_status().json()["items"]
    return items


def test_track_of_the_last_hour_is_drawn_and_grows(
    desk: Make, officer: Make, shoot: Make, site: Site
) -> None:
    page = desk(1920, 1080).enter("dispatcher")
    canvas = settled_map(page)
    one = officer("UNIT05")
    lat_e7, lon_e7 = PLACES_E7[one.court_id]
    for step in range(HOUR_FIXES):
        one.fix(lat_e7 + 20_000 * step, lon_e7 + 30_000 * ((step * 7) % 11))
    last_e7 = lat_e7 + 20_000 * (HOUR_FIXES - 1)
    with site.signed_in("dispatcher") as api:
        pause, until_s = threading.Event(), time.monotonic() + WITHIN_S
        # What comes after the page has asked grows by a point a delta, however many there were: all must be stored.
        while not (track := stored_track(api)) or round(track[-1]["lat"] * 1e7) != last_e7:
            assert time.monotonic() < until_s, track
            pause.wait(ASKED_EVERY_S)
    page.locator("#unit-search").fill("UNIT05")
    page.locator("[data-unit=UNIT05]").click()
    drawn = len(track)  # two in the same millisecond are one
    expect(canvas).to_have_attribute("data-track", str(drawn))
    assert drawn > HOUR_FIXES // 2
    one.fix(lat_e7 + 700_000, lon_e7)
    expect(canvas).to_have_attribute("data-track", str(drawn + 1))
    shoot(page, "desk-track")
    page.locator("[data-tool=track]").click()
    expect(canvas).to_have_attribute("data-track", "0")


def test_health_is_always_in_sight_and_says_what_fails(desk: Make, site: Site) -> None:
    page = desk().enter("dispatcher")
    for part in ("gateway", "broker", "database", "clock"):
        expect(page.locator(f"[data-health={part}]")).to_have_attribute("data-ok", "ok")
    expect(page.locator("[data-health=sound]")).to_have_attribute("data-ok", "bad")
    page.locator("[data-sound]").click()
    expect(page.locator("[data-health=sound]")).to_have_attribute("data-ok", "ok")
    site.pause()
    try:
        expect(page.locator("[data-health=gateway]")).to_have_attribute("data-ok", "bad")
        expect(page.locator("[data-health=database]")).to_have_attribute("data-ok", "unknown")
    finally:
        site.resume()
    expect(page.locator("[data-health=database]")).to_have_attribute("data-ok", "ok")
