"""Base maps on the page: drawn in place whatever their datum, through the gateway alone, and honest when they fail."""

import asyncio
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from console_crowd import populate
from console_officer import Officer
from console_site import PASSWORD, WITHIN_S, Site, site_in
from map_tiles import MARK_RGB, archive, png
from playwright.sync_api import Page, expect

from gateway.dispatch import datum
from gateway.model import Role

sys.path.insert(0, str(Path(__file__).parent.parent / "web"))
from tile_service import TileService

Make = Callable[..., Any]
PEOPLE = (("dispatcher", "陈调度", Role.DISPATCHER, None),)
#: Not near the edge of a tile, where a mark would be cut.
PLACE_E7 = (260_200_000, 1_192_800_000)
PLACE = (PLACE_E7[0] / 1e7, PLACE_E7[1] / 1e7)
WATER_RGB = (0x18, 0x20, 0x2A)
#: Pixels of a mark at least: the square of a raster tile, and that of a vector tile.
MARK_PX, WATER_PX = 40, 2000

#: The middle of what has this colour on the map's canvases, from the middle of the map, in pixels of the page.
MIDDLE_OF = """(map, [r, g, b, least]) => {
  const box = map.getBoundingClientRect();
  for (const canvas of map.querySelectorAll(".ol-layer canvas, canvas.ol-layer")) {
    const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let [x, y, n] = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const far = Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - b);
      if (far > 6 || data[i + 3] < 200) continue;
      x += (i / 4) % width; y += Math.floor(i / 4 / width); n += 1;
    }
    if (n > least) return [x / n / width * box.width - box.width / 2, y / n / height * box.height - box.height / 2];
  }
  return null;
}"""


@pytest.fixture(scope="module")
def service() -> Iterator[TileService]:
    """What plays Tianditu, in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> TileService:
        return await TileService().__aenter__()

    one = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    one.body = png((0.5, 0.5))
    yield one
    asyncio.run_coroutine_threadsafe(one.__aexit__(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture(scope="module")
def site(console: None, service: TileService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("mapped")
    archive(folder / "map.pmtiles", *datum.wgs84_to_gcj02(*PLACE), vector=False)
    basemap = f"""
[map]
tianditu_key = "kSecret0123456789"
tianditu_url = "{service.template}"
tianditu_layers = ["vec", "cva"]
pmtiles = "{folder / "map.pmtiles"}"
pmtiles_datum = "gcj02"
pmtiles_attribution = "审图号 GS(2026)1号"
"""
    made = site_in(folder, more=basemap)
    now_ms = time.time_ns() // 1_000_000
    officers = {"UNIT1": ("郑一", "350104"), "UNIT2": ("周二", "350104")}
    asyncio.run(populate(made.settings, folder / "units", PEOPLE, PASSWORD, officers, 0, now_ms))
    made.start()
    yield made
    made.stop()


def zoom_in(page: Page, steps: int) -> None:
    canvas = page.locator(".map-canvas")
    for _ in range(steps):
        zoom = float(str(canvas.get_attribute("data-zoom")))
        page.locator(".tool").first.click()
        expect(canvas).to_have_attribute("data-zoom", f"{zoom + 1:.2f}")


def at_the_officer(page: Page, site: Site) -> Any:
    """The map with the officer in its middle, at zoom 14. Their position is that of the tiles' mark."""
    page.evaluate("localStorage.setItem('tipstaff.night-tiles', 'no')")
    page.reload()
    page.locator("[data-unit=UNIT1]").click()
    canvas = page.locator(".map-canvas")
    readout = page.locator("[data-readout]")
    expect(readout).to_have_text(f"{PLACE[0]:.5f}, {PLACE[1]:.5f}")
    expect(canvas).to_have_attribute("data-zoom", "11.00")
    zoom_in(page, 3)
    return canvas


def choose(page: Page, layer: str) -> None:
    page.locator("[data-tool=layers]").click()
    page.locator(f"[data-base={layer}]").check()
    page.keyboard.press("Escape")


def drawn_at(page: Page, canvas: Any, colour: tuple[int, ...]) -> tuple[float, float]:
    page.wait_for_function(
        f"colour => ({MIDDLE_OF})(document.querySelector('.map-canvas'), colour) !== null", arg=list(colour)
    )
    page.wait_for_load_state("networkidle")
    found = canvas.evaluate(MIDDLE_OF, list(colour))
    return float(found[0]), float(found[1])


