"""Recordings in the console: found, listed where they belong, proven, held, and released."""

import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from console_filmer import LAST, film, on_the_air
from console_officer import CASE, COURT
from console_people import make_site
from console_site import PASSWORD, Site
from playwright.sync_api import Page, expect

from gateway.accounts import add_user
from gateway.model import Role
from gateway.store import Store

Make = Callable[..., Any]
WHOLE, GAPPED = bytes.fromhex("a1b2c3d4e5f60718"), bytes.fromhex("b1b2c3d4e5f60718")


@pytest.fixture(scope="module")
def site(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A gateway of its own with two recordings: one whole and of an incident, one that lacks something."""
    made = make_site(tmp_path_factory.mktemp("recorded"))
    import asyncio

    async def administrator() -> None:
        async with Store(made.settings.store_url) as store:
            await add_user(store, "chief", "主管", Role.ADMIN, None, PASSWORD, time.time_ns() // 1_000_000)

    asyncio.run(administrator())
    made.start()
    start_ms = time.time_ns() // 1_000_000 - 600_000
    with on_the_air(made.config.parent / "units" / "UNIT3", start_ms) as (camera, run):
        alarm = camera.control.alarm(case_no=CASE)
        run(camera.control.stored(alarm))
        for number in range(2):
            segment = film(WHOLE, number, 4, from_ms=4_000 * number)
            run(
                camera.send(
                    segment, [segment.chunk(n) for n in range(len(segment.chunks)) if number or n % 3]
                )
            )
            manifest = camera.signed(
                segment,
                4_000 * number,
                4,
                flags=8 | LAST * number,
                alarm_id=alarm.alarm_id,
                case_no=CASE,
                marks=[1500],
            )
            assert run(camera.restore(segment, manifest)).sealed
        camera.start_ms -= 3_600_000
        segment = film(GAPPED, 1, 4)
        run(camera.send(segment, [segment.chunk(n) for n in range(0, 40)]))
        manifest = camera.signed(segment, 0, 4, case_no="(2026)闽0105执7号")
        assert run(camera.seal(manifest)).ranges
    yield made
    made.stop()


def opened(page: Page, recording: bytes) -> None:
    page.locator(".pages [data-page=recordings]").click()
    page.locator(f"tr[data-recording='{recording.hex()}'] [data-row]").click()
    expect(page.locator("main[data-page=recording]")).to_be_visible()


def test_recordings_are_listed_and_found_by_the_address(desk: Make, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    page.keyboard.press("Alt+Shift+Digit5")
    rows = page.locator("tr[data-recording]")
    expect(rows).to_have_count(2)
    whole = page.locator(f"tr[data-recording='{WHOLE.hex()}']")
    expect(whole).to_have_attribute("data-state", "complete")
    expect(whole).to_contain_text("何三")
    expect(whole).to_contain_text("2 / 2")
    expect(whole).to_contain_text(re.compile(r"I-\d+-\d+"))
    shoot(page, "recordings")
    page.locator("[name=case_no]").fill("执7号")
    expect(rows).to_have_count(1)
    assert "case_no=" in page.url
    page.reload()
    expect(rows).to_have_count(1)
    page.locator("[name=held]").select_option("true")
    expect(page.locator("main")).to_contain_text("没有符合条件的录像")
    page.get_by_role("button", name="清除筛选").click()
    expect(rows).to_have_count(2)
    page.locator("[name=court]").select_option(COURT)
    expect(rows).to_have_count(2)
    page.locator("[name=unit_id]").fill("UNIT1")
    expect(rows).to_have_count(0)
    page.locator("[name=unit_id]").fill("not a unit")
    expect(page.locator(".table-note[role=alert]")).to_be_visible()


def test_recordings_stand_on_the_pages_of_their_incident_and_unit(desk: Make, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    page.locator(".pages [data-page=recordings]").click()
    page.locator(f"tr[data-recording='{WHOLE.hex()}'] a.link").click()
    section = page.locator(".recordings-of")
    expect(section.locator(f"tr[data-recording='{WHOLE.hex()}']")).to_have_count(1)
    shoot(page, "incident-recordings")
    section.locator("[data-act=export]").click()
    href = section.locator("a[download]").get_attribute("href") or ""
    assert re.fullmatch(r"/api/v1/incidents/I-[0-9-]+/export\?lang=zh&copies=true", href)
    page.locator(".case-acts a.link", has_text="UNIT3").click()
    expect(page.locator(".recordings-of tr[data-recording]")).to_have_count(2)
    shoot(page, "unit-recordings")


def test_each_part_says_how_it_came_and_is_proven_by_a_button(desk: Make, site: Site) -> None:
    page = desk().enter("dispatcher")
    opened(page, WHOLE)
    first, second = page.locator("tr[data-part='0']"), page.locator("tr[data-part='1']")
    expect(first).to_contain_text("已封存")
    expect(first.locator("[data-how]")).to_have_attribute("data-how", "backfilled")
    expect(second.locator("[data-how]")).to_have_attribute("data-how", "live")
    expect(first).to_contain_text("标记 1 处")
    page.locator("[data-act=verify]").click()
    expect(page.locator("[data-verdict=ok]")).to_contain_text("2 段全部无误")
    expect(page.locator("[data-proof=ok]")).to_have_count(2)
    path = next((site.settings.data_dir / "evidence").rglob(f"{WHOLE.hex()}-1.mkv"), None)
    assert path is not None
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        page.locator("[data-act=verify]").click()
        expect(page.locator("[data-verdict=bad]")).to_contain_text("2 段中有 1 段有问题")
        expect(second.locator("[data-proof=bad]")).to_contain_text("内容被改动")
    finally:
        path.write_bytes(whole)


def test_what_is_missing_is_said_in_words(desk: Make) -> None:
    page = desk().enter("viewer")
    opened(page, GAPPED)
    expect(page.locator("tr[data-part='0']")).to_contain_text("没有收到")
    second = page.locator("tr[data-part='1']")
    expect(second).to_contain_text("待补传")
    expect(second.locator("[data-how]")).to_have_attribute("data-how", "missing")
    expect(page.locator("[data-act=hold]")).to_have_count(0)


def test_dispatcher_holds_and_administrator_releases(desk: Make) -> None:
    page = desk().enter("dispatcher")
    opened(page, WHOLE)
    page.locator("[data-act=hold]").click()
    page.locator("[data-form=hold] textarea").fill("复议 7 号")
    page.locator("[data-form=hold] button[type=submit]").click()
    expect(page.locator("[data-held=true]")).to_contain_text("复议 7 号")
    expect(page.locator("[data-act=release]")).to_have_count(0)
    other = desk().enter("chief")
    opened(other, WHOLE)
    other.locator("[data-act=release]").click()
    other.locator("[data-form=release] textarea").fill("复议已结")
    other.locator("[data-form=release] button[type=submit]").click()
    expect(other.locator("[data-held=false]")).to_contain_text("复议已结")


def test_export_is_a_file_with_the_masters(desk: Make, site: Site, shoot: Make) -> None:
    page = desk().enter("dispatcher")
    opened(page, WHOLE)
    page.locator("[data-act=export]").click()
    form = page.locator("[data-form=export]")
    form.locator("input[type=text]").fill("复议 7 号")
    form.locator("input[type=checkbox]").uncheck()
    shoot(page, "recording-export")
    with page.expect_download() as coming:
        form.locator("[data-export]").click()
    expect(form).to_have_count(0)
    with zipfile.ZipFile(coming.value.path()) as whole:
        masters = {Path(name).name: whole.read(name) for name in whole.namelist() if name.endswith(".mkv")}
    kept = {
        path.name: path.read_bytes()
        for path in (site.settings.data_dir / "evidence").rglob(f"{WHOLE.hex()}-*.mkv")
    }
    assert masters == kept and len(masters) == 2
