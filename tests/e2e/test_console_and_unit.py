"""The entire way, with nothing left out: the officer's button, the dispatcher's browser, the officer's wrist."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import async_playwright, expect
from whole_site import OFFICERS, site

from gateway.cli.stage import LOGIN

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
WITHIN_MS = 60_000


async def test_press_is_answered_at_the_console_and_felt_on_the_unit(tmp_path: Path, console: None) -> None:
    expect.set_options(timeout=WITHIN_MS)
    async with site(tmp_path, OFFICERS[:1]) as it, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            page = await browser.new_page(viewport={"width": 1366, "height": 768})
            page.set_default_timeout(WITHIN_MS)
            await page.goto(it.process.url)
            await page.locator("[name=login]").fill(LOGIN)
            await page.locator("[name=password]").fill(it.password)
            await page.locator("button[type=submit]").click()
            await expect(page.locator("[data-live=live]")).to_be_visible()
            await expect(page.locator("[data-count=online] b")).to_have_text("1")

            await it.unit.press()
            await it.unit.wait_felt("received")
            banner = page.locator(".banner")
            await expect(banner).to_contain_text(OFFICERS[0].name)
            panel = page.locator(f"[data-panel-incident={await banner.get_attribute('data-incident')}]")

            await page.keyboard.press("F2")
            await expect(banner).to_be_hidden()
            await it.unit.wait_felt("acknowledged")
            assert "on_the_way" not in [felt.pattern for felt in it.unit.felt]

            await panel.locator("[data-act=offer]").first.click()
            await panel.locator("[data-act=phone-accept]").first.click()
            form = panel.locator("[data-form=phone]")
            await form.locator("input").fill("赵值班")
            await form.locator("button[type=submit]").click()
            await it.unit.wait_felt("on_the_way")
            for told in ("stored", "acknowledged", "on_the_way"):
                await expect(panel.locator(f"[data-told={told}][data-felt=true]")).to_be_visible()
            felt = [one.pattern for one in it.unit.felt]
            assert felt == ["pressed", "received", "acknowledged", "on_the_way"]
        finally:
            await browser.close()
