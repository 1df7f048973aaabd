"""Which keys a scenario file may have, and what each may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.errors import ScenarioError
from simulator.gnss import MODES
from simulator.scenario import PATTERNS
from simulator.synthetic import MOTIONS


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its type, whether it must be there, and its range or its words."""

    kind: type
    required: bool = False
    low: float | None = None
    high: float | None = None
    words: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.words:
            return ", ".join(self.words)
        names = {float: "a number", int: "a whole number", str: "a text of 1 to 4000", bool: "true or false"}
        limits = (
            f" from {self.low:g} to {self.high:g}" if self.low is not None and self.high is not None else ""
        )
        return names[self.kind] + limits

    def check(self, file: str, key: str, value: object) -> object:
        """The value, with integers made floats where a number is wanted. Raises ScenarioError."""
        if self.kind is float and type(value) is int:
            value = float(value)
        if type(value) is not self.kind:
            raise ScenarioError(file, key, f"{value!r} is of the wrong kind", self.allowed)
        if isinstance(value, str) and not 1 <= len(value) <= 4000:
            raise ScenarioError(file, key, "too short or too long", self.allowed)
        if self.words and value not in self.words:
            raise ScenarioError(file, key, f"{value!r} is unknown", self.allowed)
        in_range = isinstance(value, int | float) and self.low is not None and self.high is not None
        if in_range and not self.low <= value <= self.high:  # type: ignore[operator]
            raise ScenarioError(file, key, f"{value!r} is out of range", self.allowed)
        return value


SECONDS = Key(float, low=0, high=3600)
NAME = Key(str)
SCENARIO: Mapping[str, Key] = {
    "title": Key(str, required=True),
    "about": Key(str),
    "timeout_s": Key(float, low=1, high=3600),
}
TABLES = ("unit", "step", "expect")
UNIT: Mapping[str, Key] = {
    "name": Key(str, required=True),
    "unit_id": NAME,
    "track": NAME,
    "motion": Key(str, words=MOTIONS),
    "lat": Key(float, low=-90, high=90),
    "lon": Key(float, low=-180, high=180),
    "speed": Key(float, low=0, high=1000),
    "seed": Key(int, low=0, high=2**31),
    "battery_pct": Key(float, low=0, high=100),
    "gnss": Key(str, words=MODES),
    "silent": Key(bool),
}
ACTIONS = ("acknowledge", "offer", "accept", "decline", "en_route", "arrived", "callback", "close")
COMMON_STEP: Mapping[str, Key] = {"id": NAME, "at_s": Key(float, True, 0, 3600), "unit": NAME, "do": NAME}
STEPS: Mapping[str, Mapping[str, Key]] = {
    "press": {"hold_ms": Key(int, low=0, high=60_000)},
    "short_presses": {"times": Key(int, True, 1, 20)},
    "cut": {"mode": Key(str, words=("silent", "reset"))},
    "restore": {"forget": Key(bool)},
    "shape": {
        "bandwidth_bytes_s": Key(float, low=100, high=1e9),
        "delay_ms": Key(float, low=0, high=10_000),
        "loss_pct": Key(float, low=0, high=90),
    },
    "battery": {"pct": Key(float, True, 0, 100), "charging": Key(bool)},
    "signal": {"dbm": Key(int, True, -140, 0)},
    "kill": {},
    "power_cut": {},
    "start": {},
    "restart": {},
    "gnss": {"mode": Key(str, True, words=MODES)},
    "move": {"speed": Key(float, True, 0, 1000)},
    "gateway": {"action": Key(str, True, words=ACTIONS), "reason": NAME, "note": NAME, "eta_s": SECONDS},
    "say": {"for_s": Key(float, True, 0.02, 60), "aloud": Key(bool)},
    "kill_broker": {},
    "restart_gateway": {},
}
COMMON_EXPECT: Mapping[str, Key] = {"check": NAME, "unit": NAME, "after": NAME}
WITHIN: Mapping[str, Key] = {"within_s": Key(float, True, 0.001, 3600)}
STATES = ("NEW", "OFFERED", "UNCOVERED", "ACCEPTED", "EN_ROUTE", "ON_SCENE", "CLOSED", "MERGED")
EXPECTATIONS: Mapping[str, Mapping[str, Key]] = {
    "felt": {**WITHIN, "pattern": Key(str, True, words=PATTERNS)},
    "not_felt": {"pattern": Key(str, True, words=PATTERNS), "until": NAME, "for_s": SECONDS},
    "spoken_to": {**WITHIN, "at_least_ms": Key(int, True, 20, 60_000)},
    "not_spoken_to": {"until": NAME, "for_s": SECONDS},
    "incidents": {**WITHIN, "count": Key(int, True, 0, 1000)},
    "incident": {
        **WITHIN,
        "state": Key(str, words=STATES),
        "alarms": Key(int, low=1, high=1000),
        "duress": Key(bool),
        "test": Key(bool),
    },
    "court": {**WITHIN, "court_id": Key(str, True)},
    "fixes": {**WITHIN, "at_least": Key(int, True, 1, 100_000), "until": NAME},
    "unit": {**WITHIN, "online": Key(bool), "battery_at_most": Key(float, low=0, high=100)},
}
