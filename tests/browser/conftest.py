"""A real gateway in a process of its own, officers on real MQTT, and people at real browsers."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).parent))
from console_chromium import SHOTS, chromium
from console_officer import Officer
from console_people import make_site
from console_site import WITHIN_S, Desk, Site

SIZES = ((1920, 1080), (1366, 768))


@pytest.fixture(scope="session")
def site(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = make_site(tmp_path_factory.mktemp("site"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    with chromium(WITHIN_S * 1000) as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser, site: Site) -> Iterator[Callable[..., Desk]]:
    """Makes browsers; afterwards none may have asked another origin for anything or broken the policy."""
    desks: list[Desk] = []

    def make(width: int = 1366, height: int = 768) -> Desk:
        context = browser.new_context(viewport={"width": width, "height": height})
        context.set_default_timeout(WITHIN_S * 1000)
        desks.append(Desk(context, site))
        return desks[-1]

    yield make
    for one in desks:
        one.context.close()
        assert one.foreign == []
        assert one.faults == []


@pytest.fixture
def shoot() -> Callable[[Page, str], None]:
    """Makes a picture of the page in each size; nothing may stand out of the window."""

    def make(page: Page, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: too wide"
            panel = page.locator(".right")
            if panel.count():
                assert panel.evaluate("one => one.scrollWidth <= one.clientWidth"), f"{name}: panel too wide"
            page.screenshot(path=SHOTS / f"{name}-{width}.png")

    return make


@pytest.fixture
def officer(site: Site) -> Iterator[Callable[[str], Officer]]:
    """Puts officers on the air; afterwards their incidents are closed, so that each test begins in quiet."""
    on_air: list[Officer] = []

    def make(unit_id: str = "UNIT1") -> Officer:
        on_air.append(Officer(unit_id, site.config.parent / "units" / unit_id).__enter__())
        return on_air[-1]

    yield make
    with site.signed_in("dispatcher") as api:
        for incident in api.get("/incidents", params={"state": "open"}).raise_for_status().json()["items"]:
            path = f"/incidents/{incident['incident_id']}"
            api.post(f"{path}/callback", json={"answered": True, "note": "end of the test"})
            api.post(f"{path}/close", json={"reason": "end of the test"}).raise_for_status()
    for one in on_air:
        one.__exit__()
