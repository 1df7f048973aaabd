"""Names that come from outside are data, in every field and on every page: markup, right to left, 200 characters."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from console_officer import COURT
from console_people import make_site
from console_site import Site
from playwright.sync_api import Page, expect
from sqlalchemy import update

from gateway.settings import Settings
from gateway.store import Store, tables

Make = Callable[..., Any]

MARKUP = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>&lt;b&gt;'
RIGHT_TO_LEFT = "\u202egnp.exe\u202e أمين المحكمة \u2067قاض"
LONG = "长" * 200
KINDS = {"markup": MARKUP, "right_to_left": RIGHT_TO_LEFT, "long": LONG}
#: A unit whose officer has that kind of name.
UNIT_OF = {"markup": "HOSTILE1", "right_to_left": "HOSTILE2", "long": "HOSTILE3"}

#: Where a text stands that is not set apart from what is around it: there a right-to-left name would turn the page.
BARE = """texts => {
  const bare = [];
  const walker = document.createTreeWalker(document.getElementById("app"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!texts.some(text => node.data.includes(text.slice(0, 12)))) continue;
    if (!node.parentElement.closest("bdi, option, textarea")) bare.push(node.parentElement.outerHTML.slice(0, 160));
  }
  return bare;
}"""


@pytest.fixture(scope="module")
def site(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site where courts, people, officers and the site itself have such names."""
    made = make_site(tmp_path_factory.mktemp("hostile"), name=f"{MARKUP} {RIGHT_TO_LEFT}".replace('"', "'"))
    asyncio.run(_rename(made.settings))
    made.start()
    yield made
    made.stop()


async def _rename(settings: Settings) -> None:
    """Past every check of the gateway: whatever it lets through, the page must not believe it."""
    courts = {COURT: MARKUP, "350102": RIGHT_TO_LEFT, "350103": LONG, "350111": MARKUP}
    people = {"dispatcher": MARKUP, "second": RIGHT_TO_LEFT, "viewer": LONG, "duty": LONG}
    officers = {unit_id: KINDS[kind] for kind, unit_id in UNIT_OF.items()}
    async with Store(settings.store_url) as store:
        for table, key, column, names in (
            (tables.courts, "court_id", "name", courts),
            (tables.users, "login", "name", people),
            (tables.units, "unit_id", "officer", officers),
        ):
            for one, name in names.items():
                change = update(table).where(table.c[key] == one).values({column: name})
                await store.write(lambda connection, change=change: connection.execute(change))


def holds(page: Page, what: str) -> None:
    assert page.evaluate("window.owned") is None, what
    assert page.locator("#app :is(img, script, iframe)").count() == 0, what
    assert page.evaluate(BARE, list(KINDS.values())) == [], what
    for width, height in ((1920, 1080), (1366, 768), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{what}: {wide} wide at {width}"


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_this_kind_are_data_on_every_page(
    desk: Make, officer: Make, shoot: Make, site: Any, kind: str
) -> None:
    text = KINDS[kind]
    page = desk(1366, 768).enter("dispatcher")
    unit = officer(UNIT_OF[kind])
    unit.state(case_no=text[:30])
    unit.fix()
    unit.press()
    banner = page.locator(".banner")
    expect(banner).to_be_visible()
    incident = str(banner.get_attribute("data-incident"))
    expect(page.locator(".banner-act")).to_be_in_viewport()
    holds(page, "alarm")
    shoot(page, f"hostile-{kind}")
    path = f"/incidents/{incident}"
    with site.signed_in("second") as api:
        for verb, body in (
            ("acknowledge", {}),
            ("note", {"note": text}),
            ("hand_over", {"to": "dispatcher", "note": text}),
            ("offer", {"court_id": COURT}),
            ("accept", {"court_id": COURT, "by_name": text[:60]}),
            ("callback", {"answered": True, "note": text}),
        ):
            api.post(f"{path}/{verb}", json=body).raise_for_status()
        api.post("/shift/notes", json={"text": text}).raise_for_status()
    expect(page.locator("[data-event=note]")).to_be_visible()
    page.set_viewport_size({"width": 1366, "height": 768})
    holds(page, "incident at the desk")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator(".person").click()
    page.locator("[data-menu=notes]").click()
    expect(page.locator(".note-text").first).to_have_text(text)
    holds(page, "notes")
    for place in ("incidents", f"incidents/{incident}", "units", f"units/{UNIT_OF[kind]}", "wall"):
        page.set_viewport_size({"width": 1366, "height": 768})
        page.goto(f"{site.url}/{place}")
        expect(page.locator("[data-live=live]")).to_be_visible()
        page.wait_for_load_state("networkidle")
        expect(page.get_by_text(text[:12]).first).to_be_attached()
        holds(page, place)
        if place in ("wall", f"incidents/{incident}"):
            shoot(page, f"hostile-{kind}-{place.split('/')[0]}")
    with site.signed_in("second") as api:
        api.post(f"{path}/close", json={"reason": text}).raise_for_status()
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(f"{site.url}/incidents/{incident}")
    expect(page.locator("[data-state=CLOSED]").first).to_be_visible()
    holds(page, "closed")
