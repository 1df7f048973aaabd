"""Settings of dispatch: the timers of an incident, which courts are asked, and what a position is worth.

The pure rules have the same names and defaults in `gateway.dispatch.policy`.
"""

from typing import Literal

from pydantic import Field

from gateway.setting_kinds import Section


class DispatchSettings(Section):
    """Timers of an incident and the choice of courts; `docs/dispatch.md` explains them."""

    auto_offer_s: int = Field(default=10, ge=0, description="The first offer goes out by itself after this.")
    offer_s: int = Field(default=30, ge=5, description="A court has so long to answer an offer.")
    page_s: int = Field(
        default=60, ge=10, description="While nobody answers, everybody is paged again after this."
    )
    accept_s: int = Field(default=180, ge=10, description="From accepting to being on the way.")
    en_route_min_s: int = Field(default=300, ge=10, description="Least time allowed on the way.")
    en_route_factor: float = Field(
        default=1.5, ge=1, description="Times the expected travel time, if that is more."
    )
    en_route_again_s: int = Field(
        default=600, ge=10, description="Then the supervisor is paged again after this."
    )
    welfare_s: int = Field(default=600, ge=10, description="On the scene: a welfare check after this.")
    nobody_s: int = Field(
        default=30,
        ge=5,
        description="Not acknowledged by a named person after this: the officer is told that nobody has "
        "answered, and the supervisor is paged.",
    )
    nobody_again_s: int = Field(
        default=60, ge=10, description="Then the supervisor is paged again after this."
    )
    candidates: int = Field(
        default=10, ge=1, le=50, description="Length of the ranking kept with an incident."
    )
    offers_when_unsure: int = Field(
        default=3, ge=1, le=10, description="Courts asked at once on a coarse or old fix."
    )
    unanswered_before_above: int = Field(
        default=2,
        ge=1,
        le=20,
        description="So many offers without any answer, then the court above is asked, then everybody is paged.",
    )
    jurisdiction: Literal["nearest", "own_first"] = Field(
        default="nearest",
        description="`nearest`: the nearest court is asked and the officer's own is told; `own_first`: the "
        "officer's own court is asked first.",
    )
    offer_levels: tuple[Literal["basic", "intermediate", "high"], ...] = Field(
        default=("basic", "intermediate", "high"),
        min_length=1,
        description="Levels of courts that are asked by themselves, of `basic`, `intermediate` and `high`; a "
        "court of another level is shown, and paged when nobody answers.",
    )
    stale_fix_s: int = Field(default=300, ge=10, description="A fix older than this is stale.")
    coarse_fix_m: int = Field(default=1000, ge=10, description="A fix less accurate than this is coarse.")
    unknown_accuracy_m: int = Field(default=100, ge=1, description="Accuracy assumed when the fix has none.")
    drift_m_s: float = Field(
        default=14.0,
        ge=0,
        description="How fast an officer may have gone on since the fix, in metres a second.",
    )
    near_m: int = Field(
        default=300, ge=0, description="Two open incidents closer than this are shown as near."
    )
    near_s: int = Field(default=1800, ge=0, description="... if they were opened within this.")
    move_m: int = Field(
        default=50, ge=0, description="A position that moved by less does not change what is shown as a hint."
    )
    move_s: int = Field(default=10, ge=1, description="Nor does one that came sooner after the last.")
    road_factor: float = Field(
        default=1.35, ge=1, le=5, description="Road length over geodesic, without a router."
    )
    speed_km_h: float = Field(default=40.0, gt=0, le=200, description="Expected speed, without a router.")
    receipt_repeat_s: int = Field(
        default=5, ge=1, le=60, description="A receipt not yet felt is repeated after this."
    )