def test_unit_that_is_chosen_before_it_is_placed_is_shown_once_it_is(desk: Make, site: Site) -> None:
    page = desk(1366, 768).enter("dispatcher")
    page.locator("[data-unit=UNIT2]").click()
    expect(page.locator("[data-unit=UNIT2]")).to_have_attribute("aria-current", "true")
    with Officer("UNIT2", site.config.parent / "units" / "UNIT2") as two:
        two.fix(*PLACE_E7)
        expect(page.locator("[data-readout]")).to_have_text(f"{PLACE[0]:.5f}, {PLACE[1]:.5f}")


def test_layer_in_gcj02_is_drawn_in_place(desk: Make, site: Site, shoot: Make) -> None:
    page = desk(1366, 768).enter("dispatcher")
    with Officer("UNIT1", site.config.parent / "units" / "UNIT1") as one:
        one.fix(*PLACE_E7)
        canvas = at_the_officer(page, site)
        expect(page.locator(".map-note")).to_contain_text("县界仅供示意")
        choose(page, "local")
        expect(page.locator("[data-attribution]")).to_contain_text("审图号 GS(2026)1号")
        assert drawn_at(page, canvas, (*MARK_RGB, MARK_PX)) == pytest.approx((0, 0), abs=2.5)
        expect(page.locator(".map-note")).not_to_contain_text("县界仅供示意")
        shoot(page, "base-gcj02")


def test_vector_layer_in_gcj02_is_drawn_in_place(desk: Make, site: Site, tmp_path: Path) -> None:
    file = site.config.parent / "map.pmtiles"
    before = file.read_bytes()
    site.stop()
    archive(file, *datum.wgs84_to_gcj02(*PLACE), vector=True)
    site.start()
    try:
        page = desk(1366, 768).enter("dispatcher")
        with Officer("UNIT1", site.config.parent / "units" / "UNIT1") as one:
            one.fix(*PLACE_E7)
            canvas = at_the_officer(page, site)
            choose(page, "local")
            assert drawn_at(page, canvas, (*WATER_RGB, WATER_PX)) == pytest.approx((0, 0), abs=2.5)
    finally:
        site.stop()
        file.write_bytes(before)
        site.start()


def test_file_that_could_not_be_read_is_opened_again_by_itself(desk: Make, site: Site) -> None:
    page = desk(1366, 768).enter("dispatcher")
    page.route("**/map/local.pmtiles", lambda route: route.abort())
    page.clock.install()
    choose(page, "local")
    expect(page.locator("[data-map-problem=local]")).to_have_count(1)
    page.unroute("**/map/local.pmtiles")
    page.clock.fast_forward(31_000)
    expect(page.locator("[data-map-problem]")).to_have_count(0)


def test_service_that_fails_is_told_and_the_outlines_stay(
    desk: Make, site: Site, service: TileService, shoot: Make
) -> None:
    one = desk(1366, 768)
    page = one.enter("dispatcher")
    choose(page, "vec")
    expect(page.locator("[data-attribution]")).to_contain_text("天地图")
    deadline_s = time.monotonic() + WITHIN_S
    while not all(any(f"/{layer}?" in asked for asked in list(service.asked)) for layer in ("vec", "cva")):
        assert time.monotonic() < deadline_s, service.asked
        page.wait_for_timeout(100)
    expect(page.locator("[data-map-problem]")).to_have_count(0)
    shoot(page, "base-tianditu")
    service.status = 500
    zoom_in(page, 3)
    expect(page.locator("[data-map-problem=vec]")).to_contain_text(re.compile("天地图 街道：没有画出.*轮廓"))
    expect(page.locator(".map-note")).to_contain_text("县界仅供示意")
    shoot(page, "base-failed")
    service.status = 200
    page.locator("[data-tool=layers]").click()
    page.locator("[data-chooser] input[type=radio]").first.check()
    expect(page.locator("[data-map-problem]")).to_have_count(0)
    expect(page.locator("[data-attribution]")).to_have_count(0)
    assert page.evaluate("localStorage.getItem('tipstaff.base-map')") == "outlines"
    assert "kSecret" not in page.content()
