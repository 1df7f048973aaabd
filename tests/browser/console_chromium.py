"""The browser that tests drive, and where they leave pictures of it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

SHOTS = Path(__file__).resolve().parent / "shots"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip


@contextlib.contextmanager
def chromium(within_ms: float, *arguments: str) -> Iterator[Browser]:
    """One Chromium, for a file of tests: while it is driven, no test of another file can run a loop of its own."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=within_ms)
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*CHROMIUM_ARGUMENTS, *arguments])
        yield opened
        opened.close()


@contextlib.contextmanager
def watched(browser: Browser, script: str, within_ms: float) -> Iterator[BrowserContext]:
    """A browser of its own for one test, with a script in its pages that sees what happens there."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(within_ms)
    context.add_init_script(script)
    yield context
    context.close()
