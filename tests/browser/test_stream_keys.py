"""Stream keys: made, shown once, given to a wall, revoked."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from console_site import Site
from playwright.sync_api import expect
from test_everyone import PHONE, at, check, theme_of

Make = Callable[..., Any]


@pytest.mark.parametrize("theme", ["dark", "day"])
def test_key_is_made_shown_once_and_revoked(desk: Make, site: Site, shoot: Make, theme: str) -> None:
    page = desk().enter("viewer")
    theme_of(page, theme)
    expect(page.locator("[data-live=live]")).to_be_visible()
    page.locator(".person").click()
    page.locator("[data-menu=stream-keys]").click()
    expect(page).to_have_url(f"{site.url}/stream-keys")
    expect(page.locator("[data-rtsp=off]")).to_be_visible()
    page.locator("[name=key-note]").fill(f"大厅 <b>2</b> 号 {theme}")
    make = page.locator("[data-key-act=make]")
    page.locator("[name=key-days]").fill("367")
    expect(make).to_be_disabled()
    page.locator("[name=key-days]").fill("7")
    page.locator("[name=key-unit]").fill("NOBODY")
    expect(make).to_be_disabled()
    page.locator("[name=key-unit]").fill("UNIT1")
    make.click()
    made = page.locator("[data-made-key]")
    url = made.locator("[name=made-url]").input_value()
    assert url.startswith("rtsp://viewer:tsk_") and url.endswith("@127.0.0.1:8554/units/UNIT1")
    key_id = made.get_attribute("data-made-key")
    row = page.locator(f"[data-key='{key_id}']")
    expect(row).to_contain_text(f"大厅 <b>2</b> 号 {theme}")
    expect(row).to_have_attribute("data-state", "holds")
    check(page, "stream-keys")
    shoot(page, f"stream-keys-{theme}")
    at(page, PHONE, f"stream-keys-{theme}")
    page.locator("[data-key-act=done]").click()
    page.reload()
    expect(row).to_be_visible()
    assert "tsk_" not in page.content(), "it is told once"

    with site.signed_in("viewer") as api:
        (kept,) = [one for one in api.get("/stream-keys").json()["items"] if one["key_id"] == key_id]
        assert (kept["unit_id"], kept["ends_ms"] - kept["created_ms"]) == ("UNIT1", 7 * 86_400_000)
        row.locator("[data-key-act=revoke]").click()
        row.locator("[data-key-act=revoke-sure]").click()
        expect(row).to_have_attribute("data-state", "revoked")
        (kept,) = [one for one in api.get("/stream-keys").json()["items"] if one["key_id"] == key_id]
        assert kept["holds"] is False


def test_address_is_for_any_unit_and_another_sees_no_key_of_mine(desk: Make, site: Site) -> None:
    page = desk().enter("dispatcher")
    page.goto(f"{site.url}/stream-keys")
    page.locator("[name=key-note]").fill("录像机")
    page.keyboard.press("Enter")
    made = page.locator("[data-made-key]")
    expect(made.locator("[name=made-url]")).to_have_value(
        re.compile(r"^rtsp://dispatcher:tsk_[\w-]+@127\.0\.0\.1:8554/units/编号$")
    )
    made.locator("[name=made-unit]").fill("UNIT2")
    expect(made.locator("[name=made-url]")).to_have_value(re.compile(r"/units/UNIT2$"))
    other = desk().enter("second")
    other.goto(f"{site.url}/stream-keys")
    expect(other.locator(".keys .empty")).to_have_text("还没有密钥")
