"""An alarm opens: what is needed to act is in sight at once, and what loads later moves nothing under the finger."""

from collections.abc import Iterator

import pytest
from console_chromium import SHOTS, chromium, watched
from console_units import Units, filming
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, expect

WITHIN_MS = 60_000
SEEN_WITHIN_MS = 15_000
SIZES = ((1366, 768), (1920, 1080))

#: Where the ranking's first row stood within the panel, in every frame since it was there.
STOOD = """
window.stood = [];
const look = () => {
  requestAnimationFrame(look);
  const row = document.querySelector('.right tr[data-candidate]');
  if (!row) return;
  const [at, within] = [row.getBoundingClientRect(), row.closest('.right').getBoundingClientRect()];
  const now = [at.x - within.x, at.y - within.y, at.width].map(Math.round).join(' ');
  if (stood.at(-1) !== now) stood.push(now);
};
requestAnimationFrame(look);
"""


@pytest.fixture(scope="module")
def units(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Units]:
    with filming(tmp_path_factory.mktemp("filmed"), speaking=True) as made:
        yield made


@pytest.fixture(scope="module")
def browser(units: Units) -> Iterator[Browser]:
    with chromium(WITHIN_MS) as opened:
        yield opened


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    with watched(browser, STOOD, WITHIN_MS) as context:
        yield context


#: The whole of it is within the panel as it stands in the window, and nothing lies over its middle.
IN_SIGHT = """
one => {
  const [box, panel] = [one.getBoundingClientRect(), one.closest('.right').getBoundingClientRect()];
  const over = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return panel.top <= box.top && box.bottom <= Math.min(panel.bottom, innerHeight) && panel.left <= box.left
    && box.right <= Math.min(panel.right, innerWidth)
    && (one.contains(over) || over?.closest('.watch-stage')?.contains(one));
}
"""


def in_sight(page: Page, what: Locator) -> dict[str, float]:
    """Its box, once it is seen without scrolling; a strip that says that the machine is slow may come first."""
    expect(what).to_be_visible()
    try:
        page.wait_for_function(IN_SIGHT, arg=what.element_handle(), timeout=SEEN_WITHIN_MS)
    except Error as error:
        raise AssertionError(f"{what}: {what.bounding_box()}, {page.viewport_size}") from error
    box = what.bounding_box()
    assert box is not None
    return dict(box)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_picture_ranking_and_acts_are_in_sight_and_the_ranking_stands_still(
    units: Units, window: BrowserContext, size: tuple[int, int]
) -> None:
    page = units.enter(window)
    page.set_viewport_size({"width": size[0], "height": size[1]})
    units.run(units.unit(0).press())
    try:
        panel = page.locator(".right [data-panel-incident]")
        view = panel.locator(f"[data-live-view={units.ids[0]}]")
        expect(view).to_have_attribute("data-old", "false")
        talk = panel.locator(f"[data-talk={units.ids[0]}]")
        # As units are set when they come: an alarm is silent, which takes the most room.
        expect(talk.locator("[data-talk-act=arm]")).to_be_enabled()
        # The officer's unit has felt what it was told: the last of what comes by itself.
        expect(panel.locator("[data-told=stored][data-felt=true]")).to_have_count(1)
        # A machine that is slow for a moment has a strip across the page that says so.
        expect(page.locator("[data-live=live]")).to_be_visible()
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / f"alarm-opens-{size[0]}.png")

        picture = in_sight(page, view.locator("[data-live-screen]"))
        assert picture["width"] >= 250 and picture["height"] >= 190
        for what in (
            view.locator("[data-delay]"),
            view.locator("[role=meter]"),
            talk.locator("[data-talk-act=hold]"),
            talk.locator(".talk-now"),
            talk.locator("[data-talk-warning]"),
            panel.locator("[data-act=acknowledge]"),
        ):
            in_sight(page, what)
        offers = panel.locator("[data-act=offer]")
        for place in range(min(3, offers.count())):
            in_sight(page, offers.nth(place))
        assert len(stood := page.evaluate("stood")) == 1, stood
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

        # English words are longer.
        page.locator("button[lang=en]").click()
        expect(panel.locator("[data-act=acknowledge]")).to_contain_text("Acknowledge")
        page.screenshot(path=SHOTS / f"alarm-opens-en-{size[0]}.png")
        for what in (
            view.locator("[data-live-screen]"),
            view.locator("[data-live-act=listen]"),
            talk.locator("[data-talk-act=hold]"),
            talk.locator("[data-talk-act=arm]"),
            talk.locator("[data-talk-warning]"),
            panel.locator("[data-act=acknowledge]"),
            offers.first,
            offers.nth(1),
        ):
            in_sight(page, what)
    finally:
        units.close_all()


