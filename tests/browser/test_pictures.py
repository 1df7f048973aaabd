"""A covered lens is seen at the desk, in words and amber, and does no more than that."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import simplejpeg
from console_officer import Officer
from console_site import WITHIN_S
from playwright.sync_api import Page, expect

from protocol import matroska
from protocol.media import LIVE, STARTS, Chunk

Make = Any
NOISE = np.random.default_rng(6)


def film(officer: Officer, at: int) -> int:
    """Sends one live picture of a lens that is covered, at this offset of its file; where the next one goes."""
    image = np.clip(NOISE.normal(90, 2, (240, 320, 3)), 0, 255).astype(np.uint8)
    content = bytes(simplejpeg.encode_jpeg(image, quality=60))
    buffer = bytearray(64)
    end = matroska.put_cluster(buffer, 0, at)
    end = matroska.put_block(buffer, end, matroska.PICTURE, 0, len(content))
    data = bytes(buffer[:end]) + content
    for n in range(0, len(data), 16_384):
        chunk = Chunk(at + n, LIVE | (0 if n else STARTS), data[n : n + 16_384], None if n else 0)
        topic = f"tip/1/{officer.court_id}/{officer.unit_id}/media/a1b2c3d4e5f60718-0"
        officer.client.publish(topic, chunk.encode(), 0).wait_for_publish(WITHIN_S)
    return at + len(data)


def film_until(page: Page, officer: Officer, words: re.Pattern[str]) -> int:
    """As a unit does: picture after picture, until the desk shows these words; where the next picture goes."""
    row, at, end_s = page.locator(f"[data-unit={officer.unit_id}]"), 1000, time.monotonic() + WITHIN_S
    while not row.get_by_text(words).count():
        assert time.monotonic() < end_s, row.inner_text()
        at = film(officer, at)
        page.wait_for_timeout(250)
    return at


def test_covered_lens_is_said_at_the_desk_and_on_the_page_of_the_device(
    desk: Make, officer: Make, shoot: Make
) -> None:
    page = desk().enter("dispatcher")
    worn = officer("UNIT1")
    worn.fix()
    at = film_until(page, worn, re.compile("镜头被遮挡"))
    row = page.locator("[data-unit=UNIT1]")
    expect(row.locator(".shape-degraded")).to_be_visible()
    expect(page.locator("[data-count=alarms]")).to_contain_text("0")
    row.click()
    expect(page.locator("[data-panel-unit=UNIT1] .fact.amber")).to_contain_text("画面")
    expect(page.locator("[data-panel-unit=UNIT1] .fact.amber")).to_contain_text("◆ 镜头被遮挡")
    shoot(page, "picture-desk")
    at = film(worn, at)  # half a minute without a picture, and nothing would be said of it any more
    page.goto(f"{page.url.split('?')[0].rstrip('/')}/units?fault=picture")
    expect(page.locator("tr[data-unit]")).to_have_count(1)
    expect(page.locator("tr[data-unit=UNIT1]")).to_contain_text("◆ 镜头被遮挡")
    shoot(page, "picture-devices")
    at = film(worn, at)
    page.goto(page.url.split("?")[0] + "/UNIT1")
    expect(page.locator(".fact.amber")).to_contain_text("◆ 镜头被遮挡")
    shoot(page, "picture-device")
    film(worn, at)
    page.get_by_role("button", name="EN").click()
    expect(page.locator(".fact.amber")).to_contain_text("lens covered")
