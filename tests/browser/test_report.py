"""The report as a browser shows and prints it: in its own policy, on A4, in both languages."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

Make = Callable[..., Any]
A4_POINTS = (595, 842)


@pytest.mark.parametrize("unit_id", ["UNIT1", "HOSTILE2"])
def test_report_is_shown_under_its_policy_and_printed_on_a4(
    desk: Make, officer: Make, site: Any, shoot: Callable[[Page, str], None], unit_id: str
) -> None:
    made = desk()
    page = made.enter("dispatcher")
    unit = officer(unit_id)
    unit.fix()
    unit.press()
    expect(page.locator(".banner")).to_be_visible()
    incident = page.locator(".banner").get_attribute("data-incident")
    page.keyboard.press("F2")
    expect(page.locator(".banner")).to_be_hidden()
    for language in ("zh", "en"):
        page.goto(f"{site.url}/api/v1/incidents/{incident}/report?lang={language}")
        expect(page.locator(".id")).to_have_text(str(incident))
        assert (
            page.evaluate("getComputedStyle(document.querySelector('.map .alarm')).fill")
            == "rgb(168, 18, 24)"
        )
        assert page.evaluate("window.owned") is None
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "it runs out of the paper"
        shoot(page, f"report-{unit_id.lower()}-{language}")
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
        boxes = {
            tuple(round(float(side)) for side in box.split()[2:])
            for box in re.findall(r"/MediaBox \[([^\]]+)\]", printed.decode("latin-1"))
        }
        assert boxes == {A4_POINTS}
