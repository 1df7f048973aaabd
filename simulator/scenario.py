"""What a scenario is: units, a timeline of steps, and what is expected of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from simulator.felt import Felt
from simulator.gnss import Mode

PATTERNS = (
    "pressed", "received", "acknowledged", "on_the_way", "nobody_yet", "arrived", "closed", "refused", "test",
    "watched",
)  # fmt: skip
UNTIL = ("not_felt", "not_spoken_to")
NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ScenarioUnit:
    """A unit of a scenario. `unit_id` None: the caller gives it one. A track file or a synthetic motion.
    `gnss`: how the receiver behaves from the start. `silent`: its setting; None: as it
    was provisioned."""

    name: str
    unit_id: str | None = None
    track: str | None = None
    motion: str = "standing"
    lat: float = 26.08
    lon: float = 119.30
    speed: float = 1.0
    seed: int = 1
    battery_pct: float = 90.0
    gnss: Mode = "good"
    silent: bool | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """Something done to a unit or to the gateway, `at_s` seconds after all units were connected."""

    step_id: str
    at_s: float
    unit: str
    do: str
    args: Mapping[str, object] = field(default_factory=lambda: NOTHING)

    @property
    def text(self) -> str:
        """The step in one line."""
        args = " ".join(f"{key}={value}" for key, value in self.args.items())
        return f"{self.unit}: {self.do} {args}".rstrip()


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come true within `within_s` of the beginning of the step `after` ("" is the start)."""

    check: str
    unit: str
    after: str
    within_s: float
    args: Mapping[str, object] = field(default_factory=lambda: NOTHING)

    @property
    def text(self) -> str:
        """The expectation in one line."""
        args = " ".join(f"{key}={value}" for key, value in self.args.items())
        since = f" after {self.after}" if self.after else ""
        limit = "" if self.check in UNTIL else f" within {self.within_s:g} s"
        return f"{self.unit}: {self.check} {args}{limit}{since}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole scenario, as read from a file."""

    name: str
    title: str
    about: str
    timeout_s: float
    units: tuple[ScenarioUnit, ...]
    steps: tuple[Step, ...]
    expectations: tuple[Expectation, ...]

    @property
    def needs_own_gateway(self) -> bool:
        """Whether it kills the broker or restarts the gateway, which only a gateway of its own allows."""
        return any(step.do in ("kill_broker", "restart_gateway") for step in self.steps)


@dataclass(slots=True)
class StepResult:
    """How a step went; `at_s` is None until it began."""

    step: Step
    at_s: float | None = None
    done: bool = False
    error: str = ""


@dataclass(slots=True)
class Outcome:
    """How an expectation went; `passed` is None while it is open."""

    expectation: Expectation
    passed: bool | None = None
    detail: str = ""
    took_s: float | None = None


@dataclass(slots=True)
class Report:
    """A run: times are seconds since all units were connected."""

    scenario: Scenario
    steps: list[StepResult]
    outcomes: list[Outcome]
    duration_s: float = 0.0
    finished: bool = False
    felt: dict[str, list[Felt]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether it ended, no step failed and every expectation passed."""
        return (
            self.finished
            and all(step.done and not step.error for step in self.steps)
            and all(outcome.passed is True for outcome in self.outcomes)
        )

    def to_json(self) -> dict[str, object]:
        """One object for programs: scenario, ok, duration_s, steps, expectations."""
        return {
            "scenario": self.scenario.name,
            "ok": self.ok,
            "duration_s": round(self.duration_s, 3),
            "steps": [
                {"at_s": _rounded(result.at_s), "step": result.step.text, "error": result.error or None}
                for result in self.steps
            ],
            "expectations": [
                {
                    "expectation": outcome.expectation.text,
                    "passed": outcome.passed is True,
                    "detail": outcome.detail,
                    "took_s": _rounded(outcome.took_s),
                }
                for outcome in self.outcomes
            ],
        }


def _rounded(value_s: float | None) -> float | None:
    return None if value_s is None else round(value_s, 3)
