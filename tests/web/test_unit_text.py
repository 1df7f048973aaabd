"""A unit's text is what `views.unit` says, whatever of it has changed since it was made last."""

from dataclasses import fields, replace
from typing import Any

from gateway.api import views
from gateway.api.json_text import loads
from gateway.api.unit_text import UnitTexts
from gateway.model import Fix, Unit, UnitStatus

NOW_MS = 1_795_478_400_000
FIX = Fix(260_510_000, 1_193_010_000, 50, 120, 9_000, None, 11, 1, NOW_MS, 3, 1000, 1, NOW_MS)
FIRST = UnitStatus(Unit("U1", "B1", "陈志明"), seen_ms=NOW_MS, fix=FIX, counters={3: 1})
#: Another value for each thing that is known of a unit.
CHANGES: dict[str, Any] = {
    "unit": Unit("U1", "B2", "林静"), "online": True, "seen_ms": NOW_MS + 1000, "fix": replace(FIX, lat_e7=260_520_000),
    "boot": 2, "session": 2, "battery_pct": 12, "battery_mv": 3900, "charging": True, "storage_free_kib": 5,
    "storage_total_kib": 9, "signal_dbm": -90, "network": "lte", "recording": True, "firmware": "1.0.1",
    "case_no": "(2026)闽0102执1号", "uptime_s": 7, "clock_quality": 3, "last_error": "gnss", "counters": {3: 2},
    "wire_court": "B2", "incident_id": "I-20261124-0001", "clock_offset_ms": -40, "picture": "black",
    "watched_by": 2, "speaker": 1,
}  # fmt: skip


def test_every_change_of_a_unit_is_in_its_text() -> None:
    assert CHANGES.keys() == {one.name for one in fields(UnitStatus)}
    texts = UnitTexts()
    assert loads(texts.of(FIRST)) == views.unit(FIRST)
    status = FIRST
    for name, value in CHANGES.items():
        status = replace(status, **{name: value})
        assert loads(texts.of(status)) == views.unit(status), name
    assert loads(texts.of(FIRST)) == views.unit(FIRST)
    assert loads(texts.of(replace(FIRST, fix=None))) == views.unit(replace(FIRST, fix=None))


def test_units_that_are_gone_are_forgotten() -> None:
    texts, other = UnitTexts(), replace(FIRST, unit=Unit("U2", "B1"))
    texts.of(FIRST), texts.of(other)
    texts.keep({"U2": other})
    assert texts._known.keys() == {"U2"}