#: Where what is pressed stands within the panel, in every frame since it was there: {what: [places]}.
PRESSED = """
window.pressed = {};
const watch = () => {
  requestAnimationFrame(watch);
  const panel = document.querySelector('.right');
  for (const what of ['[data-act=acknowledge]', '[data-live-screen]', '[data-talk-act=hold]', 'tr[data-candidate]']) {
    const one = panel?.querySelector(what);
    if (!one) continue;
    const [at, within] = [one.getBoundingClientRect(), panel.getBoundingClientRect()];
    const now = [at.x - within.x, at.y - within.y + panel.scrollTop].map(Math.round).join(' ');
    const stood = window.pressed[what] ??= [];
    if (stood.at(-1) !== now) stood.push(now);
  }
};
requestAnimationFrame(watch);
"""


def stands_in_its_order(panel: Locator, unit_id: str) -> None:
    """Who and what may be done, picture and sound, speech, the ranking; and none of it has moved."""
    order = [
        panel.locator(".panel-head"),
        panel.locator("[data-act=acknowledge]"),
        panel.locator(f"[data-live-view={unit_id}] [data-live-screen]"),
        panel.locator("[data-live-act=listen]"),
        panel.locator("[data-talk-act=hold]"),
        panel.locator("tr[data-candidate]").first,
        panel.locator(".timeline"),
    ]
    tops = [one.evaluate("one => one.getBoundingClientRect().y") for one in order]
    assert tops == sorted(tops), tops
    moved = {what: stood for what, stood in panel.page.evaluate("pressed").items() if len(stood) > 1}
    assert not moved, moved


def opened(page: Page, unit_id: str) -> Locator:
    """The panel of the alarm, once all has come that comes by itself."""
    panel = page.locator(".right [data-panel-incident]")
    expect(panel.locator(f"[data-live-view={unit_id}]")).to_have_attribute("data-old", "false")
    expect(panel.locator("[data-talk-act=arm]")).to_be_enabled()
    expect(panel.locator("[data-told=stored][data-felt=true]")).to_have_count(1)
    return panel


def test_narrow_panel_has_acts_picture_speech_then_the_ranking(units: Units, window: BrowserContext) -> None:
    """As somebody has dragged it."""
    window.add_init_script(PRESSED)
    page = units.enter(window)
    page.evaluate("localStorage.setItem('tipstaff.right-px', '380')")
    page.reload()
    expect(page.locator("[data-live=live]")).to_be_visible()
    units.run(units.unit(1).press())
    try:
        panel = opened(page, units.ids[1])
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / "alarm-opens-narrow-1366.png")
        for what in ("[data-act=acknowledge]", "[data-live-screen]", "[data-talk-act=hold]"):
            in_sight(page, panel.locator(what))
        stands_in_its_order(panel, units.ids[1])
    finally:
        units.close_all()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_telephone_has_the_alarm_and_its_picture_in_sight(
    units: Units, browser: Browser, language: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    context.set_default_timeout(WITHIN_MS)
    context.add_init_script(PRESSED)
    context.add_init_script(f"localStorage.setItem('tipstaff.language', '{language}')")
    try:
        page = units.enter(context)
        units.run(units.unit(2).press())
        panel = opened(page, units.ids[2])
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / f"alarm-opens-{language}-390.png")
        stands_in_its_order(panel, units.ids[2])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        picture = in_sight(page, panel.locator("[data-live-screen]"))
        pages = page.locator(".pages").bounding_box()
        assert pages is not None and picture["y"] + picture["height"] <= pages["y"]
        page.locator(".banner-act").tap()
        expect(page.locator(".banner")).to_be_hidden()
        # The nearest court can be asked without looking for the ranking.
        first = panel.locator("[data-act=offer-next]")
        in_sight(page, first)
        first.tap()
        expect(panel.locator(".offer-open")).to_have_count(1)
        page.screenshot(path=SHOTS / f"alarm-offered-{language}-390.png")
        # A second alarm is a line above it; its own is not repeated.
        expect(page.locator(".queue-items")).to_be_hidden()
        units.run(units.unit(0).press())
        expect(page.locator(".queue-items .item")).to_have_count(2)
        page.locator(".queue-items .item").first.tap()
        expect(page.locator(f".right [data-live-view={units.ids[0]}]")).to_be_visible()
        page.screenshot(path=SHOTS / f"alarm-second-{language}-390.png")
    finally:
        units.close_all()
        context.close()
