"""Which units of a list somebody wants to see. Pure: the same filter serves the list and its CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query

from gateway.api.ask import Here
from gateway.api.requests import CourtId, Line
from gateway.api.scope import courts_below
from gateway.api.unit_faults import FaultName, State, faults, state_of
from gateway.model import Court, UnitStatus


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """What is asked of a unit; None asks nothing. `court_ids`: the courts that it may belong to."""

    text: str = ""
    court_ids: frozenset[str] | None = None
    state: State | None = None
    battery_max: int | None = None
    firmware: str | None = None
    fault: FaultName | None = None

    def fits(self, status: UnitStatus, courts: Mapping[str, Court], now_ms: int) -> bool:
        """Whether the unit is one of those asked for."""
        return (
            (self.court_ids is None or status.unit.court_id in self.court_ids)
            and (self.state is None or self.state == state_of(status))
            and (self.battery_max is None or _at_most(status.battery_pct, self.battery_max))
            and (self.firmware is None or (status.firmware or "").startswith(self.firmware))
            and (self.fault is None or self._faulty(faults(status, now_ms)))
            and (not self.text or any(self.text in word.casefold() for word in _words(status, courts)))
        )

    def _faulty(self, found: frozenset[FaultName]) -> bool:
        return bool(found) if self.fault == "any" else self.fault in found


def asked_filter(
    here: Here,
    q: Annotated[
        Line, Query(max_length=100, description="Part of the number, officer, case, or court's name or id.")
    ] = "",
    court: Annotated[CourtId | None, Query(description="This court and those below it.")] = None,
    court_id: Annotated[CourtId | None, Query(description="This court alone.")] = None,
    state: State | None = None,
    battery_max: Annotated[int | None, Query(ge=0, le=100, description="Percent.")] = None,
    firmware: Annotated[Line | None, Query(max_length=32, description="How its version begins.")] = None,
    fault: FaultName | None = None,
) -> UnitFilter:
    """The filter of a request."""
    court_ids = None if court is None else courts_below(court, here.gateway.centre.courts().values())
    if court_id is not None:
        court_ids = frozenset({court_id}) if court_ids is None else court_ids & {court_id}
    return UnitFilter(q.strip().casefold(), court_ids, state, battery_max, firmware, fault)


Asked = Annotated[UnitFilter, Depends(asked_filter)]


def _at_most(value: int | None, limit: int) -> bool:
    return value is not None and value <= limit


def _words(status: UnitStatus, courts: Mapping[str, Court]) -> tuple[str, ...]:
    unit = status.unit
    court = courts.get(unit.court_id)
    return unit.unit_id, unit.officer, status.case_no or "", unit.court_id, court.name if court else ""
