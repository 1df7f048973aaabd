"""What can go wrong in the simulator.

SimulatorError
|-- NotFound            the interpreter, the firmware, a track or a scenario is not where it should be
|-- TrackError          a track file that cannot be used
|-- ScenarioError       a scenario that cannot be used: file, key and what is allowed
|-- BoardWireError      a line from the unit that is not of the board's wire
|-- UnitError           something the unit did, or did not do; carries its last log lines
|   |-- UnitExited      the firmware ended by itself
|   `-- UnitTimeout     what was waited for did not come
`-- GatewayRefused      the gateway's HTTP interface said no
"""

from __future__ import annotations

from collections.abc import Sequence


class SimulatorError(Exception):
    """Base of all errors of the simulator."""


class NotFound(SimulatorError):
    """A part that the simulator needs is missing; the text says where it was looked for."""


class TrackError(SimulatorError):
    """A track file is unreadable, hostile, too large or empty."""


class ScenarioError(SimulatorError):
    """A scenario is wrong. `file`, `key` and `allowed` say where and what to write instead."""

    def __init__(self, file: str, key: str, problem: str, allowed: str = "") -> None:
        self.file, self.key, self.problem, self.allowed = file, key, problem, allowed
        text = f"{file}: {key}: {problem}"
        super().__init__(f"{text} (allowed: {allowed})" if allowed else text)


class BoardWireError(SimulatorError):
    """A control line that is not a JSON object with a text `t`, or lacks a field."""


class UnitError(SimulatorError):
    """Base of what a unit did wrong. `log` holds its last lines of output."""

    def __init__(self, unit_id: str, problem: str, log: Sequence[str] = ()) -> None:
        self.unit_id, self.problem, self.log = unit_id, problem, tuple(log)
        tail = "".join(f"\n    | {line}" for line in self.log)
        super().__init__(f"unit {unit_id}: {problem}" + (f"\n  last lines of its log:{tail}" if tail else ""))


class UnitExited(UnitError):
    """The firmware's process ended although nobody stopped it."""


class UnitTimeout(UnitError):
    """A pattern, connection or greeting did not come in time."""


class GatewayRefused(SimulatorError):
    """An HTTP answer of the gateway that is not a success. `status` is the HTTP status code."""

    def __init__(self, status: int, detail: str) -> None:
        self.status, self.detail = status, detail
        super().__init__(f"the gateway answered {status}: {detail}")
