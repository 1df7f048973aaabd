"""What is wrong with a unit, by name. Pure."""

from __future__ import annotations

from typing import Literal

from gateway.model import UnitStatus
from gateway.provision.authority import RENEW_DAYS
from protocol.messages import COUNTER_NAMES

State = Literal["online", "offline", "never"]
FaultName = Literal[
    "any",
    "battery",
    "signal",
    "storage",
    "clock",
    "picture",
    "drops",
    "error",
    "certificate",
    "revoked",
    "unregistered",
]

#: What the console shows amber (console/src/model.ts).
LOW_BATTERY_PCT = 15
WEAK_SIGNAL_DBM = -115
LITTLE_STORAGE_PCT = 20
#: A State can be some seconds on its way over a thin link: less than this says nothing about the clock.
CLOCK_OFF_MS = 5_000
DAY_MS = 86_400_000
#: The counters of what a unit lost for good.
DROP_COUNTERS = frozenset(
    number
    for number, name in enumerate(COUNTER_NAMES)
    if name in ("fixes_dropped", "events_dropped", "journal_refused")
)


def dropped(status: UnitStatus) -> int:
    """How many positions, events and journal records the unit lost since it was started."""
    return sum(count for number, count in status.counters.items() if number in DROP_COUNTERS)


def faults(status: UnitStatus, now_ms: int) -> frozenset[FaultName]:
    """What is wrong with a unit, by name. Battery and signal count while it is online only."""
    unit, offset_ms = status.unit, status.clock_offset_ms
    free, total, ends_ms = status.storage_free_kib, status.storage_total_kib, unit.certificate_ends_ms
    battery, signal = status.battery_pct, status.signal_dbm
    found: dict[FaultName, bool] = {
        "battery": status.online
        and not status.charging
        and battery is not None
        and battery <= LOW_BATTERY_PCT,
        "signal": status.online and signal is not None and signal < WEAK_SIGNAL_DBM,
        "storage": free is not None and total is not None and free * 100 < total * LITTLE_STORAGE_PCT,
        "clock": status.firmware is not None and (offset_ms is None or abs(offset_ms) > CLOCK_OFF_MS),
        "picture": status.picture not in (None, "ok"),
        "drops": dropped(status) > 0,
        "error": status.last_error is not None,
        "certificate": not unit.revoked and ends_ms is not None and ends_ms - now_ms < RENEW_DAYS * DAY_MS,
        "revoked": unit.revoked,
        "unregistered": not unit.known,
    }
    return frozenset(name for name, is_so in found.items() if is_so)


def state_of(status: UnitStatus) -> State:
    """Whether it is connected, was, or never was."""
    if status.online:
        return "online"
    return "never" if status.seen_ms is None else "offline"
