"""The rules an incident is handled by: plain numbers, frozen, kept with the incident that began under them.

The names, defaults and meanings are those of the `[dispatch]` settings (`gateway/dispatch_settings.py`), every one.
"""

from dataclasses import dataclass, fields
from typing import Literal

from gateway.model import Level


@dataclass(frozen=True, slots=True)
class Policy:
    """Timers (`_s`, seconds), the choice of courts, and when a position is believed.

    `auto_offer_s`: the first offer goes out by itself after this (BS 8484: 10 s), unless a person chose earlier.
    `nobody_s`: not acknowledged by a named person for so long, the officer is told that nobody has answered.
    `unanswered_before_above`: so many offers without any answer, then the court above is asked, then all.
    `jurisdiction`: "nearest" offers to the nearest court and tells the officer's own; "own_first" asks that first.
    `offer_levels`: levels that are asked by themselves; a court of another level is listed and paged only.
    `drift_m_s`: how fast an officer may have gone on since the fix; it widens the circle of an ageing one.
    `road_factor`, `speed_km_h`: travel time = road_factor x geodesic / speed, an estimate and labelled so.
    """

    auto_offer_s: int = 10
    offer_s: int = 30
    page_s: int = 60
    accept_s: int = 180
    en_route_min_s: int = 300
    en_route_factor: float = 1.5
    en_route_again_s: int = 600
    welfare_s: int = 600
    nobody_s: int = 30
    nobody_again_s: int = 60

    candidates: int = 10
    offers_when_unsure: int = 3
    unanswered_before_above: int = 2
    jurisdiction: Literal["nearest", "own_first"] = "nearest"
    offer_levels: tuple[Level, ...] = (Level.BASIC, Level.INTERMEDIATE, Level.HIGH)

    stale_fix_s: int = 300
    coarse_fix_m: int = 1000
    unknown_accuracy_m: int = 100
    drift_m_s: float = 14.0
    near_m: int = 300
    near_s: int = 1800
    move_m: int = 50
    move_s: int = 10

    road_factor: float = 1.35
    speed_km_h: float = 40.0

    @classmethod
    def of(cls, settings: object) -> "Policy":
        """The policy that `settings`, the `[dispatch]` section, says."""
        values = {field.name: getattr(settings, field.name) for field in fields(cls)}
        values["offer_levels"] = tuple(Level(level) for level in values["offer_levels"])
        return cls(**values)
