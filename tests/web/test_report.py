"""The report of an incident: complete, in both languages, harmless, and true about its log."""

import hashlib
import re
from base64 import b64encode
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from sqlalchemy import update

from gateway.api.report.words_en import EN
from gateway.api.report.words_zh import ZH
from gateway.model import Fix, Role
from gateway.store import audit, fixes
from gateway.store.tables import incident_events

HOSTILE = "</bdi><script>alert(1)</script>\u202e\u2067\"'{{7*7}}&" + "漢" * 200
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._skipped = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._skipped = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._skipped = False

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.text += data


async def story(
    site: Any, name: str = "林调度", case_no: str | None = "（2026）闽0102执17号"
) -> tuple[Any, str]:
    """An incident from the alarm to its end, with a track, a file and a hand-over: (a dispatcher, its address)."""
    now_ms = site.clock.now_ms()
    track = []
    for number in range(60):
        at_ms = now_ms - 600_000 + number * 10_000
        lat_e7, lon_e7 = 260_510_000 - (60 - number) * 2_500, 1_193_010_000 - (60 - number) ** 2 * 60
        track.append(("U1", Fix(lat_e7, lon_e7, 50, 120, 9_000, None, 11, 1, at_ms, 3, number, 1, at_ms)))
    await site.parts.store.write(lambda connection: fixes.add(connection, track))
    incident_id = await site.alarm("U1", case_no)
    lin, chen = (
        await site.person(Role.DISPATCHER, "MID1", name),
        await site.person(Role.DISPATCHER, "MID1", "陈"),
    )
    url = f"/api/v1/incidents/{incident_id}"
    for wait_s, client, action, body in (
        (4, lin, "acknowledge", {}),
        (3, lin, "offer", {"court_id": "B1"}),
        (9, lin, "decline", {"court_id": "B1", "by_name": "王值班", "reason": "警力外出"}),
        (12, lin, "accept", {"court_id": "B2", "by_name": name[:64], "eta_s": 420}),
        (20, lin, "note", {"note": "听到争吵\n对方两人"}),
        (30, lin, "hand_over", {"to": "陈", "note": "交班"}),
        (5, chen, "take_over", {}),
        (60, chen, "en_route", {"court_id": "B2", "eta_s": 300}),
        (240, chen, "arrived", {"court_id": "B2"}),
    ):
        site.clock.advance(wait_s * 1000 + 137)
        answer = await client.post(f"{url}/{action}", json=body)
        assert answer.status_code == 200, answer.text
    answer = await chen.post(
        f"{url}/attachments", params={"name": name[:200]}, content=PNG, headers={"Content-Type": "image/png"}
    )
    assert answer.status_code == 200, answer.text
    site.clock.advance(300_000)
    answer = await chen.post(f"{url}/close", json={"reason": "已到场处置，人员安全"})
    assert answer.status_code == 200, answer.text
    return chen, url


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_report_has_everything_and_asks_for_nothing(site: Any, lang: str) -> None:
    client, url = await story(site)
    answer = await client.get(f"{url}/report", params={"lang": lang})
    assert answer.status_code == 200 and answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    incident = (await client.get(url)).json()
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "link", "iframe", "object", "a", "form", "base"}
    assert not any(
        name.startswith("on") or name in ("src", "href", "style") for _, attrs in page.tags for name in attrs
    )
    for part in (
        incident["incident_id"], "陈一", "U1", "甲区法院", "乙区法院", "（2026）闽0102执17号", "26.051000, 119.301000",
        "林调度", "王值班", "警力外出", "听到争吵", "已到场处置，人员安全", incident["attachments"][0]["sha256"],
    ):  # fmt: skip
        assert part in page.text, part
    words = ZH if lang == "zh" else EN
    for entry in incident["timeline"]:
        assert words["event"][entry["event"]] in page.text, entry["event"]
    async with site.parts.store.read() as connection:
        entries = [one for one in await audit.entries(connection) if one.action == "incident.report"]
        rows = list(await connection.execute(incident_events.select().order_by(incident_events.c.seq)))
    assert rows[-1].hash.hex() in page.text and words["holds"] in page.text
    assert [(one.login, one.facts) for one in entries] == [("陈", {"lang": lang})]
    assert 'class="track"' in answer.text and words["title"] in page.text


async def test_style_is_allowed_by_its_hash_and_nothing_else_is(site: Any) -> None:
    client, url = await story(site)
    answer = await client.get(f"{url}/report")
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';") and "unsafe" not in policy
    assert f"style-src &#39;sha256-{digest}&#39;" in answer.text, "a page on a disk keeps the policy"
    assert "url(" not in style[1] and "@import" not in style[1]


async def test_hostile_names_are_text(site: Any) -> None:
    wild = HOSTILE[:200]
    client, url = await story(site, name=wild, case_no=wild[:64])
    for lang in ("zh", "en"):
        html = (await client.get(f"{url}/report", params={"lang": lang})).text
        page = Page(html)
        assert (
            "script" not in {tag for tag, _ in page.tags} and "49" not in page.text.split(wild[:20])[1][:20]
        )
        assert page.text.count("<script>alert(1)</script>") >= 3
        opened = [tag for tag, _ in page.tags].count("bdi")
        assert html.count("</bdi>") == opened
        assert not re.search("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", html), "it turns others round"


async def test_log_that_was_changed_is_said_so(site: Any) -> None:
    client, url = await story(site)

    async def forge(connection: Any) -> None:
        await connection.execute(
            update(incident_events).where(incident_events.c.seq == 3).values(by="somebody")
        )

    await site.parts.store.write(forge)
    html = (await client.get(f"{url}/report", params={"lang": "en"})).text
    assert "BROKEN from row 3 on" in html and EN["holds"] not in Page(html).text.split(EN["verified"])[1][:40]


async def test_open_incident_without_a_position_or_a_case(site: Any) -> None:
    record_fix = site.fix
    site.fix = lambda: replace(record_fix(), fault="no_fix")
    incident_id = await site.alarm()
    client = await site.person(Role.VIEWER, None)
    page = Page((await client.get(f"/api/v1/incidents/{incident_id}/report?lang=en")).text)
    assert EN["open_still"] in page.text and EN["no_map"] in page.text and EN["no_files"] in page.text
    stranger = await site.person(Role.COURT, "B3")
    assert (await stranger.get(f"/api/v1/incidents/{incident_id}/report")).status_code == 404


def test_both_languages_have_the_same_words() -> None:
    assert ZH.keys() == EN.keys()
    for key, said in ZH.items():
        if isinstance(said, dict):
            assert said.keys() == EN[key].keys(), key
        else:
            assert said and EN[key] and said.count("{}") == EN[key].count("{}"), key
