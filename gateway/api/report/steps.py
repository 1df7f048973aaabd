"""Rows of an incident's log in words: what happened, and what it was decided on (docs/api.md has the shapes)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.api.report.words import ReportWords
from gateway.model import Court, TimelineEntry

Facts = Mapping[str, Any]
Said = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is printed. `device_ms`: the unit's own time of it; `facts`: (name, text)."""

    seq: int
    event: str
    at_ms: int
    device_ms: int | None
    what: str
    who: str | None
    facts: Said
    hash: str


def folded(entries: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """Of a run of positions only the last, as on the console."""
    following = [*entries[1:], None]
    return [
        entry
        for entry, after in zip(entries, following, strict=True)
        if entry.event != "position_changed" or after is None or after.event != "position_changed"
    ]


def row(entry: TimelineEntry, hashed: str, courts: Mapping[str, Court], w: ReportWords) -> Row:
    """A row in words."""
    facts = entry.facts
    what = w.of("event", entry.event)
    if "timer" in facts:
        what = f"{what}：{w.of('timer', facts['timer'])}" if w.language == "zh" else (
            f"{what}: {w.of('timer', facts['timer'])}"
        )  # fmt: skip
    device_ms = facts.get("pressed_ms")
    if device_ms is None and isinstance(facts.get("fix"), Mapping):
        device_ms = facts["fix"].get("taken_ms")  # type: ignore[attr-defined]
    return Row(
        entry.seq,
        entry.event,
        entry.at_ms,
        device_ms if isinstance(device_ms, int) else None,
        what,
        entry.by,
        _said(entry, courts, w),
        hashed,
    )


def _said(entry: TimelineEntry, courts: Mapping[str, Court], w: ReportWords) -> Said:
    facts: Facts = entry.facts
    said: Said = []

    def say(name: str, text: object) -> None:
        if text not in (None, ""):
            said.append((w[name], str(text)))

    if facts.get("unreadable"):
        say("kind", w["unreadable"])
    elif entry.event in ("alarm_raised", "press_again"):
        say("kind", w.of("kind", facts.get("kind")))
    if isinstance(state := facts.get("state"), Mapping):
        to = w.of("state", state["to"])
        say("f_state", w["from_to"].format(w.of("state", state["from"]), to) if state["from"] else to)
    if isinstance(genuine := facts.get("genuine"), bool):
        say("f_note", w["code_right" if genuine else "code_wrong"])
    if isinstance(fix := facts.get("fix"), Mapping):
        say("f_position", _position(fix, w))
    if isinstance(worth := facts.get("confidence"), Mapping):
        say("f_worth", _worth(worth, w))
    if isinstance(nearest := facts.get("nearest"), Mapping):
        say("f_nearest", _court(nearest, w))
    for offer in _each(facts.get("offered")):
        say("f_offered", w.list(_court(offer, w), offer.get("by") or w["by_rules"]))
    _ownership(entry, courts, say, w)
    say("by_phone", facts.get("by_name"))
    if isinstance(answered := facts.get("answered"), bool):
        say("f_note", w["answered" if answered else "not_answered"])
    say("f_reason", facts.get("reason"))
    if entry.event == "hand_over":
        say("f_to", facts.get("to_name"))
    if isinstance(hands := facts.get("handler"), Mapping):
        say("f_handler", w["from_to"].format(hands["from"], hands["to"]))
    if entry.event == "attach":
        say("f_file", facts.get("name"))
    if entry.event == "talk":
        say("f_talk", _talk(facts, w))
    say("f_note", facts.get("note"))
    say("f_case", facts.get("case_no"))
    say("f_expired", _names(facts.get("expired")))
    if isinstance(paged := facts.get("paged"), Mapping):
        everyone = w["everyone"] if paged["everyone_on_duty"] else None
        say("f_paged", w.list(w["nth_time"].format(paged["times"]), everyone, _names(paged["courts"])))
    if isinstance(why := facts.get("supervisor"), list):
        say("f_supervisor", ", ".join(w.of("supervisor", one) for one in why))
    for key in ("informed", "withdrawn"):
        told = [f"{one['name']} ({w.of('because', one['why'])})" for one in _each(facts.get(key))]
        say(f"f_{key}", ", ".join(told))
    say("f_into", facts.get("into"))
    if entry.event == "absorb":
        say("f_from", facts.get("incident_id"))
    if isinstance(near := facts.get("proposed"), list):
        say("f_near", ", ".join(map(str, near)))
    told = [w.of("status", one["status"]) for one in _each(facts.get("told"))]
    say("f_told", ", ".join(dict.fromkeys(told)))
    return said


def _talk(facts: Facts, w: ReportWords) -> str:
    """How long somebody spoke, what was dropped, and the hash of what was said."""
    dropped, sha256 = facts.get("dropped_packets"), facts.get("sha256")
    return w.list(
        w["spoken"].format(round(facts.get("lasted_ms", 0) / 1000)),
        w["spoken_dropped"].format(dropped) if dropped else None,
        w["spoken_aloud"] if facts.get("aloud") else None,
        f"SHA-256 {sha256[:16]}…" if isinstance(sha256, str) else w["spoken_unkept"],
    )


def _ownership(entry: TimelineEntry, courts: Mapping[str, Court], say: Any, w: ReportWords) -> None:
    """Which court goes, or answered."""
    facts: Facts = entry.facts
    if isinstance(owner := facts.get("owner"), Mapping):
        say("f_owner", w.list(owner["name"], owner["by"], _eta(owner["eta_s"], w)))
    elif "owner" in facts and entry.event not in ("close", "merge"):
        say("f_owner", w["nobody"])
    elif "offered" not in facts and isinstance(court_id := facts.get("court_id"), str):
        court = courts.get(court_id)
        say("f_court", w.list(court.name if court is not None else court_id, _eta(facts.get("eta_s"), w)))


def _position(fix: Facts, w: ReportWords) -> str:
    if fix.get("fault") in ("no_fix", "null_island"):
        return w["no_fix"]
    accuracy = fix.get("accuracy_dm")
    within = None if accuracy is None else f"{w['accuracy']} ±{w.metres(accuracy / 10)}"
    return w.list(f"{fix['lat_e7'] / 1e7:.6f}, {fix['lon_e7'] / 1e7:.6f}", within)


def _worth(worth: Facts, w: ReportWords) -> str:
    circle = worth.get("circle_m")
    return w.list(
        w.of("worth", worth["worth"]),
        w.why(worth["why"]) if worth.get("why") else None,
        None if circle is None else w["within"].format(w.metres(circle)),
        w["by_newest"] if worth.get("ranking") == "hint" else None,
    )


def _court(one: Facts, w: ReportWords) -> str:
    duty = one.get("on_duty")
    return w.list(
        str(one["name"]),
        None if one.get("distance_m") is None else w.metres(one["distance_m"]),
        _eta(one.get("eta_s"), w),
        None if duty is None else w["on_duty" if duty else "off_duty"],
    )


def _eta(eta_s: object, w: ReportWords) -> str | None:
    return w["approx"].format(max(1, round(eta_s / 60))) if isinstance(eta_s, int) else None


def _names(found: object) -> str:
    return ", ".join(str(one["name"]) for one in _each(found))


def _each(found: object) -> list[Facts]:
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
