"""The lists of incidents and devices: filters in the address, keys, order, and how they look."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Make = Callable[..., Any]


def opened(page: Page, name: str) -> None:
    page.locator(f".pages [data-page={name}]").click()
    expect(page.locator(f"main[data-page={name}]")).to_be_visible()


def test_incidents_are_listed_filtered_by_the_address_and_kept_up_live(
    desk: Make, officer: Make, shoot: Make
) -> None:
    page = desk().enter("dispatcher")
    opened(page, "incidents")
    first = officer("UNIT1")
    first.fix()
    first.press()
    row = page.locator("tr[data-incident]", has_text="郑一").first
    expect(row).to_contain_text("未确认")
    expect(row).to_have_attribute("data-state", "NEW")
    page.locator(".banner-act").click()
    opened(page, "incidents")
    expect(row).to_contain_text(re.compile(r"陈调度\s*00:\d\d"))
    officer("UNIT2").press()
    expect(page.locator("tr[data-incident]", has_text="吴二").first).to_be_visible()
    shoot(page, "incidents")
    page.locator("[name=q]").fill("吴二")
    expect(page.locator("tr[data-incident]", has_text="郑一")).to_have_count(0)
    assert "q=" in page.url
    page.reload()
    expect(page.locator("[name=q]")).to_have_value("吴二")
    expect(page.locator("tr[data-incident]", has_text="吴二").first).to_be_visible()
    expect(page.locator("tr[data-incident]", has_text="郑一")).to_have_count(0)
    href = page.locator("a[download]").get_attribute("href")
    assert href is not None and "incidents.csv?" in href and "q=" in href
    page.get_by_role("button", name="清除筛选").click()
    expect(page.locator("tr[data-incident]", has_text="郑一").first).to_be_visible()
    assert "q=" not in page.url


def test_arrows_move_and_enter_opens(desk: Make, officer: Make) -> None:
    page = desk().enter("dispatcher")
    officer("UNIT1").press()
    officer("UNIT2").press()
    expect(page.locator(".item")).to_have_count(2)
    opened(page, "incidents")
    links = page.locator("tr[data-incident] [data-row]")
    expect(links.nth(1)).to_be_visible()
    links.first.focus()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("End")
    expect(links.last).to_be_focused()
    page.keyboard.press("Home")
    chosen = page.locator("tr[data-incident]").first.get_attribute("data-incident")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/incidents/{chosen}$"))


def test_devices_are_listed_sorted_and_filtered_by_the_address(
    desk: Make, officer: Make, shoot: Make
) -> None:
    page = desk().enter("dispatcher")
    officer("UNIT1").state(battery_pct=9)
    officer("UNIT2").state(battery_pct=80)
    opened(page, "units")
    rows = page.locator("tr[data-unit]")
    expect(page.locator("tr[data-unit=UNIT1]")).to_contain_text("9%")
    expect(page.locator("tr[data-unit=UNIT1] td.amber").first).to_be_visible()
    shoot(page, "devices")
    page.locator("[data-sort=battery]").click()
    expect(rows.first).to_have_attribute("data-unit", "UNIT1")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("电量")
    page.locator("[data-sort=battery]").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("电量")
    assert "sort=-battery" in page.url
    page.locator("[name=fault]").select_option("battery")
    expect(rows).to_have_count(1)
    expect(rows.first).to_have_attribute("data-unit", "UNIT1")
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="清除筛选").click()
    page.locator("[name=q]").fill("何三")
    expect(rows).to_have_count(1)
    expect(rows.first).to_have_attribute("data-unit", "UNIT3")


#: Of these columns what is cut, and the table that is wider than what holds it.
CUT = """
columns => {
  const table = document.querySelector('.table-scroll');
  const cells = [...table.querySelectorAll('tbody tr[data-unit]')].flatMap((row) => columns.map((at) => row.cells[at]));
  return [...cells.flatMap((cell) => [cell, ...cell.querySelectorAll('bdi')]), table]
    .filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent.slice(0, 40));
}
"""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", [390, 1366, 1920])
def test_number_officer_and_court_of_a_device_are_whole(
    desk: Make, officer: Make, width: int, language: str
) -> None:
    officer("UNIT1")
    made = desk(width, 844)
    made.context.add_init_script(f"localStorage.setItem('tipstaff.language', '{language}')")
    page = made.enter("dispatcher")
    page.goto(f"{made.url}/units?q=UNIT1")
    expect(page.locator("tr[data-unit=UNIT1]")).to_be_visible()
    expect(page.locator("tr[data-unit]")).to_have_count(1)
    assert page.evaluate(CUT, [1, 2, 3]) == []
